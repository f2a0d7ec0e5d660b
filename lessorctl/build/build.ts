/**
 * Builds lessorctl for this machine: one executable, `npx tsx lessorctl/build/build.ts [--out FILE]`. Called as `kubectl-lessor`,
 * by a link beside it, it is kubectl's `kubectl lessor`.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { compile, findBun, project } from '../../cni-shim/build/build.ts';
import { embeddedPage } from '../../console/build/build-page.ts';

/** @returns its path. @throws Error where this platform has no bun, or a compiler fails */
export async function buildControl(out = join(project, 'dist', 'lessorctl')): Promise<string> {
  const path = resolve(out);
  mkdirSync(dirname(path), { recursive: true });
  // Beside its destination: rename(2) is atomic within one file system only.
  const directory = mkdtempSync(join(dirname(path), '.build-'));
  try {
    await bundleControl(directory);
    renameSync(await compileControl(directory, ['--target=bun']), path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const plugin = join(dirname(path), 'kubectl-lessor');
  if (!existsSync(plugin)) symlinkSync(basename(path), plugin);
  return path;
}

const ENTRY = 'lessorctl.mjs';

/** As modules in `directory`: what a command needs is read once it is called, and help waits for none of it. Node runs them too. */
export async function bundleControl(directory: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
  await build({
    entryPoints: { [ENTRY.replace('.mjs', '')]: join(project, 'lessorctl', 'main.ts') },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    // Packages that are CommonJS ask for Node's own modules by it.
    banner: {
      js: "import{createRequire as lessorRequire}from'node:module';const require=lessorRequire(import.meta.url);",
    },
    define: { LESSOR_VERSION: JSON.stringify(version) },
    plugins: [embeddedPage()],
    logLevel: 'silent',
    absWorkingDir: project,
  });
}

/** Of what `bundleControl` left there. @returns the executable's path, in the same directory */
export async function compileControl(directory: string, flags: readonly string[]): Promise<string> {
  await compile(findBun().path, directory, ['--format=esm', '--splitting', ...flags], ENTRY);
  chmodSync(join(directory, 'lessor'), 0o755);
  return join(directory, 'lessor');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  console.log(await buildControl(values.out));
}
