/** The executable: `lessorctl`, or `kubectl-lessor`, which kubectl calls as `kubectl lessor`. */
import { basename } from 'node:path';
import process, { argv, stderr, stdout } from 'node:process';
import { run } from './command-line/run.ts';
import { processShell } from './shell/process-shell.ts';

// Which Node versions the SDK will run on next year is nothing to whoever asks for a pool: the executable has its own runtime.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

declare const LESSOR_VERSION: string | undefined;

// Whoever reads no further has what he wanted.
for (const stream of [stdout, stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const isPlugin = [process.argv0, process.execPath, argv[1] ?? ''].some((path) =>
  /^kubectl[-_]lessor/.test(basename(path)),
);

const called = {
  name: isPlugin ? 'kubectl lessor' : 'lessorctl',
  version: typeof LESSOR_VERSION === 'string' ? LESSOR_VERSION : 'of the sources',
};
// Not awaited at the top: the executable is a CommonJS script.
run(argv.slice(2), called, processShell()).then((exitCode) => {
  process.exitCode = exitCode;
});
