/** What an ADD costs in a pool that is filled to some degree, with some nodes allocating at the same time. */
import pMap from 'p-map';
import type { PoolDefinition } from '../../core/contract/pool.ts';
import type { Holding } from '../../core/protocol/lease.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { add, attachmentOf, nonceOf, operatorsPool, type World } from '../functions/world.ts';
import { endingAt } from '../store/ending.ts';
import { askingNode } from './asking-node.ts';
import type { Costs, Meter } from './meter.ts';

/** A number from 0 up to, but not including, `below`. */
type Random = (below: number) => number;
export type Affinity = PoolDefinition['affinity'];

export interface Setting {
  /** Of the pool. */
  readonly name: string;
  /** With which the nodes' names begin: they are new ones. */
  readonly prefix: string;
  /** Nodes that allocate at the same time. */
  readonly allocators: number;
  readonly others: Others;
  /** Which Lambda environment answers the next request; only what these ask the store is counted. */
  readonly environment: () => Dependencies;
}

/** 960 blocks: so many that what is measured hardly fills it further. */
export const SLOTS = 61_440;
const BLOCK_SIZE = 64;
const BLOCKS = SLOTS / BLOCK_SIZE;
/** All nodes together: the mean of so many differs little from that of so many more. */
export const ADDS = 512;
/** As many pods as a large node has. */
const MOST_OF_NODE = 64;

/** The same numbers in each run, from 0 up to, but not including, `below`: mulberry32. */
export function chance(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Others, who hold so much of a pool that it stays as full as it was. */
export interface Others {
  /** One of them releases a slot somewhere, which has cooled at once. Where they own blocks they keep them. */
  leaveOne(): Promise<void>;
}

interface Filling {
  readonly affinity: Affinity;
  readonly fill: number;
  readonly random: Random;
  /** At most 25, which nobody holds. */
  readonly holdAll?: (leases: readonly (readonly [SlotKey, Holding])[]) => Promise<unknown>;
}

/** A pool of which `fill`, from 0 to 1, is held, slots or whole blocks anywhere in it, by others. */
export async function filledPool(
  here: World,
  name: string,
  { affinity, fill, random, holdAll = eachHeld(here) }: Filling,
): Promise<Others> {
  const pool = await operatorsPool(here, { addresses: SLOTS, blockSize: BLOCK_SIZE, name });
  await here.store.pools.openPool(pool.id, 256n, BigInt(BLOCKS));
  const state = await here.store.pools.readPool(pool.id);
  if (state) await here.store.pools.changePool({ ...state, definition: { ...pool, affinity }, version: 2 });
  const chosen = some(affinity === 'shared' ? SLOTS : BLOCKS, fill, random);
  const held = affinity === 'shared' ? [...chosen] : [];
  const chunks = Array.from({ length: Math.ceil(chosen.length / 25) }, (_, n) => chosen.slice(n * 25, n * 25 + 25));
  const occupy = (some: readonly number[]): Promise<unknown> =>
    affinity === 'shared'
      ? holdAll(some.map((ordinal) => [slotAt(pool.id, ordinal), { ...other(ordinal), incarnation: 1, heldAt: 0 }]))
      : Promise.all(some.map((ordinal) => claimBlock(here, pool.id, ordinal)));
  await pMap(chunks, occupy, { concurrency: 8 });
  return {
    leaveOne: async () => {
      const [ordinal] = held.splice(random(held.length), 1);
      if (ordinal !== undefined) await leaveSlot(here, pool.id, ordinal);
    },
  };
}

const slotAt = (pool: string, ordinal: number) => ({
  pool,
  block: BigInt(Math.floor(ordinal / BLOCK_SIZE)),
  slot: ordinal % BLOCK_SIZE,
});
const other = (ordinal: number) => ({
  attachment: attachmentOf(`other-${ordinal}`),
  nonce: nonceOf(ordinal),
  node: 'others',
});

const eachHeld =
  ({ store }: World): NonNullable<Filling['holdAll']> =>
  (leases) =>
    Promise.all(leases.map(([key, holding]) => store.leases.hold(key, holding, 1)));

const leaveSlot = ({ store }: World, pool: string, ordinal: number): Promise<unknown> => {
  const { attachment, nonce, node } = other(ordinal);
  return store.leases.release(slotAt(pool, ordinal), { ...attachment, nonce, node }, endingAt(0));
};

function claimBlock({ store }: World, pool: string, ordinal: number): Promise<unknown> {
  const owner = { node: 'others', incarnation: 1, boot: 'b', journal: 'j' };
  return store.blocks.claim({ pool, block: BigInt(ordinal) }, owner);
}

/** `fill` of the numbers below `count`. */
function some(count: number, fill: number, random: Random): number[] {
  const free = Array.from({ length: count }, (_, ordinal) => ordinal);
  return Array.from({ length: Math.round(fill * count) }, () => {
    const at = random(free.length);
    const ordinal = free[at] ?? 0;
    free[at] = free.at(-1) ?? 0;
    free.pop();
    return ordinal;
  });
}

/** Environments that know pool and nodes alike, as they are after a while, and each of which remembers for itself what it saw. */
export function environments(here: World, count: number, over: Partial<Dependencies> & { random: Random }) {
  const [first, ...more] = Array.from({ length: count }, () => here.environment(over));
  if (first === undefined) throw new RangeError('no environment');
  const { pools, registries, nodes, owners, joinedStretches } = first.memory;
  const warm = more.map((deps) => ({
    ...deps,
    memory: { ...deps.memory, pools, registries, nodes, owners, joinedStretches },
  }));
  return (): Dependencies => [first, ...warm][over.random(count)] ?? first;
}

/**
 * The mean of one ADD, after each node has made one. For each ADD one of the others leaves, so that the pool is as full at the
 * last one as at the first.
 */
export async function costOfAdd(here: World, meter: Meter, setting: Setting): Promise<Costs> {
  const { prefix, allocators, others } = setting;
  const count = Math.max(allocators, ADDS / MOST_OF_NODE);
  const nodes = Array.from({ length: count }, (_, n) => simulated(here, setting, `${prefix}-${n}`));
  const addOnce = async (node: () => Promise<void>) => {
    await node();
    await others.leaveOne();
  };
  for (const node of nodes) await addOnce(node);
  meter.read();
  await pMap(
    nodes,
    async (node) => {
      for (let n = 0; n < ADDS / count; n += 1) await addOnce(node);
    },
    { concurrency: allocators },
  );
  const { requests, writeUnits, readUnits } = meter.read();
  return { requests: requests / ADDS, writeUnits: writeUnits / ADDS, readUnits: readUnits / ADDS };
}

function simulated(here: World, { name, environment }: Setting, node: string): () => Promise<void> {
  const asking = askingNode(node, name);
  return async () => {
    const request = asking.next(here.clock.now);
    asking.answered(await add(environment(), node, request), here.clock.now);
  };
}
