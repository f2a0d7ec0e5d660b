import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPlugin } from '../../cni-shim/build.ts';
import { available } from '../support/prerequisite.ts';

const RECIPE = fileURLToPath(new URL('../../deploy/image/Containerfile', import.meta.url));
const LIBRARIES = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
const GNU = ['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0'];
const MUSL = ['lib/ld-musl-x86_64.so.1', 'usr/lib/libgcc_s.so.1', 'usr/lib/libstdc++.so.6'];

const missing = [
  ...['podman', 'unshare', 'setpriv'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined),
  ...(process.getuid?.() === 0 ? [] : ['root']),
  ...(existsSync(`${LIBRARIES}/libc.so.6`) ? [] : [`${LIBRARIES}/libc.so.6`]),
];

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

describe.skipIf(!available('the image', missing))('the image', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-test-'));
  const at = (...path: string[]) => join(directory, ...path);

  function podman(...args: string[]): string {
    const call = ['--root', at('storage'), '--runroot', at('run'), ...args];
    const { status, stdout, stderr } = spawnSync('podman', call, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`podman ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  }

  /** An image of these files, in place of one that would have to be pulled. */
  function base(name: string, fill: (root: string) => void): string {
    const root = at(name, 'root');
    mkdirSync(root, { recursive: true });
    fill(root);
    writeFileSync(at(name, 'Containerfile'), 'FROM scratch\nCOPY root /\n');
    podman('build', '--quiet', '--tag', `localhost/${name}`, at(name));
    return `localhost/${name}`;
  }

  /** What the recipe makes of the bases and the release, as a directory. */
  function built(target: string): string {
    const image = `localhost/lessor-${target}`;
    const arch = `ARCH=${process.arch}`;
    const bases = ['--build-arg', 'GLIBC=localhost/glibc', '--build-arg', 'MUSL=localhost/alpine'];
    podman('build', '--file', RECIPE, '--target', target, ...bases, '--build-arg', arch, '--tag', image, at('release'));
    cpSync(podman('image', 'mount', image), at(target), { recursive: true });
    podman('image', 'unmount', image);
    return at(target);
  }

  beforeAll(async () => {
    const executable = await buildPlugin();
    mkdirSync(at('release'));
    cpSync(executable.path, at('release', `lessor-linux-${process.arch}-gnu`));
    // There is no musl to run on: only where its files come to lie can be seen here.
    writeFileSync(at('release', `lessor-linux-${process.arch}-musl`), 'musl');
    base('glibc', (root) => {
      mkdirSync(join(root, LIBRARIES), { recursive: true });
      const loader = readdirSync(LIBRARIES).filter((name) => /^ld-linux-.*\.so\.\d$/.test(name));
      for (const name of [...GNU, 'libresolv.so.2', ...loader])
        cpSync(join(LIBRARIES, name), join(root, LIBRARIES, name), { dereference: true });
    });
    base('alpine', (root) => {
      for (const file of [...MUSL, 'bin/busybox']) {
        mkdirSync(join(root, file, '..'), { recursive: true });
        writeFileSync(join(root, file), file);
      }
    });
  });

  afterAll(() => {
    spawnSync('podman', ['--root', at('storage'), '--runroot', at('run'), 'rmi', '--all', '--force']);
    spawnSync('umount', [at('storage', 'overlay')]);
    rmSync(directory, { recursive: true, force: true });
  });

  it('holds the executable with its C library, and runs without a capability', () => {
    const root = built('gnu');
    const found = filesIn(root);
    const loaders = found.filter((file) => /^lib(64)?\/ld-linux-/.test(file));
    expect(found).toEqual([...loaders, ...GNU.map((name) => `lib/${name}`), 'lessor'].sort());
    for (const mount of ['proc', 'dev']) mkdirSync(join(root, mount), { recursive: true });
    const inside =
      'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec setpriv --bounding-set=-all,+sys_chroot --inh-caps=-all chroot "$0" /lessor';
    const { status, stdout, stderr } = spawnSync('unshare', ['--mount', '--pid', '--fork', 'sh', '-c', inside, root], {
      env: { ...process.env, CNI_COMMAND: 'VERSION' },
      input: JSON.stringify({ cniVersion: '1.0.0' }),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ supportedVersions: expect.arrayContaining(['1.0.0']) });
  });

  it('for hosts with musl holds that library and that executable', () => {
    const root = built('musl');
    expect(filesIn(root)).toEqual([...MUSL, 'lessor'].sort());
    expect(readFileSync(join(root, 'lessor'), 'utf8')).toBe('musl');
  });
});
