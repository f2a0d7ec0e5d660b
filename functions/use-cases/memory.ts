/**
 * What a process remembers between requests, so that a warm Lambda environment needs no read for it. Nothing here is
 * needed for safety: what is forgotten is read again, and what is out of date is found out by a condition of the store.
 */

import type { PoolSpace } from '../../core/pools/pool-space.ts';
import type { RegisteredPool } from '../../core/pools/registry.ts';
import type { BlockOwner } from '../../core/protocol/block.ts';
import type { PoolFill } from '../../core/protocol/fill.ts';
import type { NodeState } from '../../core/protocol/node.ts';
import type { PoolState } from '../../core/store.ts';

/** Values by key. Times are in milliseconds since 1970, as `Dependencies.now` tells them. */
export interface Remembered<V, K = string> {
  /** What was set less than the time to live before `now`. */
  get(key: K, now: number): V | undefined;
  /** What was set, however long ago. */
  peek(key: K): V | undefined;
  /** Every value that was set before `now`, however long before. */
  setBefore(now: number): V[];
  set(key: K, value: V, now: number): void;
  delete(key: K): void;
}

const MOST = 100_000;

/** @param livesMs time to live in milliseconds. Of more than `most` entries the one that was set first goes. */
export function remembered<V, K = string>(livesMs: number, most = MOST): Remembered<V, K> {
  const entries = new Map<K, { readonly value: V; readonly setAt: number }>();
  return {
    get(key, now) {
      const entry = entries.get(key);
      return entry && now - entry.setAt < livesMs ? entry.value : undefined;
    },
    peek: (key) => entries.get(key)?.value,
    setBefore: (now) => [...entries.values()].filter(({ setAt }) => setAt < now).map(({ value }) => value),
    set(key, value, now) {
      // A Map keeps the order of insertion: what is set again is the youngest.
      entries.delete(key);
      entries.set(key, { value, setAt: now });
      const [first] = entries.size > most ? entries.keys() : [];
      if (first !== undefined) entries.delete(first);
    },
    delete: (key) => void entries.delete(key),
  };
}

export interface KnownPool extends PoolState {
  readonly space: PoolSpace;
}

/** A VRF's pools by their names, in the registry's order. */
export type KnownRegistry = ReadonlyMap<string, RegisteredPool>;

/** A node in one of its lives, and the blocks that are in its item. */
export type Member = Pick<NodeState, 'incarnation' | 'joinedBlocks'>;

/** What an environment knows of a namespace's leases in a pool. */
export interface QuotaView {
  /** As the counter had it, asked at `readAt` (ms). */
  readonly held: number;
  readonly readAt: number;
  /** When this environment let a lease be made (ms): those that the reading may lack, and all since. */
  readonly granted: number[];
  /** How many of them since the reading. */
  since: number;
}

/**
 * Blocks that were seen without a free slot: they are looked into last, and first of them the one that was seen first. Each with the
 * number of the look.
 */
export type FullBlocks = Remembered<number, bigint>;

export interface Memory {
  /** By id. */
  readonly pools: Remembered<KnownPool>;
  /** The pools of a VRF, by its name. */
  readonly registries: Remembered<KnownRegistry>;
  /** VRFs whose list was just read, and lacked a pool that a request named. */
  readonly missed: Remembered<true>;
  /** Pools, by id, that were found full, and just read anew in vain. */
  readonly unchanged: Remembered<true>;
  /** By the node's id. */
  readonly nodes: Remembered<Member>;
  /** Who owns a block at a generation, by `claimKey`: that never changes (I6). */
  readonly owners: Remembered<BlockOwner>;
  /** Pools, by id, in which probes for a free block were in vain: only which request comes first depends on it. */
  readonly crowded: Remembered<true>;
  /** Pools, by id, that were found without a free address: of several they are tried last. */
  readonly fullPools: Remembered<true>;
  /** Of shared pools, by id. */
  readonly fullBlocks: Remembered<FullBlocks>;
  /** Numbers of looks, ascending. */
  readonly nextLook: () => number;
  /** Stretches of shared pools, by pool id and number, that are noted as joined: that never changes. */
  readonly joinedStretches: Remembered<true>;
  /** VRFs that are noted: that never changes. */
  readonly vrfs: Remembered<true>;
  /** Since when history is kept (ms since 1970), which never changes: under the empty key. */
  readonly historyBegun: Remembered<number>;
  /** How full a pool was found, by its id. */
  readonly fills: Remembered<PoolFill>;
  /** Namespaces that are counted in a pool's own item, by the pool's id: none ever leaves it. */
  readonly countedBeside: Remembered<ReadonlySet<string>>;
  /** Pools, by id, that were found with much room a short while ago. */
  readonly roomy: Remembered<true>;
  /** By pool id and namespace; quota.ts says how long a view counts. */
  readonly quotas: Remembered<QuotaView>;
}

/** A change of a pool, or of a VRF's list of them, reaches every environment within so long. */
const POOL_LIVES_MS = 30_000;
/**
 * A node that was declared dead although it is up goes on leasing in its dead life for so long at most, in environments
 * that remember it; those leases are swept like all of that life. Safety does not depend on it: the declaration was false.
 */
const NODE_LIVES_MS = 30_000;
/** A list of thousands of pools takes some megabytes. */
const MOST_REGISTRIES = 32;
/** A pod that is refused is tried again and again: each time the whole list would be read, for a pool that is not there or is full. */
const VAIN_LIVES_MS = 1_000;
/** A level changes some times a day; that another environment noted one is found out by a condition. */
const FILL_LIVES_MS = 300_000;
const ROOMY_LIVES_MS = 60_000;
const CROWDED_LIVES_MS = 60_000;
const FULL_LIVES_MS = 10_000;
/** As long as a plugin takes a slot for taken. */
const FULL_BLOCK_LIVES_MS = 60_000;
/** Of each pool many blocks may be remembered. */
const MOST_POOLS_SEARCHED = 1_000;

export const noFullBlocks = (): FullBlocks => remembered(FULL_BLOCK_LIVES_MS);

function ascendingNumbers(): () => number {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
}

export const emptyMemory = (): Memory => ({
  nextLook: ascendingNumbers(),
  pools: remembered(POOL_LIVES_MS),
  registries: remembered(POOL_LIVES_MS, MOST_REGISTRIES),
  missed: remembered(VAIN_LIVES_MS, MOST_REGISTRIES),
  unchanged: remembered(VAIN_LIVES_MS),
  nodes: remembered(NODE_LIVES_MS),
  owners: remembered(Number.POSITIVE_INFINITY),
  crowded: remembered(CROWDED_LIVES_MS),
  fullPools: remembered(FULL_LIVES_MS),
  fullBlocks: remembered(Number.POSITIVE_INFINITY, MOST_POOLS_SEARCHED),
  joinedStretches: remembered(Number.POSITIVE_INFINITY),
  vrfs: remembered(Number.POSITIVE_INFINITY),
  historyBegun: remembered(Number.POSITIVE_INFINITY),
  fills: remembered(FILL_LIVES_MS),
  countedBeside: remembered(Number.POSITIVE_INFINITY),
  roomy: remembered(ROOMY_LIVES_MS),
  quotas: remembered(Number.POSITIVE_INFINITY),
});
