/** The compiled executable installs itself into a directory that stands for a host's root. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { buildPlugin } from '../../../cni-shim/build/build.ts';
import { sampleConflist } from '../../../cni-shim/install/conflist.ts';
import { FakeApi, REGION } from '../fake-api.ts';
import { configuration, Node } from '../in-process.ts';
import { call } from '../plugin-process.ts';
import { BIN_DIR, CONF_DIR, withFreshHost } from './fresh-host.ts';

let executable: string;
let root: string;
let conflist: string;
const installed = () => join(root, BIN_DIR, 'lessor');

beforeAll(async () => {
  executable = (await buildPlugin()).path;
});
withFreshHost((fresh) => {
  ({ root, conflist } = fresh);
});

function start(program: string, ...argv: string[]) {
  const child = spawn(program, argv, { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const ended = new Promise<{ exitCode: number | null; out: string; err: string }>((done) =>
    child.once('close', (exitCode) => done({ exitCode, ...said })),
  );
  return { child, ended };
}
const lessor = (program: string, ...argv: string[]) => start(program, ...argv).ended;
const options = (endpoint: string) => [
  '--root',
  root,
  '--endpoint',
  endpoint,
  '--region',
  REGION,
  '--conflist',
  conflist,
];
const outcomes = (out: string) =>
  (JSON.parse(out).steps as { outcome: string }[]).map(({ outcome }) => outcome).filter((one) => one !== 'enabled');

test('what is installed is the plugin, which adds a container, and takes itself away', async () => {
  const api = await FakeApi.start();
  const node = new Node(api);
  try {
    const first = await lessor(executable, 'install', ...options(api.endpoint), '--data-dir', node.dataDir, '--json');
    expect(first).toMatchObject({ exitCode: 0, err: '' });
    expect(outcomes(first.out)).toEqual(['created', 'created', 'created', 'created']);
    const second = await lessor(installed(), 'install', ...options(api.endpoint), '--json');
    expect(outcomes(second.out)).toEqual(['unchanged', 'unchanged', 'unchanged', 'unchanged']);

    const env = { ...node.env, LESSOR_CONFIG: join(root, 'etc/lessor/node.json') };
    const added = await call({
      executable: installed(),
      env: { ...env, CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1' },
      stdin: configuration(),
    });
    expect(added.printed.ips[0].address).toBe('10.244.1.10/16');

    expect(await lessor(installed(), 'uninstall', '--root', root)).toMatchObject({ exitCode: 0, err: '' });
    expect(readdirSync(join(root, BIN_DIR))).toEqual([]);
    expect(readdirSync(join(root, CONF_DIR))).toEqual([]);
    expect(readdirSync(join(root, 'etc/lessor'))).toEqual(['node.json']);
  } finally {
    node.remove();
    await api.stop();
  }
});

test('in words it says what it did, and shows a network configuration where none is given', async () => {
  const { out } = await lessor(
    executable,
    'install',
    '--root',
    root,
    '--endpoint',
    'http://lessor.test',
    '--region',
    REGION,
  );
  expect(out).toMatch(/^created +executable +\/opt\/cni\/bin\/lessor\n/);
  expect(out).toContain(sampleConflist);
  const dry = await lessor(executable, 'uninstall', '--root', root, '--dry-run');
  expect(dry.out).toMatch(/^would be removed +executable +\/opt\/cni\/bin\/lessor\n/);
  expect(existsSync(installed())).toBe(true);
});

test('what is wrong is one line on standard error, with an exit code', async () => {
  rmSync(join(root, 'opt'), { recursive: true });
  const { exitCode, out, err } = await lessor(executable, 'install', ...options('http://lessor.test'));
  expect({ exitCode, out }).toEqual({ exitCode: 21, out: '' });
  expect(err).toBe(
    'lessor: there is no directory /opt/cni/bin or /usr/lib/cni: create the directory in which the runtime looks for CNI plugins, or name it with --bin-dir\n',
  );
});

test('killed at any time, it leaves no part of the executable under its name, and no network configuration without it', async () => {
  const { size } = statSync(executable);
  let killed = 0;
  for (let moment = 0; moment < 16; moment += 1) {
    const { child, ended } = start(executable, 'install', ...options('http://lessor.test'));
    // The moments are spread over the time that an installation takes here, whatever that is.
    const timer = setTimeout(() => child.kill('SIGKILL'), moment * 20);
    const { exitCode } = await ended;
    clearTimeout(timer);
    if (exitCode === null) killed += 1;
    const there = existsSync(installed());
    if (there) expect(statSync(installed()).size).toBe(size);
    if (readdirSync(join(root, CONF_DIR)).includes('10-pods.conflist')) {
      expect(there).toBe(true);
      expect(readFileSync(join(root, CONF_DIR, '10-pods.conflist'), 'utf8')).toBe(sampleConflist);
      for (const path of [join(root, BIN_DIR), join(root, CONF_DIR), join(root, 'etc/lessor')])
        for (const name of readdirSync(path)) rmSync(join(path, name));
    }
  }
  expect(killed).toBeGreaterThan(0);
  expect((await lessor(executable, 'install', ...options('http://lessor.test'))).exitCode).toBe(0);
});
