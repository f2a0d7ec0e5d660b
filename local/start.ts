/** `npm start`: the local stack and the plugin on one machine, and a pod's way from ADD to reclaim. */
import { argv, stderr, stdout } from 'node:process';
import { buildPlugin } from '../cni-shim/build/build.ts';
import { serveConsole } from '../console/server/serve.ts';
import { LessorError } from '../core/contract/problems.ts';
import { serviceAt } from '../lessorctl/api/service.ts';
import { processShell } from '../lessorctl/shell/process-shell.ts';
import { demonstrate } from './demo/demo.ts';
import type { Tell } from './demo/demo-event.ts';
import { demoNetwork } from './demo/demo-network.ts';
import { openDemoNodes } from './demo/demo-nodes.ts';
import { story } from './demo/story.ts';
import { alsoSearchSbin } from './nodes/node-network.ts';
import { HELP, INTERRUPTED, readOptions, type StartOptions } from './options.ts';
import { type Progress, terminalProgress } from './progress.ts';
import { screenOf } from './screen.ts';
import { type LocalStack, startStack } from './stack/stack.ts';

/** A spectator waits no half a minute for a queue. */
const PACE = 15;

type Stop = 'interrupted' | 'unread';

/** Resolves when it is to end: a signal came, npm is gone, or nobody reads its output any more. */
function stopAsked(): Promise<Stop> {
  return new Promise((stop) => {
    // The handlers stay: a second signal must not end the process while it cleans up.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop('interrupted'));
    // npm may be killed without a word to its child.
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && stop('interrupted'), 1000).unref();
    for (const stream of [stdout, stderr]) stream.on('error', () => stop('unread'));
  });
}

/** @returns the exit code */
async function main(options: StartOptions): Promise<number> {
  let up = false;
  // Whoever reads no further has what he wanted, and npm would print an error for any other code.
  const stopped = stopAsked().then((why) => (up || why === 'unread' ? 0 : INTERRUPTED));
  const tell: Tell = options.json
    ? (event) => console.log(JSON.stringify(event))
    : story(screenOf(stdout), (line) => console.log(line));
  const progress = terminalProgress();
  const ending: (() => Promise<void> | void)[] = [];
  const run = async (): Promise<number> => {
    const { stack, nodes } = await prepare(options, progress, ending);
    await demonstrate(stack, nodes, tell);
    if (options.once) return 0;
    const page = await consoleOf(stack);
    ending.push(() => page.stop());
    up = true;
    const { endpoint } = stack;
    const { directory } = nodes;
    tell({ step: 'ready', endpoint, directory, network: demoNetwork.name, console: page.address });
    return stopped;
  };
  try {
    return await Promise.race([run(), stopped]);
  } finally {
    progress.abandon();
    progress.begin('ending what was started');
    for (const step of ending.splice(0).reverse()) await step();
    progress.end();
  }
}

/** `ending`: what ends is added to it as soon as it has begun. */
async function prepare({ port, orAnyPort }: StartOptions, progress: Progress, ending: (() => Promise<void> | void)[]) {
  alsoSearchSbin();
  progress.begin('compiling the plugin');
  const plugin = await buildPlugin().catch((cause: unknown) => {
    throw new LessorError('service.unavailable', `The plugin cannot be compiled: ${(cause as Error).message}`, {
      cause,
    });
  });
  const stack = await startStack({ port, orAnyPort, pace: PACE, onProgress: (phase) => progress.begin(phase) });
  ending.push(() => stack.stop());
  progress.begin('preparing two nodes');
  const nodes = await openDemoNodes(stack, plugin.path);
  ending.push(() => nodes.stop());
  progress.end();
  return { stack, nodes };
}

/** It asks as the operator of the local stack. */
function consoleOf({ endpoint, region, operator }: LocalStack) {
  const service = serviceAt({ endpoint, region, keys: async () => operator, shell: processShell() });
  return serveConsole({ service, endpoint, vrf: 'default', port: 0 });
}

async function start(): Promise<number> {
  const options = readOptions(argv.slice(2));
  if (!options.help) return main(options);
  stdout.write(HELP);
  return 0;
}

start().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const known = error instanceof LessorError;
    const said = known ? error.message : error instanceof Error ? error.stack : String(error);
    console.error(`${screenOf(stderr).color.red('✗')} ${said}`);
    process.exit(known ? error.kind.exit : 1);
  },
);
