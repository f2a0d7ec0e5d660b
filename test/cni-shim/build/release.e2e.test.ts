/** The executables of a release: what they ask of a node, and that they run on each kind of node that can be had here. */
import { execFileSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildRelease, PLATFORMS, type ReleasedExecutable } from '../../../cni-shim/build/release.ts';
import { available } from '../../support/prerequisite.ts';
import { FakeApi } from '../fake-api.ts';
import { configuration, NETWORK, Node } from '../in-process.ts';
import { call } from '../plugin-process.ts';
import { elfNeeds } from './elf.ts';

const ARM64_LIBRARIES = '/usr/aarch64-linux-gnu';
/** 200 MB of compilers come over the network, the first time. */
const FETCHING_MS = 600_000;
const directory = mkdtempSync(join(tmpdir(), 'lessor-release-'));
const out = join(directory, 'release');
let executables: ReleasedExecutable[];

beforeAll(async () => {
  executables = await buildRelease(out);
}, FETCHING_MS);
afterAll(() => rmSync(directory, { recursive: true }));

const executable = (platform: (typeof PLATFORMS)[number]['name']) => join(out, `lessor-${platform}`);

describe('a release', () => {
  test('is one executable for each platform and the sums of them all', () => {
    const names = PLATFORMS.map(({ name }) => `lessor-${name}`);
    expect(readdirSync(out).sort()).toEqual([...names, 'SHA256SUMS'].sort());
    expect(executables.map(({ path }) => path)).toEqual(names.map((name) => join(out, name)));
    const checked = execFileSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: out, encoding: 'utf8' });
    expect(checked.trim().split('\n').sort()).toEqual(names.map((name) => `${name}: OK`).sort());
    for (const { path } of executables) accessSync(path, constants.X_OK);
  });

  test('that is built again, elsewhere, has the same bytes', async () => {
    const again = join(directory, 'a', 'longer', 'way', 'to', 'the', 'release');
    await buildRelease(again);
    expect(readFileSync(join(again, 'SHA256SUMS'), 'utf8')).toBe(readFileSync(join(out, 'SHA256SUMS'), 'utf8'));
    expect(readdirSync(join(again, '..'))).toEqual(['release']);
    rmSync(again, { recursive: true });
  });
});

describe('what an executable asks of a node', () => {
  const asked = (platform: (typeof PLATFORMS)[number]['name']) => elfNeeds(executable(platform));
  const minor = (version: string) => Number(/^GLIBC_2\.(\d+)/.exec(version)?.[1]);

  test.each([
    ['linux-x64-gnu', 'x86-64', '/lib64/ld-linux-x86-64.so.2'],
    ['linux-arm64-gnu', 'aarch64', '/lib/ld-linux-aarch64.so.1'],
  ] as const)('%s: glibc 2.17 or newer, and no library beside it', (platform, machine, interpreter) => {
    const { libraries, versions, ...rest } = asked(platform);
    expect(rest).toEqual({ machine, interpreter });
    expect(Math.max(...versions.map(minor))).toBe(17);
    const loader = interpreter.slice(interpreter.lastIndexOf('/') + 1);
    const ofGlibc = ['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0', loader];
    expect(libraries.filter((library) => !ofGlibc.includes(library))).toEqual([]);
  });

  test.each([
    ['linux-x64-musl', 'x86-64', 'x86_64'],
    ['linux-arm64-musl', 'aarch64', 'aarch64'],
  ] as const)('%s: musl and its libstdc++', (platform, machine, cpu) => {
    const { libraries, ...rest } = asked(platform);
    expect(rest).toEqual({ machine, interpreter: `/lib/ld-musl-${cpu}.so.1`, versions: expect.any(Array) });
    expect([...libraries].sort()).toEqual([`libc.musl-${cpu}.so.1`, 'libstdc++.so.6']);
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

const glibcX64 = process.platform === 'linux' && process.arch === 'x64' ? [] : ['Linux on x64'];
describe.skipIf(!available('the x64 executable of a release', glibcX64))('on x64 with glibc', () => {
  test('the executable adds and deletes', () => serves(executable('linux-x64-gnu')));
});

const emulation = [
  ...(onPath('qemu-aarch64') ? [] : ['qemu-aarch64 (Debian: qemu-user)']),
  ...(existsSync(`${ARM64_LIBRARIES}/lib/ld-linux-aarch64.so.1`)
    ? []
    : ['glibc for arm64 (Debian: libc6-arm64-cross)']),
];
describe.skipIf(!available('the arm64 executable of a release', emulation))('on arm64 with glibc, emulated', () => {
  test('the executable adds and deletes', async () => {
    const emulated = join(directory, 'emulated');
    const command = `exec qemu-aarch64 -L ${ARM64_LIBRARIES} ${executable('linux-arm64-gnu')} "$@"\n`;
    writeFileSync(emulated, `#!/bin/sh\n${command}`, { mode: 0o755 });
    await serves(emulated);
  });
});
