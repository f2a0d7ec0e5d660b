/**
 * Builds the executables of a release: the plugin for each platform that nodes have, lessorctl for those that operators have.
 * `npm run release [-- --out DIR]`. The same source and lock file give the same bytes, wherever and whenever they are built.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundlePlugin, compile, findBun, project } from '../cni-shim/build/build.ts';
import { bundleControl, compileControl } from '../lessorctl/build/build.ts';
import { signedAdHoc } from './ad-hoc-signature.ts';
import { fetchPackage, lockedPackage, unpackBun } from './bun-packages.ts';

interface Platform {
  /** The npm package of the bun that the executables hold. */
  readonly bun: string;
  /** As bun calls it. */
  readonly target: string;
  /** File names: Node's words for the machine; for the plugin, which is copied to hosts, the GNU triplet's for the C library. */
  readonly plugin?: string;
  readonly control?: string;
  /** bun leaves a signature in it that does not fit. */
  readonly signs?: true;
}

export const PLATFORMS = [
  {
    bun: '@oven/bun-linux-x64',
    target: 'bun-linux-x64',
    plugin: 'lessor-linux-x64-gnu',
    control: 'lessorctl-linux-x64',
  },
  { bun: '@oven/bun-linux-x64-musl', target: 'bun-linux-x64-musl', plugin: 'lessor-linux-x64-musl' },
  {
    bun: '@oven/bun-linux-aarch64',
    target: 'bun-linux-arm64',
    plugin: 'lessor-linux-arm64-gnu',
    control: 'lessorctl-linux-arm64',
  },
  { bun: '@oven/bun-linux-aarch64-musl', target: 'bun-linux-arm64-musl', plugin: 'lessor-linux-arm64-musl' },
  { bun: '@oven/bun-darwin-x64', target: 'bun-darwin-x64', control: 'lessorctl-darwin-x64', signs: true },
  { bun: '@oven/bun-darwin-aarch64', target: 'bun-darwin-arm64', control: 'lessorctl-darwin-arm64' },
] as const satisfies readonly Platform[];

export interface ReleasedExecutable {
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

const SUMS = 'SHA256SUMS';

export interface ReleaseOptions {
  /** Default: `dist/release` in the project. */
  readonly out?: string | undefined;
  readonly platforms?: readonly Platform[];
}

/**
 * `out` then holds the executables of each platform and SHA256SUMS (as `sha256sum --check` reads it), and nothing else.
 * @throws Error where a package cannot be had or is not the locked one, or a compiler fails; `out` is as before then
 */
export async function buildRelease({
  out = join(project, 'dist', 'release'),
  platforms = PLATFORMS,
}: ReleaseOptions = {}): Promise<ReleasedExecutable[]> {
  const destination = resolve(out);
  mkdirSync(dirname(destination), { recursive: true });
  const directory = mkdtempSync(join(dirname(destination), '.release-'));
  const finished = join(directory, 'finished');
  try {
    mkdirSync(finished);
    const [plugin, control] = [join(directory, 'plugin'), join(directory, 'control')];
    mkdirSync(plugin);
    mkdirSync(control);
    writeFileSync(join(plugin, 'lessor.cjs'), await bundlePlugin());
    await bundleControl(control);
    for (const platform of platforms as readonly Platform[]) {
      const flags = await flagsFor(platform, join(directory, platform.target));
      if (platform.plugin !== undefined)
        renameSync(await compilePlugin(plugin, flags), join(finished, platform.plugin));
      if (platform.control !== undefined)
        renameSync(await compileControl(control, flags), join(finished, platform.control));
      if (platform.control !== undefined && platform.signs) sign(join(finished, platform.control));
      rmSync(join(directory, platform.target), { recursive: true });
    }
    const names = platforms.flatMap(({ plugin: one, control: other }: Platform) => [one ?? [], other ?? []].flat());
    const executables = names.map((name) => ({
      path: join(destination, name),
      bytes: statSync(join(finished, name)).size,
      sha256: sha256Of(join(finished, name)),
    }));
    const sums = executables.map(({ sha256 }, index) => `${sha256}  ${names[index]}\n`);
    writeFileSync(join(finished, SUMS), sums.join(''));
    rmSync(destination, { recursive: true, force: true });
    renameSync(finished, destination);
    return executables;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The bun of this machine compiles; the other platform's, in `directory`, is what the result runs on. */
async function flagsFor({ bun, target }: Platform, directory: string): Promise<string[]> {
  const compiler = findBun();
  const locked = lockedPackage(join(project, 'package-lock.json'), bun);
  // Bytecode is read by the version that wrote it only.
  if (locked.version !== compiler.version)
    throw new Error(`${bun} is locked at ${locked.version}, installed is bun ${compiler.version}: run npm ci`);
  const tarball = await fetchPackage(locked, join(project, 'node_modules', '.cache', 'lessor'));
  const host = await unpackBun(tarball, directory);
  return [`--target=${target}`, `--compile-executable-path=${host}`];
}

async function compilePlugin(directory: string, flags: readonly string[]): Promise<string> {
  await compile(findBun().path, directory, flags);
  chmodSync(join(directory, 'lessor'), 0o755);
  return join(directory, 'lessor');
}

const sign = (path: string): void => writeFileSync(path, signedAdHoc(readFileSync(path), 'lessorctl'));

const sha256Of = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  for (const { path, bytes, sha256 } of await buildRelease(values))
    console.log(`${path}: ${(bytes / 1e6).toFixed(1)} MB, sha256 ${sha256}`);
}
