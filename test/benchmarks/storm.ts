/** A thousand nodes whose containers all start at once, online and delegated, beside as many bare conditional writes. */
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import pMap from 'p-map';
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { type Costs, type Meter, meterOf } from '../budgets/meter.ts';
import { world } from '../functions/world.ts';
import { localTables, tables } from '../store/local-tables.ts';
import { timed } from './in-turn.ts';
import type { Figure, Options, Section } from './section.ts';
import { figureOf, type Samples, spreadOf } from './spread.ts';
import { nodesPool, type StormNode, stormNode } from './storm-node.ts';

type Leasing = 'online' | 'delegated';

const NODES = 1_000;
const FEW = 8;
/** Containers that start on each node, which has a block of its own already, with one container in it. */
const CONTAINERS = 2;
/** What is under way at once, of each kind alike: the environments that answer. */
const AT_ONCE = 64;
const ENVIRONMENTS = 64;
/** One process is a thousand nodes: what it has no time to look at is not late. */
const UNHURRIED = { attempts: 3, connectionMs: 30_000, requestMs: 60_000 };
/** Room for every round. */
const BLOCK_SIZE = 16;

export const storm: Section = {
  name: 'storm',
  what: `${NODES} nodes that start ${CONTAINERS} containers each at once, plugin and use cases in one process over DynamoDB Local, beside as many bare conditional writes`,
  async run(options) {
    const local = await localTables();
    try {
      return await measured(options);
    } finally {
      await local.stop();
    }
  },
};

async function measured({ quick, progress }: Options): Promise<Figure[]> {
  const count = quick ? FEW : NODES;
  const rounds = quick ? 1 : 3;
  const client = documentClient(UNHURRIED);
  const meter = meterOf(client);
  const stages: Stage[] = [];
  try {
    for (const leasing of ['online', 'delegated'] as const)
      stages.push(await stage({ client, meter }, leasing, count, (text) => progress(`${leasing}: ${text}`)));
    const came: Record<Leasing, Came[]> = { online: [], delegated: [] };
    const bare: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const { leasing, storm } of round % 2 === 0 ? stages : stages.toReversed()) {
        progress(`round ${round + 1} of ${rounds}, ${leasing}`);
        came[leasing].push(await storm(round));
      }
      progress(`round ${round + 1} of ${rounds}, bare writes`);
      bare.push(await timed(() => bareWrites(client, count * CONTAINERS, round)));
    }
    return figuresOf(came, bare, count * CONTAINERS);
  } finally {
    for (const { remove } of stages) remove();
  }
}

interface Came {
  /** Until every container had its address. */
  readonly addedMs: number;
  readonly onTheWay: Costs;
  /** Requests to the API meanwhile. */
  readonly calls: number;
  /** Until the service knew of all, from the beginning. */
  readonly knownMs: number;
  readonly inAll: Costs;
  readonly callsInAll: number;
}

interface Stage {
  readonly leasing: Leasing;
  /** Further containers on each node. */
  storm(round: number): Promise<Came>;
  remove(): void;
}

/** Nodes with a block of their own, and a container in it. */
async function stage(
  { client, meter }: { readonly client: ReturnType<typeof documentClient>; readonly meter: Meter },
  leasing: Leasing,
  count: number,
  say: (text: string) => void,
): Promise<Stage> {
  const here = world(dynamodbStore(client, tables));
  await nodesPool(here, { name: leasing, leasing, blocks: 2 * NODES, blockSize: BLOCK_SIZE });
  const environments = Array.from({ length: ENVIRONMENTS }, () => here.environment());
  const nodes = Array.from({ length: count }, (_, n) => {
    const [deps = here.environment()] = environments.slice(n % ENVIRONMENTS);
    return stormNode(deps, `i-${leasing}-${n}`, leasing, () => here.clock.now);
  });
  const remove = () => {
    for (const node of nodes) node.remove();
  };
  const inFlight = (work: (node: StormNode) => Promise<unknown>) => pMap(nodes, work, { concurrency: AT_ONCE });
  try {
    const addresses: string[] = [];
    await inFlight(async (node) => {
      addresses.push(await node.add('first'));
      say(`the first container of ${addresses.length} of ${count} nodes`);
      await node.tell();
    });
    return { leasing, remove, storm: (round) => stormOf({ meter, nodes, inFlight, addresses }, round) };
  } catch (error) {
    remove();
    throw error;
  }
}

