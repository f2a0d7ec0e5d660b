/** Real processes that write one log at once, and all find it full. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./log-writer.ts', import.meta.url));
const WRITERS = 3;
const ROUNDS = 400;
/** What each log holds before, to a byte below the limit: the first line of any writer fills it, and nothing fills the next one. */
const BEFORE = Array.from({ length: 40 }, (_, index) => `{"verb":"before-${index}","filling":"${'x'.repeat(20)}"}\n`);
const LINES = BEFORE.length + WRITERS * 4;
/** Milliseconds that the writers have to start. */
const HEAD_START = 1500;

/** How many different lines each log and its old file hold after all have written, and the files that were left. */
async function race(how: 'careful' | 'careless'): Promise<{ lines: number[]; files: string[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-log-'));
  try {
    for (let round = 0; round < ROUNDS; round++) writeFileSync(join(directory, `${round}.log`), BEFORE.join(''));
    const limit = BEFORE.join('').length + 1;
    const begin = Date.now() + HEAD_START;
    const ends = Array.from({ length: WRITERS }, (_, writer) => {
      const args = [writer, how, ROUNDS, limit, begin, directory].map(String);
      const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, ...args], { stdio: 'inherit' });
      return new Promise<number | null>((ended, failed) => child.once('error', failed).once('close', ended));
    });
    expect(await Promise.all(ends)).toEqual(Array(WRITERS).fill(0));
    const files = readdirSync(directory).sort();
    const lines = Array.from({ length: ROUNDS }, (_, round) => {
      const names = [`${round}.log`, `${round}.log.1`].filter((name) => files.includes(name));
      const written = names.flatMap((name) => readFileSync(join(directory, name), 'utf8').trimEnd().split('\n'));
      return new Set(written.map((line) => (JSON.parse(line) as { verb: string }).verb)).size;
    });
    return { lines, files };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test('processes that find the log full at once lose no line of it, and put it aside once', async () => {
  const { lines, files } = await race('careful');
  expect(lines).toEqual(Array(ROUNDS).fill(LINES));
  const expected = Array.from({ length: ROUNDS }, (_, round) => [`${round}.log`, `${round}.log.1`]).flat();
  expect(files).toEqual(expected.sort());
});

test('those that rename whatever has the name do lose lines, sooner or later', async () => {
  let lost = 0;
  for (let attempt = 0; attempt < 10 && lost === 0; attempt++)
    lost = (await race('careless')).lines.filter((count) => count < LINES).length;
  expect(lost).toBeGreaterThan(0);
});
