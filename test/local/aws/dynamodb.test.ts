import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startDynamodb } from '../../../local/aws/dynamodb.ts';

const path = process.env.PATH;
const directories: string[] = [];
afterEach(() => {
  process.env.PATH = path;
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function javaThatSays(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-java-test-'));
  directories.push(directory);
  writeFileSync(join(directory, 'java'), `#!/bin/sh\necho '${text}' >&2\n`);
  chmodSync(join(directory, 'java'), 0o755);
  return directory;
}

const answers = (endpoint: string) =>
  fetch(endpoint).then(
    () => true,
    () => false,
  );

describe('DynamoDB Local', () => {
  it('is refused without Java, with the remedy', async () => {
    process.env.PATH = javaThatSays('unused').replace(/[^/]+$/, 'empty');
    await expect(startDynamodb()).rejects.toThrow(
      'java cannot be started (ENOENT). DynamoDB Local needs Java 17 or newer: install it (apt-get install openjdk-17-jre-headless) and put java on the PATH',
    );
  });

  it.each(['openjdk version "11.0.22" 2024-01-16', 'java version "1.8.0_392"', 'something else'])(
    'is refused with an old Java that says %s',
    async (text) => {
      process.env.PATH = `${javaThatSays(text)}${delimiter}${path}`;
      await expect(startDynamodb()).rejects.toThrow(
        `java -version says ${JSON.stringify(text)}. DynamoDB Local needs Java 17 or newer`,
      );
    },
  );

  it('dies with the process that started it, however that dies', async () => {
    const owner = fileURLToPath(new URL('fixtures/dynamodb-owner.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', owner], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [written] = await once(child.stdout, 'data');
    const endpoint = String(written).trim();
    expect(await answers(endpoint)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await vi.waitFor(async () => expect(await answers(endpoint)).toBe(false), { timeout: 20_000 });
  });
});
