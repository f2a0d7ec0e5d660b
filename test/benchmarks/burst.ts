/** As many ADDs at once as a large node starts with, in whole processes, beside as many empty executables of the same compiler. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { operatorClient } from '../../local/demo/operator.ts';
import { writeNodeFiles } from '../../local/nodes/node-files.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { startAgent } from './agent.ts';
import { addressesOf, atOnce, type Came } from './at-once.ts';
import { emptyExecutable, HOST_LOCAL_MISSING, hostLocal } from './executables.ts';
import { type Contender, inTurn } from './in-turn.ts';
import type { Figure, Goal, Options, Section } from './section.ts';
import { figureOf } from './spread.ts';

const CONTAINERS = 256;
const FEW = 8;
/** A /16 has 256 blocks of that size: each round has nodes of its own, which claim one or two each. */
const POOL = { affinity: 'node', leasing: 'delegated', blockSize: 256 } as const;
const SUBNET = '10.77.0.0/16';
const GOAL: Goal = { atMost: 3 };

type Kind = 'delegated' | 'online';

const sectionOf = (name: string, kind: Kind, how: string): Section => ({
  name,
  what: `${CONTAINERS} ADDs at once on one node${how}, beside as many empty executables of the plugin's compiler`,
  async run(options) {
    const stack = await startStack({ onProgress: options.progress });
    try {
      const body = { name: 'delegated', ...POOL, ranges: [[{ subnet: SUBNET }]] };
      await operatorClient(stack.endpoint, stack.region, stack.operator).ask('createPool', { body });
      return await measured(stack, kind, options);
    } finally {
      await stack.stop();
    }
  },
});

export const burst = sectionOf('burst', 'delegated', '');
export const burstOnline = sectionOf(
  'burst-online',
  'online',
  ' in a shared pool, with API, functions and DynamoDB Local on the same processors',
);

/** The time of its processes' work is kept beside the samples. */
interface Crowded extends Contender {
  readonly cpu: number[];
  readonly goal?: Goal;
}

async function measured(stack: LocalStack, kind: Kind, { quick, progress, note }: Options): Promise<Figure[]> {
  const count = quick ? FEW : CONTAINERS;
  const [{ path: plugin }, empty, peer] = [await buildPlugin(), await emptyExecutable(), await hostLocal()];
  if (peer === undefined) note(`without host-local: ${HOST_LOCAL_MISSING}`);
  const nothing = contender('as many empty executables', () =>
    atOnce({ executable: empty, env: {}, stdin: '', count }),
  );
  const lessor = (name: string, options: NodeOptions, goal?: Goal) =>
    contender(name, () => onNewNode(stack, plugin, count, options), goal);
  const delegated = { pool: 'delegated' };
  const contenders = {
    delegated: () => [
      lessor('delegated', { ipam: delegated }, GOAL),
      lessor('delegated, the agent beside', { ipam: delegated, agent: true }, GOAL),
      ...(peer === undefined ? [] : [contender(peer.origin, () => ofHostLocal(peer.path, count))]),
    ],
    online: () => [lessor('online', { ipam: { ranges: [[{ subnet: '10.78.0.0/16' }]] } })],
  };
  const all = [nothing, ...contenders[kind]()];
  const [baseline, ...samples] = await inTurn(all, { rounds: quick ? 1 : 3, warmUp: quick ? 0 : 1, progress });
  if (baseline === undefined) throw new Error('there is no baseline');
  const rounds = baseline.samples.length;
  return samples.flatMap((one, index) => {
    const { name, cpu = [], goal } = all[index + 1] ?? nothing;
    const [own, other] = [cpu, nothing.cpu].map((all) => ({
      name: `${name}, processor time`,
      samples: all.slice(-rounds),
    }));
    if (own === undefined || other === undefined) return [];
    return [figureOf(one, baseline, 'ms', goal), figureOf(own, { ...other, name: nothing.name }, 'ms')];
  });
}

function contender(name: string, run: () => Promise<Came>, goal?: Goal): Crowded {
  const cpu: number[] = [];
  const once = async () => {
    const came = await run();
    cpu.push(came.cpuMs);
    return came.wallMs;
  };
  return { name, once, cpu, ...(goal === undefined ? {} : { goal }) };
}

interface NodeOptions {
  readonly ipam: object;
  /** Its agent runs, as on every node that is set up by the chart. */
  readonly agent?: boolean;
}

const configurationOf = (ipam: object) => JSON.stringify({ cniVersion: '1.0.0', name: 'burst', type: 'bridge', ipam });
const environmentOf = (verb: string) => ({
  CNI_COMMAND: verb,
  CNI_IFNAME: 'eth0',
  CNI_NETNS: '/var/run/netns/benchmark',
  CNI_PATH: '/usr/lib/cni',
});

/** On a node whose first container has made it known to the service; afterwards all are deleted. */
async function onNewNode(
  stack: LocalStack,
  plugin: string,
  count: number,
  { ipam, agent = false }: NodeOptions,
): Promise<Came> {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-bench-'));
  const config = writeNodeFiles(directory, stack, stack.addNode());
  const stdin = configurationOf({ type: 'lessor', ...ipam });
  const crowd = (verb: string, prefix: string, of: number) =>
    atOnce({ executable: plugin, env: { LESSOR_CONFIG: config, ...environmentOf(verb) }, stdin, count: of, prefix });
  let stopAgent = async () => {};
  try {
    await crowd('ADD', 'first', 1);
    if (agent) stopAgent = await startAgent(plugin, config);
    const came = await crowd('ADD', 'c', count);
    addressesOf(came);
    await crowd('DEL', 'c', count);
    return came;
  } finally {
    await stopAgent();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function ofHostLocal(executable: string, count: number): Promise<Came> {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-bench-'));
  const ipam = { type: 'host-local', ranges: [[{ subnet: '10.79.0.0/16' }]], dataDir: directory };
  try {
    const crowd = (verb: string) =>
      atOnce({ executable, env: environmentOf(verb), stdin: configurationOf(ipam), count });
    const came = await crowd('ADD');
    addressesOf(came);
    await crowd('DEL');
    return came;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
