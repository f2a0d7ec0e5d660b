/** What plays were not seen to find is found by a test that is named for it: each test file with that mistake in the source. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { elsewhere } from '../../simulation/elsewhere.ts';
import { notFound } from '../../simulation/verdicts.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
/** How many tests ended how, by mistake. Without any they pass: they are tests as all others. */
const ends = new Map<string, { passed: number; failed: number }>();

function note(line: string): void {
  if (!line.startsWith('[')) return;
  const [name, state] = JSON.parse(line) as [string, string];
  const { passed, failed } = ends.get(name) ?? { passed: 0, failed: 0 };
  ends.set(name, { passed: passed + Number(state === 'passed'), failed: failed + Number(state === 'failed') });
}

beforeAll(async () => {
  const run = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', ...['run', '--config', 'test/simulation/mistaken/tests-with-mistakes.ts']],
    { cwd: project, env: { ...process.env, VITEST: '' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  for await (const piece of run.stdout.setEncoding('utf8')) text += piece;
  text.split('\n').forEach(note);
}, 300_000);

describe('A test finds', () => {
  it.each(Object.entries(elsewhere))('%s (%s)', (mistake, file) => {
    expect(existsSync(`${project}/${file}`)).toBe(true);
    expect(notFound).toHaveProperty([mistake]);
    // Some still pass: it was not the file that could not be loaded.
    const { passed = 0, failed = 0 } = ends.get(mistake) ?? {};
    expect([passed > 0, failed > 0]).toEqual([true, true]);
  });
});
