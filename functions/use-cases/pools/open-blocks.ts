/**
 * Which of a pool's blocks may be used yet. Nothing is ever written to the others, so the end of a pool, its use and its
 * leases are found without going through all that it could hold.
 */
import { greater, smaller } from '../../../core/addresses/slot-intervals.ts';
import { most } from '../../../core/contract/limits.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { type BlockSet, blocksBelow, widestGap } from '../../../core/pools/block-set.ts';
import { poolSpace } from '../../../core/pools/pool-space.ts';
import type { PoolState } from '../../../core/store.ts';
import type { Dependencies } from '../dependencies.ts';
import { freshPool, remember } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';

/** To begin with: all of a pool of 16,384 addresses, or blocks for 4,096 nodes; wholly excluded blocks do not count. */
const OPEN_AT_FIRST = { shared: 256n, node: 4096n };
/** So many blocks from the first one to the last one, excluded ones among them, to begin with. */
const WIDEST_AT_FIRST = 4096n;

/** @throws LessorError request.invalid where what is excluded could not be passed over */
export function newPool(definition: PoolDefinition): PoolState {
  const blocks = poolSpace(definition).leasableBlocks();
  ensurePassable(definition, widestGap(blocks));
  const atFirst = OPEN_AT_FIRST[definition.affinity];
  const first = blocks.at(0n);
  const last = blocks.at(smaller(blocks.size, atFirst) - 1n);
  const open = smaller(last + 1n, first + WIDEST_AT_FIRST);
  const noted = definition.affinity === 'shared' ? { joinsNoted: true as const } : {};
  return { definition, state: 'active', ...(first === 0n ? {} : { first }), open, ...noted, version: 1 };
}

/**
 * From where on the pool may be used once its definition is `next`: what is excluded no more comes before what was open.
 * @throws LessorError request.invalid
 */
export function firstAfter(pool: KnownPool, next: PoolDefinition): bigint {
  const blocks = poolSpace(next).leasableBlocks();
  const first = smaller(blocks.at(0n), firstOf(pool));
  const gap = widestGap(blocks, [{ from: firstOf(pool), to: pool.open - 1n }]);
  ensurePassable(next, greater(gap, firstOf(pool) - first));
  return first;
}

/** What lies between blocks that may be used is opened with them, and so read and sealed with the pool. */
function ensurePassable({ name }: PoolDefinition, gap: bigint): void {
  if (gap <= most.excludedBlocks) return;
  throw new LessorError(
    'request.invalid',
    `Pool ${name}: with this exclude ${gap} blocks in a row would be opened for one that can be used, more than ${most.excludedBlocks}`,
    {
      remedy:
        'make a pool whose ranges leave them out: several ranges in the set, each with its rangeStart and rangeEnd',
    },
  );
}

export const firstOf = ({ first = 0n }: Pick<PoolState, 'first'>): bigint => first;

/** What can be handed out of what is open. */
export const usableOpen = ({ space, open }: Pick<KnownPool, 'space' | 'open'>): BlockSet =>
  blocksBelow(space.usableBlocks(), open);

type Opened = Pick<PoolState, 'first' | 'open' | 'openApart'>;

export const isOpen = (pool: Opened, block: bigint): boolean =>
  (firstOf(pool) <= block && block < pool.open) || isApart(pool, block);

export const isApart = ({ open, openApart = [] }: Opened, block: bigint): boolean =>
  block >= open && openApart.includes(block);

/** More of the pool may have been opened since, and have reached some. */
const apartOf = ({ open, openApart = [] }: Opened): bigint[] => openApart.filter((block) => block >= open);

/** How many blocks are open, wholly excluded ones among them. */
export const openCount = (pool: Opened): bigint => pool.open - firstOf(pool) + BigInt(apartOf(pool).length);

/** Every open block from `from` on, in ascending order. */
export function* openBlocks(pool: Opened, from = 0n): Generator<bigint> {
  for (let block = greater(from, firstOf(pool)); block < pool.open; block += 1n) yield block;
  for (const block of apartOf(pool)) if (block >= from) yield block;
}

/** The same in their order, but the first `passed` ones: what a deletion has still to look at. */
export function* openBehind(pool: Opened, passed: number): Generator<bigint> {
  let skipped = 0;
  for (const block of openBlocks(pool)) {
    if (skipped < passed) skipped += 1;
    else yield block;
  }
}

/** Partial slots of open blocks: as many leases may lie in the pool beside those of its capacity. */
export function partialSlots({ space, ...opened }: Pick<KnownPool, 'space'> & Opened): bigint {
  // The one block that may have both kinds, and those that have partial ones only.
  const border = space.slots / BigInt(space.blockSize);
  const blocks = new Set([...(isOpen(opened, border) ? [border] : []), ...apartOf(opened)]);
  let count = 0n;
  for (const block of blocks)
    for (let slot = 0; slot < space.slotsIn(block); slot += 1) if (!space.isWhole(block, slot)) count += 1n;
  return count;
}

/**
 * The pool with more blocks open, one that has something to hand out among them, or undefined where it has no more. Another may
 * have opened them first.
 */
export async function openMore(deps: Dependencies, pool: KnownPool): Promise<KnownPool | undefined> {
  const { definition, space, open } = pool;
  const wanted = space.usableBlocks();
  const number = wanted.countBelow(open);
  if (number >= wanted.size) return undefined;
  const next = wanted.at(number) + 1n;
  if (next - open > most.excludedBlocks) return undefined;
  const doubled = firstOf(pool) + (open - firstOf(pool)) * 2n;
  const to = smaller(greater(next, doubled), space.blocks);
  if (await deps.store.pools.openPool(definition.id, open, to)) return remember(deps, { ...pool, open: to });
  const fresh = await freshPool(deps, definition.id);
  return fresh && fresh.open > open ? fresh : undefined;
}
