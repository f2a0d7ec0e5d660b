/**
 * Builds the plugin: one self-contained executable. `npx tsx cni-shim/build.ts [--out FILE]`.
 * esbuild bundles the source, bun compiles the bundle with its bytecode. An executable whose inputs did not change is left
 * as it is.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

export interface BuildOptions {
  /** Default: `dist/lessor` in the project. */
  readonly out?: string;
}

export interface BuiltPlugin {
  readonly path: string;
  readonly bytes: number;
  /** False where an executable of the same inputs was there already. */
  readonly built: boolean;
}

export const project = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * Without the two autoload flags the executable, which runs as root, would run what a bunfig.toml in its working directory
 * names and read the .env there. Identifiers keep their names: bun's minifier had collisions.
 * A call is over before code that was compiled further for it would have paid: none is, but in the agent
 * (`machine/compiling.ts`).
 */
export const COMPILE_FLAGS = [
  '--compile',
  '--bytecode',
  '--minify-whitespace',
  '--minify-syntax',
  '--compile-jit-policy=1000',
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
];

const THIS_PLATFORM = ['--target=bun'];

/** @throws Error where this platform has no bun, or a compiler fails */
export async function buildPlugin({ out = join(project, 'dist', 'lessor') }: BuildOptions = {}): Promise<BuiltPlugin> {
  const path = resolve(out);
  const bun = findBun();
  const bundle = await bundlePlugin();
  const inputs = createHash('sha256')
    .update([bun.version, ...COMPILE_FLAGS, ...THIS_PLATFORM, bundle].join('\n'))
    .digest('hex');
  const record = `${path}.inputs`;
  if (existsSync(path) && existsSync(record) && readFileSync(record, 'utf8') === recordOf(inputs, path))
    return { path, bytes: statSync(path).size, built: false };
  mkdirSync(dirname(path), { recursive: true });
  // Beside its destination: rename(2) is atomic within one file system only.
  const directory = mkdtempSync(join(dirname(path), '.build-'));
  try {
    writeFileSync(join(directory, 'lessor.cjs'), bundle);
    await compile(bun.path, directory, THIS_PLATFORM);
    chmodSync(join(directory, 'lessor'), 0o755);
    renameSync(join(directory, 'lessor'), path);
    writeFileSync(record, recordOf(inputs, path));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return { path, bytes: statSync(path).size, built: true };
}

/** Size and time tell an executable that somebody else put there since. */
function recordOf(inputs: string, path: string): string {
  const { size, mtimeMs } = statSync(path);
  return `${inputs} ${size} ${mtimeMs}\n`;
}

/** The plugin as one CommonJS script (bun's bytecode needs that); Node runs it as well. */
export async function bundlePlugin(): Promise<string> {
  const result = await build({
    entryPoints: [join(project, 'cni-shim', 'main.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    // The runtime's own.
    external: ['bun:sqlite'],
    format: 'cjs',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    define: { LESSOR_VERSION: JSON.stringify(packageVersion()) },
    write: false,
    logLevel: 'silent',
    absWorkingDir: project,
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error('esbuild made no bundle of cni-shim/main.ts');
  return file.text;
}

function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

/** The pinned bun of this platform. @throws Error where it is not installed */
export function findBun(): { path: string; version: string } {
  const cpu = process.arch === 'arm64' ? 'aarch64' : process.arch;
  const name = `@oven/bun-${process.platform}-${cpu}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    return { path: join(dirname(manifest), 'bin', 'bun'), version };
  } catch (cause) {
    const remedy = 'run npm ci without --omit=optional on Linux or macOS, x64 or arm64';
    throw new Error(`${name}, which compiles the plugin, is not installed: ${remedy}`, { cause });
  }
}

/**
 * Makes `lessor` of `entry`, both in `directory`: one of its own, so that no bunfig.toml or .env of the project takes part.
 * @param flags beside those of every executable. @throws Error with what bun said, where it fails
 */
export async function compile(
  bun: string,
  directory: string,
  flags: readonly string[],
  entry = 'lessor.cjs',
): Promise<void> {
  const { PATH = '', HOME = directory } = process.env;
  const child = spawn(bun, ['build', entry, ...COMPILE_FLAGS, ...flags, '--outfile=lessor'], {
    cwd: directory,
    env: { PATH, HOME },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((done, failed) => child.once('error', failed).once('close', done));
  if (code !== 0) throw new Error(`bun could not compile it (exit code ${code}):\n${said.trim()}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  const { path, bytes, built } = await buildPlugin(values.out === undefined ? {} : { out: values.out });
  console.log(`${path}: ${(bytes / 1e6).toFixed(1)} MB${built ? '' : ', up to date'}`);
}
