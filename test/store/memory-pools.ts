/** Pools and registries in memory. */

import type { Registry } from '../../core/pools/registry.ts';
import type { PoolState, PoolStore } from '../../core/store.ts';
import { tokenAttribute } from '../../functions/store/items.ts';
import { copy } from './copy.ts';

/** What is written under a key, with the tokens of its last writes. */
function versioned<T extends { readonly version: number }>() {
  const items = new Map<string, { readonly value: T; readonly tokens: ReadonlyMap<string, string> }>();
  return {
    get: (key: string): T | undefined => copy(items.get(key)?.value),
    /** True if the stored version is the one before (0: there is none), or an earlier copy of the write was carried out. */
    write(key: string, value: T, token: string | undefined, before = value.version - 1): boolean {
      const current = items.get(key);
      const tokens = current?.tokens ?? new Map<string, string>();
      if ((current?.value.version ?? 0) !== before)
        return token !== undefined && tokens.get(tokenAttribute(value.version)) === token;
      const noted = token === undefined ? tokens : new Map([...tokens, [tokenAttribute(value.version), token]]);
      items.set(key, { value: copy(value), tokens: noted });
      return true;
    },
    /** Whatever the version is, which stays. */
    touch(key: string, change: (value: T) => T): void {
      const current = items.get(key);
      if (current) items.set(key, { ...current, value: copy(change(current.value)) });
    },
  };
}

export function memoryPools(): PoolStore {
  const registries = versioned<Registry>();
  const pools = versioned<PoolState>();
  const joined = new Map<string, ReadonlySet<bigint>>();
  const vrfs = new Set<string>();
  return {
    async readRegistry(vrf) {
      return registries.get(vrf) ?? { vrf, version: 0, pools: [] };
    },
    async writeRegistry(registry, token) {
      return registries.write(registry.vrf, registry, token);
    },
    async noteVrf(vrf) {
      vrfs.add(vrf);
    },
    async readVrfs(after, limit) {
      return [...vrfs]
        .filter((vrf) => vrf > after)
        .sort()
        .slice(0, limit);
    },
    async readPool(id) {
      return pools.get(id);
    },
    async createPool(pool, token) {
      return pools.write(pool.definition.id, pool, token, 0);
    },
    async changePool(pool, token) {
      const { id } = pool.definition;
      const current = pools.get(id);
      if (current === undefined) return false;
      const { open, openApart, openedFor, passed } = current;
      const apart = { ...(openApart ? { openApart } : {}), ...(openedFor ? { openedFor } : {}) };
      const kept = { open, ...apart, ...(passed ? { passed } : {}) };
      return pools.write(id, { ...current, ...pool, ...kept }, token);
    },
    async noteJoined(id, stretch) {
      joined.set(id, new Set([...(joined.get(id) ?? []), stretch]));
    },
    async readJoined(id) {
      return new Set(joined.get(id));
    },
    async openPool(id, from, to) {
      const current = pools.get(id);
      if (current?.state !== 'active' || (current.open !== from && current.open !== to)) return false;
      pools.touch(id, (pool) => ({ ...pool, open: to }));
      return true;
    },
    async openApart(id, block, most, by) {
      const current = pools.get(id);
      const { openApart = [], openedFor = new Map<string, number>() } = current ?? {};
      if (current?.state !== 'active') return false;
      if (openApart.includes(block)) return true;
      const opened = by === undefined ? 0 : (openedFor.get(by.part) ?? 0);
      if (openApart.length >= most || (by !== undefined && opened >= by.most)) return false;
      const apart = [...openApart, block].sort((a, b) => (a < b ? -1 : 1));
      const counted = by === undefined ? {} : { openedFor: new Map([...openedFor, [by.part, opened + 1]]) };
      pools.touch(id, (pool) => ({ ...pool, openApart: apart, ...counted }));
      return true;
    },
    async notePassed(id, passed) {
      const current = pools.get(id);
      if (current?.version !== passed.version) return false;
      if (current.passed?.version === passed.version && current.passed.blocks >= passed.blocks) return false;
      pools.touch(id, (pool) => ({ ...pool, passed }));
      return true;
    },
  };
}
