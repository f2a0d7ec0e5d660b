/** The code of the functions: the package brings it bundled, beside this module; in the project it is bundled when asked for. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { type BundleName, bundleNames } from './function-names.ts';

const IN_PACKAGE = fileURLToPath(new URL('functions/', import.meta.url));
const ROOT = fileURLToPath(new URL('../', import.meta.url));

let bundles: string | undefined;

/** A function's code, with all that it needs: `index.mjs`, which exports `handler`. */
export function codeOf(name: BundleName): Code {
  bundles ??= existsSync(IN_PACKAGE) ? IN_PACKAGE : bundled();
  return Code.fromAsset(join(bundles, name));
}

/** Into a directory that is gone with this process: CDK copies each asset into its output as soon as it is named. */
function bundled(): string {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-functions-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  bundleFunctions(directory);
  return directory;
}

/** Writes `<name>/index.mjs` of each function into a directory. */
export function bundleFunctions(directory: string): void {
  // Only here: the package does without it.
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: bundleNames.map((name) => ({ in: `functions/${name}/handler.ts`, out: `${name}/index` })),
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    // Not Lambda's Node: the local stack runs the same bundle on whichever Node starts it.
    target: 'node20',
    mainFields: ['module', 'main'],
    // A minified bundle starts no faster (40 ms for 0.4 MB and for 1 MB), and its stack traces say nothing.
    minify: false,
    logLevel: 'warning',
  });
}
