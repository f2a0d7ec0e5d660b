/** Clients that others' generators make of docs/openapi.json, with signed requests against the local stack. */
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { hasPackages, hasPython, packages, python, runClient, SPECIFICATION } from './client-process.ts';

let stack: LocalStack;
const directory = mkdtempSync(join(tmpdir(), 'lessor-clients-'));
beforeAll(async () => {
  stack = await startStack();
});
afterAll(async () => {
  await stack?.stop();
  rmSync(directory, { recursive: true });
});

const run = (command: string, ...args: string[]) => runClient(stack, command, args, { cwd: directory });

/** What every client sees. */
const seen = (name: string) => ({
  pool: name,
  addresses: 1,
  held: [['held', 'cart-1']],
  quota: 10,
  released: 1,
  missing: 'pool.unknown',
  wrongKey: 403,
});

describe('a generated client leases, looks, changes and releases', () => {
  it.runIf(hasPython('The Python client'))('in Python', async () => {
    writeFileSync(join(directory, 'settings.yaml'), 'package_name_override: lessor_client\npost_hooks: []\n');
    for (const file of ['smoke.py', 'sigv4.py']) cpSync(join('test/clients/python', file), join(directory, file));
    const generate = ['generate', '--meta', 'none', '--output-path', 'lessor_client', '--config', 'settings.yaml'];
    const said = await run(python('openapi-python-client'), ...generate, '--path', SPECIFICATION);
    expect(said).not.toMatch(/warning|unable/i);
    const printed = JSON.parse(await run(python('python'), 'smoke.py'));
    expect(printed).toEqual({ ...seen('python'), pools: expect.arrayContaining(['python']) });
  });

  it.runIf(hasPackages('The TypeScript client'))('in TypeScript, whose types its use fits', async () => {
    for (const file of ['smoke.ts', 'tsconfig.json', 'package.json'])
      cpSync(join('test/clients/typescript', file), join(directory, file));
    symlinkSync(packages, join(directory, 'node_modules'));
    await run(
      join(packages, '.bin/openapi-typescript'),
      SPECIFICATION,
      '--output',
      'lessor.ts',
      '--default-non-nullable=false',
    );
    await run(join(packages, '.bin/tsc'), '-p', '.');
    const tsx = resolve('node_modules/tsx/dist/loader.mjs');
    expect(JSON.parse(await run(process.execPath, '--import', tsx, 'smoke.ts'))).toEqual(seen('typescript'));
  });
});
