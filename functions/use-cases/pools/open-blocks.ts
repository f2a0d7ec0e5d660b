/**
 * Which of a pool's blocks may be used yet. Nothing is ever written to the others, so the end of a pool, its use and its
 * leases are found without going through all that it could hold.
 */
import { most } from '../../../core/contract/limits.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { poolSpace } from '../../../core/pools/pool-space.ts';
import type { PoolState } from '../../../core/store.ts';
import type { Dependencies } from '../dependencies.ts';
import { freshPool, remember } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';

/** To begin with: all of a pool of 16,384 addresses, or blocks for 4,096 nodes. */
const OPEN_AT_FIRST = { shared: 256n, node: 4096n };

export function newPool(definition: PoolDefinition): PoolState {
  const { blocks } = poolSpace(definition);
  const first = OPEN_AT_FIRST[definition.affinity];
  return { definition, state: 'active', open: blocks < first ? blocks : first, version: 1 };
}

type Opened = Pick<PoolState, 'open' | 'openApart'>;

export const isOpen = (pool: Opened, block: bigint): boolean => block < pool.open || isApart(pool, block);

export const isApart = ({ open, openApart = [] }: Opened, block: bigint): boolean =>
  block >= open && openApart.includes(block);

/** More of the pool may have been opened since, and have reached some. */
const apartOf = ({ open, openApart = [] }: Opened): bigint[] => openApart.filter((block) => block >= open);

/** How many blocks are open. */
export const openCount = (pool: Opened): bigint => pool.open + BigInt(apartOf(pool).length);

/** Every open block from `first` on, in ascending order. */
export function* openBlocks(pool: Opened, first = 0n): Generator<bigint> {
  for (let block = first; block < pool.open; block += 1n) yield block;
  for (const block of apartOf(pool)) if (block >= first) yield block;
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
 * The pool with `block` open, wherever it lies, for an address of it that somebody asks for: what lies before it stays as it
 * is. As it is otherwise, where that may not be: it is not active, or has as many blocks apart as it may have.
 */
export async function withOpen(deps: Dependencies, pool: KnownPool, block: bigint): Promise<KnownPool> {
  if (isOpen(pool, block)) return pool;
  const { id } = pool.definition;
  const fresh = (await freshPool(deps, id)) ?? pool;
  if (isOpen(fresh, block)) return fresh;
  if (!(await deps.store.pools.openApart(id, block, most.blocksApart))) return (await freshPool(deps, id)) ?? fresh;
  const openApart = [...(fresh.openApart ?? []), block].sort((a, b) => (a < b ? -1 : 1));
  return remember(deps, { ...fresh, openApart });
}

/** The pool with more blocks open, or undefined where it has no more. Another may have opened them first. */
export async function openMore(deps: Dependencies, pool: KnownPool): Promise<KnownPool | undefined> {
  const { definition, space, open } = pool;
  if (open >= space.blocks) return undefined;
  const to = open * 2n < space.blocks ? open * 2n : space.blocks;
  if (await deps.store.pools.openPool(definition.id, open, to)) return remember(deps, { ...pool, open: to });
  const fresh = await freshPool(deps, definition.id);
  return fresh && fresh.open > open ? fresh : undefined;
}
