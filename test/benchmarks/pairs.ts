/** Pairs of ADD and DEL as whole processes, with everything that stands behind them on the same processors. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { operatorClient } from '../../local/demo/operator.ts';
import { writeNodeFiles } from '../../local/nodes/node-files.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { startAgent } from './agent.ts';
import { HOST_LOCAL_MISSING, type HostLocal, hostLocal } from './executables.ts';
import { type Contender, inTurn } from './in-turn.ts';
import { calls, type Plugin, requestsOf } from './one-process.ts';
import type { Figure, Options, Section } from './section.ts';
import { figureOf, spreadOf } from './spread.ts';

const POOL = { name: 'delegated', affinity: 'node', leasing: 'delegated', blockSize: 256 } as const;

export const pairs: Section = {
  name: 'pairs',
  what: "a pair of ADD and DEL on a warm node, as whole processes, with API, functions, DynamoDB Local and the agent on the same processors, beside host-local's pair",
  async run(options) {
    const peer = await hostLocal();
    if (peer === undefined) return { skipped: HOST_LOCAL_MISSING };
    const stack = await startStack({ onProgress: options.progress });
    const directory = mkdtempSync(join(tmpdir(), 'lessor-bench-'));
    const { path } = await buildPlugin();
    const config = writeNodeFiles(directory, stack, stack.addNode());
    const stopAgent = await startAgent(path, config);
    try {
      const body = { ...POOL, ranges: [[{ subnet: '10.81.0.0/16' }]] };
      await operatorClient(stack.endpoint, stack.region, stack.operator).ask('createPool', { body });
      return await measured(options, { stack, directory, config, path, peer });
    } finally {
      await stopAgent();
      await stack.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

interface Scene {
  readonly stack: LocalStack;
  readonly directory: string;
  readonly config: string;
  /** Of the plugin. */
  readonly path: string;
  readonly peer: HostLocal;
}

async function measured({ quick, progress }: Options, scene: Scene): Promise<Figure[]> {
  const { directory, config, path, peer } = scene;
  const ours = (ipam: object): Plugin => ({ executable: path, env: { LESSOR_CONFIG: config }, ipam });
  const ranges = [[{ subnet: '10.82.0.0/16' }]];
  const ofPeer = { type: 'host-local', ranges, dataDir: join(directory, 'host-local') };
  const contenders = [
    pairOf(peer.origin, { executable: peer.path, env: {}, ipam: ofPeer }, 'c'),
    pairOf('online', ours({ type: 'lessor', ranges }), 'online'),
    pairOf('delegated, the agent beside', ours({ type: 'lessor', pool: POOL.name }), 'delegated'),
  ];
  const rounds = quick ? 2 : 60;
  const [baseline, online, delegated] = await inTurn(contenders, { rounds, warmUp: quick ? 1 : 10, progress });
  if (baseline === undefined || online === undefined || delegated === undefined)
    throw new Error('nothing was measured');
  const sent = requestsOf(join(directory, 'state', 'lessor.log'), 'delegated').slice(-2 * rounds);
  return [
    figureOf(online, baseline, 'ms', { atMost: 6.5 }),
    figureOf(delegated, baseline, 'ms', { atMost: 3 }),
    {
      name: `requests on the way of these ${sent.length} calls, delegated`,
      value: spreadOf([sent.reduce((sum, one) => sum + one, 0)], 'requests'),
      goal: { atMost: 0 },
    },
  ];
}

const pairOf = (name: string, plugin: Plugin, container: string): Contender => {
  const [add, remove] = [calls(plugin, 'ADD', container), calls(plugin, 'DEL', container)];
  return { name, once: async () => (await add()) + (await remove()) };
};
