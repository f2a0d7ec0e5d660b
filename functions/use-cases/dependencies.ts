/** What the use cases are given: the store, the deployment's settings, time and chance, and what this process remembers. */

import { type PoolSpace, poolSpace } from '../../core/pools/pool-space.ts';
import type { RegisteredPool, Registry } from '../../core/pools/registry.ts';
import type { BlockOwner } from '../../core/protocol/block.ts';
import type { NodeState } from '../../core/protocol/node.ts';
import type { PoolState, Store } from '../../core/store.ts';
import type { QuotaView } from './add/quota.ts';

export interface Settings {
  /** Ranges written in a CNI configuration become a pool on first use. */
  readonly inlinePools: boolean;
  readonly inlineCooldownSeconds: number;
}

export interface KnownPool extends PoolState {
  readonly space: PoolSpace;
  /** When it was read (ms): policy and state may have changed since. */
  readonly readAt: number;
}

/**
 * Facts that stay true once they were: a pool's definition, and that a node in one of its lives has joined a block. So
 * a warm Lambda environment needs no read for them. That the life is still going on is not such a fact: what is known of a
 * node is looked at again after a while (membership.ts).
 */
export interface Memory {
  readonly pools: Map<string, KnownPool>;
  readonly nodes: Map<string, Pick<NodeState, 'incarnation' | 'joinedBlocks'> & { readonly readAt: number }>;
  /** Who owns a block at a generation, by `ownership`: that never changes (I6). */
  readonly owners: Map<string, BlockOwner>;
  /** Pools in which probes were in vain, and when (ms): only which request comes first depends on it. */
  readonly crowded: Map<string, number>;
  /** The pools of a VRF, and when (ms) they were read. */
  readonly registries: Map<string, { readonly pools: readonly RegisteredPool[]; readonly readAt: number }>;
  /** Pools that were found without a free address, and when (ms): of several they are tried last. */
  readonly fullPools: Map<string, number>;
  /** Blocks of shared pools, by `placeOf`, that were seen without a free slot, and when (ms): they are looked into last. */
  readonly full: Map<string, number>;
  /** By pool id and namespace; quota.ts says how long it counts. */
  readonly quotas: Map<string, QuotaView>;
}

export interface Dependencies {
  readonly store: Store;
  readonly settings: Settings;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A number from 0 up to, but not including, `below`. */
  readonly random: (below: number) => number;
  /** 16 hex digits that were never used before. */
  readonly newPoolId: () => string;
  readonly memory: Memory;
}

/** The caller, as the signature proves it, and how long the request may still take. */
export interface Call {
  readonly caller: string;
  /** To which the caller's role belongs, if the deployment says so of any. */
  readonly cluster?: string | undefined;
  readonly remainingMs: () => number;
}

export const emptyMemory = (): Memory => ({
  pools: new Map(),
  nodes: new Map(),
  owners: new Map(),
  crowded: new Map(),
  full: new Map(),
  registries: new Map(),
  fullPools: new Map(),
  quotas: new Map(),
});

/** A change of a pool, or of a VRF's list of them, reaches every environment within so long. */
const POOL_REMEMBERED_MS = 30_000;

/** The pool, from memory while it is young, or from the table; undefined where there is none. */
export async function knownPool(deps: Dependencies, id: string): Promise<KnownPool | undefined> {
  const known = deps.memory.pools.get(id);
  return known && deps.now() - known.readAt < POOL_REMEMBERED_MS ? known : freshPool(deps, id);
}

export async function freshPool(deps: Dependencies, id: string): Promise<KnownPool | undefined> {
  const state = await deps.store.pools.readPool(id);
  if (state) return remember(deps, state);
  deps.memory.pools.delete(id);
  return undefined;
}

/** The VRF's list of pools, if it was read a short while ago. */
export function rememberedRegistry({ memory, now }: Dependencies, vrf: string): readonly RegisteredPool[] | undefined {
  const known = memory.registries.get(vrf);
  return known && now() - known.readAt < POOL_REMEMBERED_MS ? known.pools : undefined;
}

export async function readRegistry({ store, memory, now }: Dependencies, vrf: string): Promise<Registry> {
  const registry = await store.pools.readRegistry(vrf);
  memory.registries.set(vrf, { pools: registry.pools, readAt: now() });
  return registry;
}

/** When (ms) a slot of `pool` that is freed now may be handed out again to others. */
export function reusableAfter({ now }: Dependencies, pool: KnownPool | undefined): number {
  const { cooldownSeconds = 0, stickySeconds = 0 } = pool?.definition ?? {};
  return now() + Math.max(cooldownSeconds, stickySeconds) * 1000;
}

export function remember({ memory, now }: Dependencies, state: PoolState): KnownPool {
  const known = { ...state, space: poolSpace(state.definition), readAt: now() };
  memory.pools.set(state.definition.id, known);
  return known;
}
