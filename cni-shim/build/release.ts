/**
 * Builds the executables of a release, for each platform that nodes have: `npm run release [-- --out DIR]`. The same source
 * and lock file give the same bytes, wherever and whenever they are built.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundlePlugin, compile, findBun, project } from './build.ts';
import { fetchPackage, lockedPackage, unpackBun } from './bun-packages.ts';

/** Node's words for the machine, the GNU triplet's for the C library. */
export const PLATFORMS = [
  { name: 'linux-x64-gnu', bun: '@oven/bun-linux-x64', target: 'bun-linux-x64' },
  { name: 'linux-x64-musl', bun: '@oven/bun-linux-x64-musl', target: 'bun-linux-x64-musl' },
  { name: 'linux-arm64-gnu', bun: '@oven/bun-linux-aarch64', target: 'bun-linux-arm64' },
  { name: 'linux-arm64-musl', bun: '@oven/bun-linux-aarch64-musl', target: 'bun-linux-arm64-musl' },
] as const;

export interface ReleasedExecutable {
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

const SUMS = 'SHA256SUMS';

/**
 * `out` (default `dist/release`) then holds `lessor-<platform>` of each platform and SHA256SUMS (as `sha256sum --check` reads
 * it), and nothing else.
 * @throws Error where a package cannot be had or is not the locked one, or a compiler fails; `out` is as before then
 */
export async function buildRelease(out = join(project, 'dist', 'release')): Promise<ReleasedExecutable[]> {
  const destination = resolve(out);
  mkdirSync(dirname(destination), { recursive: true });
  const directory = mkdtempSync(join(dirname(destination), '.release-'));
  const compiling = join(directory, 'compiling');
  const finished = join(directory, 'finished');
  try {
    mkdirSync(compiling);
    mkdirSync(finished);
    writeFileSync(join(compiling, 'lessor.cjs'), await bundlePlugin());
    const executables: ReleasedExecutable[] = [];
    for (const platform of PLATFORMS) {
      const name = `lessor-${platform.name}`;
      await compileFor(platform, compiling, join(finished, name));
      const bytes = statSync(join(finished, name)).size;
      executables.push({ path: join(destination, name), bytes, sha256: sha256Of(join(finished, name)) });
    }
    const sums = executables.map(({ sha256 }, index) => `${sha256}  lessor-${PLATFORMS[index]?.name}\n`);
    writeFileSync(join(finished, SUMS), sums.join(''));
    rmSync(destination, { recursive: true, force: true });
    renameSync(finished, destination);
    return executables;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The bun of this machine compiles; the other platform's is what the result runs on. */
async function compileFor({ bun, target }: (typeof PLATFORMS)[number], directory: string, to: string): Promise<void> {
  const compiler = findBun();
  const locked = lockedPackage(join(project, 'package-lock.json'), bun);
  // Bytecode is read by the version that wrote it only.
  if (locked.version !== compiler.version)
    throw new Error(`${bun} is locked at ${locked.version}, installed is bun ${compiler.version}: run npm ci`);
  const tarball = await fetchPackage(locked, join(project, 'node_modules', '.cache', 'lessor'));
  const unpacked = join(directory, target);
  const host = await unpackBun(tarball, unpacked);
  await compile(compiler.path, directory, [`--target=${target}`, `--compile-executable-path=${host}`]);
  rmSync(unpacked, { recursive: true });
  chmodSync(join(directory, 'lessor'), 0o755);
  renameSync(join(directory, 'lessor'), to);
}

const sha256Of = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  for (const { path, bytes, sha256 } of await buildRelease(values.out))
    console.log(`${path}: ${(bytes / 1e6).toFixed(1)} MB, sha256 ${sha256}`);
}
