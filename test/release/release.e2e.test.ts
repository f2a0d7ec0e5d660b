/** The executables of a release: what they ask of a node, and that they run on each kind of node that can be had here. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { signedAdHoc } from '../../release/ad-hoc-signature.ts';
import { buildRelease, PLATFORMS, type ReleasedExecutable } from '../../release/release.ts';
import { FakeApi } from '../cni-shim/fake-api.ts';
import { configuration, NETWORK, Node } from '../cni-shim/in-process.ts';
import { call } from '../cni-shim/plugin-process.ts';
import { available } from '../support/prerequisite.ts';
import { elfNeeds } from './elf.ts';
import { machNeeds } from './mach-o.ts';

const ARM64_LIBRARIES = '/usr/aarch64-linux-gnu';
/** 200 MB of compilers come over the network, the first time. */
const FETCHING_MS = 600_000;
const directory = mkdtempSync(join(tmpdir(), 'lessor-release-'));
const out = join(directory, 'release');
let executables: ReleasedExecutable[];

beforeAll(async () => {
  executables = await buildRelease({ out });
}, FETCHING_MS);
afterAll(() => rmSync(directory, { recursive: true }));

const names = PLATFORMS.flatMap((platform) => [
  ...('plugin' in platform ? [platform.plugin] : []),
  ...('control' in platform ? [platform.control] : []),
]);
const executable = (name: (typeof names)[number]) => join(out, name);

describe('a release', () => {
  test('is the plugin for nodes, lessorctl for operators, and the sums of them all', () => {
    expect(readdirSync(out).sort()).toEqual([...names, 'SHA256SUMS'].sort());
    expect(executables.map(({ path }) => path)).toEqual(names.map(executable));
    const checked = execFileSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: out, encoding: 'utf8' });
    expect(checked.trim().split('\n').sort()).toEqual(names.map((name) => `${name}: OK`).sort());
    for (const { path } of executables) accessSync(path, constants.X_OK);
  });

  test('that is built again, elsewhere, has the same bytes', async () => {
    const again = join(directory, 'a', 'longer', 'way', 'to', 'the', 'release');
    const platforms = PLATFORMS.filter(({ target }) => ['bun-linux-x64', 'bun-darwin-arm64'].includes(target));
    const sums = new Map(executables.map(({ path, sha256 }) => [basename(path), sha256]));
    const built = await buildRelease({ out: again, platforms });
    expect(built).toHaveLength(3);
    for (const { path, sha256 } of built) expect([path, sha256]).toEqual([path, sums.get(basename(path))]);
    expect(readdirSync(join(again, '..'))).toEqual(['release']);
    rmSync(again, { recursive: true });
  });
});

describe('what an executable asks of a machine', () => {
  const asked = (name: (typeof names)[number]) => elfNeeds(executable(name));
  const minor = (version: string) => Number(/^GLIBC_2\.(\d+)/.exec(version)?.[1]);

  test.each([
    ['lessor-linux-x64-gnu', 'x86-64', '/lib64/ld-linux-x86-64.so.2'],
    ['lessor-linux-arm64-gnu', 'aarch64', '/lib/ld-linux-aarch64.so.1'],
    ['lessorctl-linux-x64', 'x86-64', '/lib64/ld-linux-x86-64.so.2'],
    ['lessorctl-linux-arm64', 'aarch64', '/lib/ld-linux-aarch64.so.1'],
  ] as const)('%s: glibc 2.17 or newer, and no library beside it', (name, machine, interpreter) => {
    const { libraries, versions, ...rest } = asked(name);
    expect(rest).toEqual({ machine, interpreter });
    expect(Math.max(...versions.map(minor))).toBe(17);
    const loader = interpreter.slice(interpreter.lastIndexOf('/') + 1);
    const ofGlibc = ['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0', loader];
    expect(libraries.filter((library) => !ofGlibc.includes(library))).toEqual([]);
  });

  test.each([
    ['lessor-linux-x64-musl', 'x86-64', 'x86_64'],
    ['lessor-linux-arm64-musl', 'aarch64', 'aarch64'],
  ] as const)('%s: musl and its libstdc++', (name, machine, cpu) => {
    const { libraries, ...rest } = asked(name);
    expect(rest).toEqual({ machine, interpreter: `/lib/ld-musl-${cpu}.so.1`, versions: expect.any(Array) });
    expect([...libraries].sort()).toEqual([`libc.musl-${cpu}.so.1`, 'libstdc++.so.6']);
  });

  test.each([
    ['lessorctl-darwin-x64', 'x86-64'],
    ['lessorctl-darwin-arm64', 'arm64'],
  ] as const)("%s: macOS 13 or newer, the system's own libraries, and a signature that fits", (name, machine) => {
    const { libraries, ...rest } = machNeeds(executable(name));
    expect(rest).toEqual({ machine, macos: '13.0', signature: { adHoc: true, wrongPages: [] } });
    expect(libraries.filter((library) => !/^\/(usr\/lib|System\/Library)\//.test(library))).toEqual([]);
  });

  test('lessorctl-darwin-x64 is signed as bun signs for arm64', () => {
    const arm64 = readFileSync(executable('lessorctl-darwin-arm64'));
    expect(signedAdHoc(arm64, 'a.out').equals(arm64)).toBe(true);
  });

  test('a signature that does not fit would be found', () => {
    const changed = readFileSync(executable('lessorctl-darwin-arm64'));
    changed.writeUInt8(changed.readUInt8(100_000) ^ 1, 100_000);
    const path = join(directory, 'changed');
    writeFileSync(path, changed);
    expect(machNeeds(path).signature?.wrongPages).toHaveLength(1);
    rmSync(path);
  });
});

/** ADD, its repeat and DEL, against an API of the test. */
async function serves(plugin: string): Promise<void> {
  const api = await FakeApi.start();
  const node = new Node(api);
  try {
    const run = (verb: string) =>
      call({
        executable: plugin,
        env: { ...node.env, CNI_COMMAND: verb, CNI_CONTAINERID: 'c1' },
        stdin: configuration(),
      });
    const versions = await run('VERSION');
    expect(versions).toMatchObject({ exitCode: 0, stderr: '' });
    expect(versions.printed.supportedVersions).toContain('1.1.0');
    for (const _ of ['added', 'repeated']) {
      const added = await run('ADD');
      expect(added, added.stdout).toMatchObject({ exitCode: 0, stderr: '' });
      expect(added.printed.ips[0].address).toBe('10.244.1.10/16');
    }
    expect(api.leases(NETWORK).size).toBe(1);
    expect(await run('DEL')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(api.leases(NETWORK).size).toBe(0);
    const wrong = await run('NONSENSE');
    expect(wrong).toMatchObject({ exitCode: 1, printed: { code: 4 } });
  } finally {
    node.remove();
    await api.stop();
  }
}

const onPath = (name: string) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)));

