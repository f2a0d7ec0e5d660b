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

/** A function's code, with all that it needs: `index.mjs` exports `handler`. */
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
export function bundleFunctions(directory: string, names: readonly BundleName[] = bundleNames): void {
  // Each by itself: of files that several share, each would have to bring all.
  for (const name of names) bundleFunction(`functions/${name}/handler.ts`, join(directory, name));
}

/** Writes `index.mjs` into a directory, and beside it what is loaded only when it is needed. @param entry seen from the project, or absolute */
export function bundleFunction(entry: string, directory: string): void {
  // Only here: the package does without it.
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: [{ in: entry, out: 'index' }],
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is imported on the way is a file of its own: events, and the SDK's many ways to credentials. It is not read at the start.
    splitting: true,
    platform: 'node',
    format: 'esm',
    // Not Lambda's Node: the local stack runs the same bundle on whichever Node starts it.
    target: 'node20',
    mainFields: ['module', 'main'],
    // A minified bundle starts hardly faster (docs/functions.md), and its stack traces say nothing.
    minify: false,
    logLevel: 'warning',
  });
}
