/**
 * Builds lessorctl for this machine: one executable, `npx tsx lessorctl/build/build.ts [--out FILE]`. Called as `kubectl-lessor`,
 * by a link beside it, it is kubectl's `kubectl lessor`.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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
    writeFileSync(join(directory, 'lessor.cjs'), await bundleControl());
    await compile(findBun().path, directory, ['--target=bun']);
    chmodSync(join(directory, 'lessor'), 0o755);
    renameSync(join(directory, 'lessor'), path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const plugin = join(dirname(path), 'kubectl-lessor');
  if (!existsSync(plugin)) symlinkSync(basename(path), plugin);
  return path;
}

/** As one CommonJS script (bun's bytecode needs that), of which a part runs once it is asked for; Node runs it as well. */
export async function bundleControl(): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
  const result = await build({
    entryPoints: [join(project, 'lessorctl', 'main.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    define: { LESSOR_VERSION: JSON.stringify(version) },
    plugins: [embeddedPage()],
    write: false,
    logLevel: 'silent',
    absWorkingDir: project,
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error('esbuild made no bundle of lessorctl/main.ts');
  return file.text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  console.log(await buildControl(values.out));
}