interface Nodes {
  readonly meter: Meter;
  readonly nodes: readonly StormNode[];
  readonly inFlight: (work: (node: StormNode) => Promise<unknown>) => Promise<unknown>;
  /** Of all containers so far. */
  readonly addresses: string[];
}

async function stormOf({ meter, nodes, inFlight, addresses }: Nodes, round: number): Promise<Came> {
  const calls = () => nodes.reduce((sum, node) => sum + node.requests(), 0);
  const before = calls();
  meter.read();
  const addedMs = await timed(() =>
    inFlight(async (node) => {
      for (let n = 0; n < CONTAINERS; n += 1) addresses.push(await node.add(`c${round}-${n}`));
    }),
  );
  const onTheWay = meter.read();
  const onTheWayCalls = calls() - before;
  const toldMs = await timed(() => inFlight((node) => node.tell()));
  if (new Set(addresses).size < addresses.length) throw new Error('an address was given twice');
  return {
    addedMs,
    onTheWay,
    calls: onTheWayCalls,
    knownMs: addedMs + toldMs,
    inAll: sum(onTheWay, meter.read()),
    callsInAll: calls() - before,
  };
}

const sum = (a: Costs, b: Costs): Costs => ({
  requests: a.requests + b.requests,
  writeUnits: a.writeUnits + b.writeUnits,
  readUnits: a.readUnits + b.readUnits,
});

const bareWrites = (client: ReturnType<typeof documentClient>, count: number, round: number) =>
  pMap(
    Array(count).keys(),
    (n) =>
      client.send(
        new PutCommand({
          TableName: tables.leases,
          Item: { pk: `bare-${round}-${n % NODES}`, sk: String(n), nonce: 'f'.repeat(32), node: `i-${n % NODES}` },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      ),
    { concurrency: AT_ONCE },
  );

function figuresOf(came: Record<Leasing, Came[]>, bare: readonly number[], containers: number): Figure[] {
  const baseline: Samples = { name: 'as many bare writes', samples: bare };
  const wall = (name: string, leasing: Leasing, of: (one: Came) => number) =>
    figureOf({ name, samples: came[leasing].map(of) }, baseline, 'ms');
  const each = (name: string, leasing: Leasing, of: (one: Came) => number, unit: string, atMost?: number): Figure => ({
    name,
    value: spreadOf(
      came[leasing].map((one) => of(one) / containers),
      unit,
    ),
    against: { name: 'one each', value: spreadOf([1], unit) },
    ratio: spreadOf(
      came[leasing].map((one) => of(one) / containers),
      '',
    ),
    ...(atMost === undefined ? {} : { goal: { atMost } }),
  });
  return [
    wall('online: until every container has its address', 'online', (one) => one.addedMs),
    wall('delegated: until every container has its address', 'delegated', (one) => one.addedMs),
    wall('delegated: until the service knows of all', 'delegated', (one) => one.knownMs),
    each('online, an ADD: calls of the API', 'online', (one) => one.calls, 'calls', 1),
    each('online, an ADD', 'online', (one) => one.onTheWay.requests, 'requests', 1),
    each('online, an ADD', 'online', (one) => one.onTheWay.writeUnits, 'write units', 1),
    each('delegated, an ADD on its way: calls of the API', 'delegated', (one) => one.calls, 'calls', 0),
    each('delegated, an ADD on its way', 'delegated', (one) => one.onTheWay.requests, 'requests', 0),
    each('delegated, an ADD in all: calls of the API', 'delegated', (one) => one.callsInAll, 'calls', 1 / CONTAINERS),
    each('delegated, an ADD in all', 'delegated', (one) => one.inAll.requests, 'requests', 1),
    each('delegated, an ADD in all', 'delegated', (one) => one.inAll.writeUnits, 'write units', 1),
  ];
}
