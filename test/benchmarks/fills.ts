/** What an ADD costs in a pool that is filled to some degree, with 1, 8 and 64 nodes at once. Counted, not timed. */
import type { Store } from '../../core/store.ts';
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { ADDS, type Affinity, chance, costOfAdd, environments, filledPool, SLOTS } from '../budgets/cost-of-add.ts';
import { type Costs, type Meter, meterOf } from '../budgets/meter.ts';
import { counted } from '../functions/intercepted.ts';
import { world } from '../functions/world.ts';
import { localTables, tables } from '../store/local-tables.ts';
import { memoryStore } from '../store/memory-store.ts';
import { leaseItem, writing } from './function-store.ts';
import type { Figure, Options, Section } from './section.ts';
import { spreadOf } from './spread.ts';

interface Case {
  readonly affinity: Affinity;
  /** Of the slots, or with node affinity of the blocks, so many are others': 0 to 1. */
  readonly fill: number;
  readonly atOnce: readonly number[];
}

/** With node affinity there would be fewer free blocks at 99 % than nodes that want one. */
const CASES: readonly Case[] = (
  [
    ['shared', [0, 0.5, 0.9, 0.99]],
    ['node', [0, 0.5, 0.9]],
  ] as const
).flatMap(([affinity, fills]) => fills.map((fill) => ({ affinity, fill, atOnce: [1, 8, 64] })));
const FEW: readonly Case[] = [
  { affinity: 'shared', fill: 0.99, atOnce: [8] },
  { affinity: 'node', fill: 0.9, atOnce: [8] },
];
const NAMES: Record<Affinity, string> = { shared: 'shared pool', node: 'node affinity' };

export const fills: Section = {
  name: 'fills',
  what: `an ADD's requests and units, the mean of ${ADDS}, in pools of ${SLOTS} addresses, beside its budget`,
  async run({ quick, progress }) {
    if (quick) return figuresOf(FEW, inMemory, progress);
    const local = await localTables();
    try {
      return await figuresOf(CASES, inDynamodb, progress);
    } finally {
      await local.stop();
    }
  },
};

/** What the others do goes through `unmetered`. */
interface Stores {
  readonly store: Store;
  readonly unmetered: Store;
  readonly meter: Meter;
  /** Where there is a quicker way than one after the other. */
  readonly holdAll?: NonNullable<Parameters<typeof filledPool>[2]['holdAll']>;
}

function inDynamodb(): Stores {
  const client = documentClient();
  const others = documentClient();
  const write = writing(others, tables.leases);
  return {
    store: dynamodbStore(client, tables),
    unmetered: dynamodbStore(others, tables),
    meter: meterOf(client),
    holdAll: (leases) => write(leases.map(([key, holding]) => leaseItem(key, holding))),
  };
}

/** Its requests stand for those of DynamoDB one by one; it knows no units. */
function inMemory(): Stores {
  const unmetered = memoryStore();
  const { store, requests } = counted(unmetered);
  const read = () => ({ requests: requests.splice(0).length, writeUnits: 0, readUnits: 0 });
  return { store, unmetered, meter: { read } };
}

async function figuresOf(
  cases: readonly Case[],
  stores: () => Stores,
  progress: Options['progress'],
): Promise<Figure[]> {
  const { store, unmetered, meter, ...bulk } = stores();
  const figures: Figure[] = [];
  for (const { affinity, fill, atOnce } of cases) {
    const here = world(unmetered);
    const random = chance(1);
    const title = `${NAMES[affinity]}, ${fill * 100} % held`;
    progress(`filling: ${title}`);
    const name = `${affinity}-${fill * 100}`;
    const others = await filledPool(here, name, { affinity, fill, random, ...bulk });
    const cost = (allocators: number, count: number) => {
      const environment = environments(here, count, { store, random });
      return costOfAdd(here, meter, {
        name,
        prefix: `${name}-${allocators}-${count}`,
        allocators,
        others,
        environment,
      });
    };
    for (const allocators of atOnce) {
      progress(`${title}, ${allocators} at once`);
      figures.push(...beside(`${title}, ${allocators} at once`, await cost(allocators, allocators), fill));
    }
    if (affinity === 'shared' && fill === 0.99)
      figures.push(...beside(`${title}, 64 at once in one environment`, await cost(64, 1), fill));
  }
  return figures;
}

/** A Query of a block costs a read unit or two. */
function beside(name: string, { requests, writeUnits, readUnits }: Costs, fill: number): Figure[] {
  const budget = fill > 0.9 ? 3 : 2;
  const figure = (value: number, unit: string, than: number, what: string): Figure => ({
    name,
    value: spreadOf([value], unit),
    against: { name: what, value: spreadOf([than], unit) },
    ratio: spreadOf([value / than], ''),
    ...(what === 'budget' ? { goal: { atMost: 1 } } : {}),
  });
  return [
    figure(requests, 'requests', budget, 'budget'),
    ...(writeUnits === 0 ? [] : [figure(writeUnits, 'write units', 1, 'a bare write')]),
    ...(readUnits === 0 ? [] : [figure(readUnits, 'read units', 1, 'a bare read')]),
  ];
}
