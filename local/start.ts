/** `npm start`: the local stack and the plugin on one machine, and one pod's way from ADD to reclaim. */
import { parseArgs } from 'node:util';
import color from 'picocolors';
import { buildPlugin } from '../cni-shim/build/build.ts';
import { LessorError } from '../core/contract/problems.ts';
import { demonstrate } from './demo/demo.ts';
import { openDemoNodes } from './demo/demo-nodes.ts';
import { terminalProgress } from './progress.ts';
import { startStack } from './stack/stack.ts';

const DEFAULT_PORT = 8470;

const HELP = `Lessor on one machine: DynamoDB Local, the API on 127.0.0.1, the compiled plugin, two nodes.

  npm start [-- options]

  --once        run the demonstration and end (exit 0 if all of it worked)
  --port PORT   where the API listens on 127.0.0.1 (default: ${DEFAULT_PORT}; 0: any free port)
  --help        this text
`;

async function main(): Promise<void> {
  const options = readOptions();
  if (options === undefined) return;
  const progress = terminalProgress();
  const ending: (() => Promise<void> | void)[] = [];
  const end = async () => {
    for (const step of ending.splice(0).reverse()) await step();
  };
  const interrupted = new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop());
    // npm may be killed without a word to its child.
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && stop(), 1000).unref();
  });
  let up = false;
  const early = () => {
    if (!up) process.exitCode = 130;
  };
  const run = async () => {
    progress.begin('compiling the plugin');
    const plugin = await buildPlugin();
    const stack = await startStack({ port: options.port, onProgress: (phase) => progress.begin(phase) });
    ending.push(() => stack.stop());
    progress.begin('preparing two nodes');
    const nodes = await openDemoNodes(stack, plugin.path);
    ending.push(() => nodes.stop());
    progress.end();
    await demonstrate(stack, nodes);
    if (options.once) return;
    up = true;
    console.log(nodes.invitation());
    await interrupted;
    console.log('\nEnding what was started.');
  };
  try {
    // A second signal must not end the process while it cleans up, so the handlers stay.
    await Promise.race([run(), interrupted.then(early)]);
  } finally {
    await end();
  }
}

function readOptions(): { once: boolean; port: number } | undefined {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      port: { type: 'string', default: String(DEFAULT_PORT) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return undefined;
  }
  const port = Number(values.port);
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535) {
    throw new LessorError('request.invalid', `--port ${values.port} is not a port`, {
      remedy: 'give a number from 0 to 65535',
    });
  }
  return { once: values.once, port };
}

main().then(
  () => process.exit(process.exitCode ?? 0),
  (error: unknown) => {
    const usage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    const known = error instanceof LessorError || usage;
    console.error(`${color.red('✗')} ${known ? (error as Error).message : ((error as Error)?.stack ?? error)}`);
    if (usage) console.error(HELP);
    process.exit(error instanceof LessorError ? error.kind.exit : usage ? 21 : 1);
  },
);
