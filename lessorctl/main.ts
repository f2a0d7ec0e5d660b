/** The executable: `lessorctl`, or `kubectl-lessor`, which kubectl calls as `kubectl lessor`. */
import { basename } from 'node:path';
import process, { argv } from 'node:process';
import { run } from './command-line/run.ts';
import { processShell } from './shell/process-shell.ts';

// Which Node versions the SDK will run on next year is nothing to whoever asks for a pool: the executable has its own runtime.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

declare const LESSOR_VERSION: string | undefined;

const isPlugin = [process.argv0, process.execPath, argv[1] ?? ''].some((path) =>
  /^kubectl[-_]lessor/.test(basename(path)),
);

const called = {
  name: isPlugin ? 'kubectl lessor' : 'lessorctl',
  version: typeof LESSOR_VERSION === 'string' ? LESSOR_VERSION : 'of the sources',
};
process.exitCode = await run(argv.slice(2), called, processShell());
