/**
 * The bun executables that make the plugin's: npm packages, one a platform. npm installs only the one that fits this machine;
 * the others are packed by npm, kept in node_modules/.cache and held to the integrity that package-lock.json states.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface LockedPackage {
  /** `@scope/name`. */
  readonly name: string;
  readonly version: string;
  /** Subresource Integrity of its tarball: `sha512-<base64>`. */
  readonly integrity: string;
}

/** Leaves the package's tarball, and nothing else, in `directory`. */
export type Pack = (locked: LockedPackage, directory: string) => Promise<void>;

const run = promisify(execFile);

/** What `package-lock.json` says of a package. @throws Error where it says nothing */
export function lockedPackage(lockFile: string, name: string): LockedPackage {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as {
    packages: Record<string, { version?: string; integrity?: string } | undefined>;
  };
  const { version, integrity } = packages[`node_modules/${name}`] ?? {};
  if (version !== undefined && integrity?.startsWith('sha512-')) return { name, version, integrity };
  throw new Error(`${lockFile} has no version and sha512 of ${name}: name it in optionalDependencies, run npm install`);
}

/** The user's own npm configuration says where from. */
const npmPack: Pack = async ({ name, version }, directory) => {
  const wanted = `${name}@${version}`;
  try {
    await run('npm', ['pack', wanted, '--pack-destination', directory, '--prefer-offline', '--loglevel=error'], {
      cwd: directory,
    });
  } catch (cause) {
    const remedy = 'see whether npm reaches its registry, or run once where it does: node_modules/.cache keeps it';
    throw new Error(`npm could not pack ${wanted}: ${remedy}`, { cause });
  }
};

/**
 * The tarball's path, in `cache`. One that is there already is checked again.
 * @throws Error where what was packed is not what the lock file states; it is not kept then
 */
export async function fetchPackage(locked: LockedPackage, cache: string, pack: Pack = npmPack): Promise<string> {
  const path = join(cache, `${locked.name.replace('/', '-').replace('@', '')}-${locked.version}.tgz`);
  if (existsSync(path) && integrityOf(path) === locked.integrity) return path;
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, '.packing-'));
  try {
    await pack(locked, directory);
    const [tarball, ...more] = readdirSync(directory);
    if (tarball === undefined || more.length > 0) throw new Error(`npm packed ${1 + more.length} files, not one`);
    const packed = integrityOf(join(directory, tarball));
    if (packed !== locked.integrity)
      throw new Error(
        `${locked.name}@${locked.version} was refused: its tarball is ${packed}, package-lock.json states ${locked.integrity}: find out who changed it`,
      );
    renameSync(join(directory, tarball), path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return path;
}

const integrityOf = (path: string): string =>
  `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;

/** Unpacks bun alone into `directory`. Resolves to its path. */
export async function unpackBun(tarball: string, directory: string): Promise<string> {
  mkdirSync(directory, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', directory, 'package/bin/bun']);
  return join(directory, 'package', 'bin', 'bun');
}
