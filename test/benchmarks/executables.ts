/** The executables that the plugin is compared with, made when they are first needed and kept beside the plugin. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { COMPILE_FLAGS, compile, findBun, project } from '../../cni-shim/build/build.ts';

const DIRECTORY = join(project, 'dist', 'bench');
const VERSION = 'v1.1.1';
const MODULE = `github.com/containernetworking/plugins/plugins/ipam/host-local@${VERSION}`;
/** Where Debian's package containernetworking-plugins has it. */
const PACKAGED = '/usr/lib/cni/host-local';

export interface HostLocal {
  readonly path: string;
  readonly origin: string;
}

/** host-local built from its Go module, or the distribution's; undefined where there is neither. */
export async function hostLocal(): Promise<HostLocal | undefined> {
  const path = join(DIRECTORY, `host-local-${VERSION}`);
  const built = { path, origin: `host-local ${VERSION}, built from its Go module` };
  if (existsSync(path)) return built;
  const made = await within((directory) =>
    run('go', ['install', MODULE], { ...process.env, GOBIN: directory, GOFLAGS: '-mod=mod' }).then(
      () => renameSync(join(directory, 'host-local'), path),
      // No Go, or no module: the package does.
      () => 'failed',
    ),
  );
  if (made !== 'failed') return built;
  return existsSync(PACKAGED) ? { path: PACKAGED, origin: "the distribution's host-local" } : undefined;
}

export const HOST_LOCAL_MISSING =
  'neither Go, to build host-local, nor /usr/lib/cni/host-local is here: install Go or containernetworking-plugins';

/** What any executable of the plugin's compiler takes: it does nothing, and is compiled with the same flags. */
export async function emptyExecutable(): Promise<string> {
  const bun = findBun();
  const flags = COMPILE_FLAGS.map((flag) => flag.replaceAll(/^-+|\W/g, '')).join('-');
  const path = join(DIRECTORY, `empty-${bun.version}-${flags}`);
  if (existsSync(path)) return path;
  await within(async (directory) => {
    // compile() makes `lessor` of `lessor.cjs`.
    writeFileSync(join(directory, 'lessor.cjs'), '');
    await compile(bun.path, directory, ['--target=bun']);
    renameSync(join(directory, 'lessor'), path);
  });
  return path;
}

const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv) =>
  promisify(execFile)(command, [...args], { env });

/** With a directory beside the destination, so that a rename puts there what is complete. */
async function within<T>(work: (directory: string) => Promise<T>): Promise<T> {
  mkdirSync(DIRECTORY, { recursive: true });
  const directory = mkdtempSync(join(DIRECTORY, '.build-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