/** Its version and its help, by either name, and what is wrong with a service that is not there. */
function answers(control: string, through: readonly string[] = []): void {
  const kubectl = join(directory, 'kubectl-lessor');
  symlinkSync(control, kubectl);
  const run = (path: string, ...args: string[]) => {
    const [command = path, ...rest] = [...through, path, ...args];
    const env = { PATH: process.env.PATH ?? '', AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'none' };
    const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', env });
    return { status, stdout, stderr };
  };
  try {
    const { version } = packageJson;
    expect(run(control, '--version')).toEqual({ status: 0, stdout: `lessorctl ${version}\n`, stderr: '' });
    expect(run(control, 'help').stdout).toMatch(/^Usage: lessorctl \[options\]/);
    expect(run(kubectl, 'help').stdout).toMatch(/^Usage: kubectl lessor \[options\]/);
    // As far as a command goes without a service: the SDK, the schemas and the signature are loaded by then.
    expect(run(control, 'diff', '--endpoint', 'http://127.0.0.1:9', '--region', 'eu-central-1', '-f', '/')).toEqual({
      status: 35,
      stdout: '',
      stderr: expect.stringContaining('lessorctl: a file cannot be read or written (EISDIR'),
    });
  } finally {
    rmSync(kubectl);
  }
}

const glibcX64 = process.platform === 'linux' && process.arch === 'x64' ? [] : ['Linux on x64'];
describe.skipIf(!available('the x64 executables of a release', glibcX64))('on x64 with glibc', () => {
  test('the plugin adds and deletes', () => serves(executable('lessor-linux-x64-gnu')));
  test('lessorctl answers', () => answers(executable('lessorctl-linux-x64')));
});

const emulation = [
  ...(onPath('qemu-aarch64') ? [] : ['qemu-aarch64 (Debian: qemu-user)']),
  ...(existsSync(`${ARM64_LIBRARIES}/lib/ld-linux-aarch64.so.1`)
    ? []
    : ['glibc for arm64 (Debian: libc6-arm64-cross)']),
];
describe.skipIf(!available('the arm64 executables of a release', emulation))('on arm64 with glibc, emulated', () => {
  test('the plugin adds and deletes', async () => {
    const emulated = join(directory, 'emulated');
    const command = `exec qemu-aarch64 -L ${ARM64_LIBRARIES} ${executable('lessor-linux-arm64-gnu')} "$@"\n`;
    writeFileSync(emulated, `#!/bin/sh\n${command}`, { mode: 0o755 });
    await serves(emulated);
  });

  test('lessorctl answers', () =>
    answers(executable('lessorctl-linux-arm64'), ['qemu-aarch64', '-L', ARM64_LIBRARIES]));
});
