/** Pools and the lists of them, read through what this process remembers. */

import { poolSpace } from '../../core/pools/pool-space.ts';
import type { Registry } from '../../core/pools/registry.ts';
import type { Ending } from '../../core/protocol/lease.ts';
import type { PoolState } from '../../core/store.ts';
import type { Dependencies } from './dependencies.ts';
import type { KnownPool, KnownRegistry } from './memory.ts';

/** The pool, from memory while it is young, or from the table; undefined where there is none. */
export async function knownPool(deps: Dependencies, id: string): Promise<KnownPool | undefined> {
  return deps.memory.pools.get(id, deps.now()) ?? freshPool(deps, id);
}

export async function freshPool(deps: Dependencies, id: string): Promise<KnownPool | undefined> {
  const state = await deps.store.pools.readPool(id);
  if (state) return remember(deps, state);
  deps.memory.pools.delete(id);
  return undefined;
}

/** The VRF's list of pools, if it was read a short while ago. */
export const rememberedRegistry = ({ memory, now }: Dependencies, vrf: string): KnownRegistry | undefined =>
  memory.registries.get(vrf, now());

export async function freshRegistry({ store, memory, now }: Dependencies, vrf: string): Promise<KnownRegistry> {
  const { pools }: Registry = await store.pools.readRegistry(vrf);
  const known = new Map(pools.map((pool) => [pool.name, pool]));
  memory.registries.set(vrf, known, now());
  return known;
}

/**
 * The VRF's list, as it is where it may not have all those names yet: so a pool that was just created is found. A name that it lacks
 * is not looked for again for a second, whichever it is.
 */
export async function registryNaming(
  deps: Dependencies,
  vrf: string,
  names: readonly string[],
): Promise<KnownRegistry> {
  const { memory, now } = deps;
  const hasAll = (registry: KnownRegistry) => names.every((name) => registry.has(name));
  const remembered = rememberedRegistry(deps, vrf);
  if (remembered && (hasAll(remembered) || memory.missed.get(vrf, now()))) return remembered;
  const registry = await freshRegistry(deps, vrf);
  if (!hasAll(registry)) memory.missed.set(vrf, true, now());
  return registry;
}

export function remember({ memory, now }: Dependencies, state: PoolState): KnownPool {
  const known = withSpace(state);
  memory.pools.set(state.definition.id, known, now());
  return known;
}

/** Not remembered: for what is not stored. */
export const withSpace = (state: PoolState): KnownPool => ({ ...state, space: poolSpace(state.definition) });

/** A lease of `pool` ends now, and its slot may be handed out again to others when it has cooled. */
export function endingNow({ now }: Dependencies, pool: KnownPool | undefined): Ending {
  const { cooldownSeconds = 0, stickySeconds = 0, identitySeconds = 0 } = pool?.definition ?? {};
  const endedAt = now();
  const after = (seconds: number) => endedAt + Math.max(cooldownSeconds, seconds) * 1000;
  return {
    endedAt,
    reusableAt: after(stickySeconds),
    ...(identitySeconds > 0 ? { keptUntil: after(identitySeconds) } : {}),
  };
}
