/** What each operation costs in DynamoDB, beside what it is meant to cost. Counted, not timed: every run says the same. */
import type { Store } from '../../core/store.ts';
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { aimedAt } from '../budgets/aimed-at.ts';
import { type Costs, type Meter, meterOf } from '../budgets/meter.ts';
import { operations } from '../budgets/operations.ts';
import { world } from '../functions/world.ts';
import { localTables, tables } from '../store/local-tables.ts';
import type { Figure, Section } from './section.ts';
import { spreadOf } from './spread.ts';
import { nodesPool, stormNode } from './storm-node.ts';

const KINDS = { requests: 'requests', writeUnits: 'write units', readUnits: 'read units' } as const;

export const requests: Section = {
  name: 'requests',
  what: "each operation's requests and units in DynamoDB Local, beside its budget",
  async run({ progress }) {
    const local = await localTables();
    try {
      const client = documentClient();
      const [store, meter] = [dynamodbStore(client, tables), meterOf(client)];
      const figures: Figure[] = [];
      for await (const [operation, costs] of operations(store, meter)) {
        progress(operation);
        const budget = aimedAt[operation];
        if (budget === undefined)
          throw new Error(`${operation} has no budget: give it one in test/budgets/aimed-at.ts`);
        figures.push(...figuresOf(operation, costs, budget));
      }
      progress('where leasing is delegated');
      return [...figures, ...(await delegated(store, meter))];
    } finally {
      await local.stop();
    }
  },
};

/** As many as one batch takes. */
const CONTAINERS = 25;

/** Of the plugin's own verbs, on a node that has a block, with one container in it, in a pool where it leases by itself. */
async function delegated(store: Store, meter: Meter): Promise<Figure[]> {
  const here = world(store);
  await nodesPool(here, { name: 'delegated', leasing: 'delegated', blocks: 4, blockSize: 64 });
  const node = stormNode(here.environment(), 'i-delegated', 'delegated', () => here.clock.now);
  const containers = Array.from({ length: CONTAINERS }, (_, n) => `c${n}`);
  const figures: Figure[] = [];
  const of = async (name: string, budget: Told, work: () => Promise<void>) => {
    const before = node.requests();
    meter.read();
    await work();
    const { requests: asked } = meter.read();
    figures.push(counted(name, node.requests() - before, 'calls of the API', budget.calls));
    figures.push(counted(name, asked, 'requests', budget.requests));
  };
  const eachOf = (work: (container: string) => Promise<unknown>) => async () => {
    for (const container of containers) await work(container);
  };
  try {
    await node.add('first');
    await node.tell();
    const nothing = { calls: 0, requests: 0 };
    const batch = { calls: 1, requests: CONTAINERS };
    await of('delegated: 25 ADDs, on their way', nothing, eachOf(node.add));
    await of('delegated: 25 ADDs, told afterwards', batch, node.tell);
    await of('delegated: 25 DELs, on their way', nothing, eachOf(node.delete));
    await of('delegated: 25 DELs, told afterwards', batch, node.tell);
    return figures;
  } finally {
    node.remove();
  }
}

interface Told {
  readonly calls: number;
  readonly requests: number;
}

/** No ratio to nothing: where the budget is 0 the goal is of the figure itself. */
const counted = (name: string, value: number, unit: string, budget: number): Figure => ({
  name,
  value: spreadOf([value], unit),
  against: { name: 'budget', value: spreadOf([budget], unit) },
  ...(budget === 0 ? {} : { ratio: spreadOf([value / budget], '') }),
  goal: { atMost: budget === 0 ? 0 : 1 },
});

/** None where neither budget nor cost is anything. */
const figuresOf = (operation: string, costs: Costs, budget: Costs): Figure[] =>
  (['requests', 'writeUnits', 'readUnits'] as const)
    .filter((kind) => budget[kind] + costs[kind] > 0)
    .map((kind) => counted(operation, costs[kind], KINDS[kind], budget[kind]));
