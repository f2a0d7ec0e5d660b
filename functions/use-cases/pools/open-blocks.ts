/**
 * How many of a pool's blocks may be used yet. Nothing is ever written to the others, so the end of a pool, its use and its
 * leases are found without going through all that it could hold.
 */
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
  const most = OPEN_AT_FIRST[definition.affinity];
  return { definition, state: 'active', open: blocks < most ? blocks : most, version: 1 };
}

/** A single address far out would open all before it: what is asked for by name lies among so many blocks. */
const OPEN_BY_NAME = 4096n;

/** The pool with `block` open too, where it may be opened for an address that somebody asks for; else undefined. */
export async function openUpTo(deps: Dependencies, pool: KnownPool, block: bigint): Promise<KnownPool | undefined> {
  let opened: KnownPool | undefined = pool;
  while (opened !== undefined && block >= opened.open && block < OPEN_BY_NAME) opened = await openMore(deps, opened);
  return opened !== undefined && block < opened.open ? opened : undefined;
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
