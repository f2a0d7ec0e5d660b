/** What a registry must keep while pools come and change at the same moment (I8), and a registry that does not. */
import { expect } from 'vitest';
import { overlaps, parseRangeSets, type Range } from '../../core/addresses/range.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Registry } from '../../core/pools/registry.ts';
import type { Store } from '../../core/store.ts';
import { memoryStore } from '../store/memory-store.ts';

const rangesOf = (ranges: Parameters<typeof parseRangeSets>[0]): Range[] => {
  const parsed = parseRangeSets(ranges);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value.flat();
};

/** No two pools have one name, and no two overlap. */
export function expectDisjoint(pools: Registry['pools']): void {
  expect(new Set(pools.map(({ name }) => name)).size).toBe(pools.length);
  for (const [index, pool] of pools.entries()) {
    const others = pools.slice(index + 1).flatMap(({ ranges }) => rangesOf(ranges));
    expect(rangesOf(pool.ranges).some((range) => others.some((other) => overlaps(range, other)))).toBe(false);
  }
}

/** @returns undefined where a rule about pools refuses the request; anything else is a fault */
export function unlessRefused(error: unknown): undefined {
  if (error instanceof LessorError && error.code.startsWith('pool.')) return undefined;
  throw error;
}

/** A store that writes the registry without a look at its version. */
export function blindRegistry(): Store {
  const store = memoryStore();
  let last: Registry = { vrf: 'default', version: 0, pools: [] };
  const pools: Store['pools'] = {
    ...store.pools,
    readRegistry: async () => last,
    writeRegistry: async (registry) => {
      last = registry;
      return true;
    },
  };
  return { ...store, pools };
}
