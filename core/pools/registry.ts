/** The VRF's list of its pools: one item, so that two overlapping pools cannot both come to be (I8). */

import { overlaps, parseRangeSets, type Range, spanText } from '../addresses/range.ts';
import type { PoolDefinition } from '../contract/pool.ts';

export interface RegisteredPool {
  readonly id: string;
  readonly name: string;
  readonly ranges: PoolDefinition['ranges'];
}

export interface Registry {
  readonly vrf: string;
  /** Counts the changes; 0 where there is none yet. */
  readonly version: number;
  readonly pools: readonly RegisteredPool[];
}

/** Whether `all` are the ranges `first`, or those with more at the ends of their sets: a pool that has grown is the same pool. */
export function beginWith(all: PoolDefinition['ranges'], first: PoolDefinition['ranges']): boolean {
  const begun = all.map((set, index) => set.slice(0, first[index]?.length ?? 0));
  return all.length === first.length && JSON.stringify(canonical(begun)) === JSON.stringify(canonical(first));
}

export const sameRanges = (a: PoolDefinition['ranges'], b: PoolDefinition['ranges']): boolean =>
  JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));

export interface Overlap {
  readonly kind: 'overlap';
  readonly pool: RegisteredPool;
  readonly theirs: string;
  readonly ours: string;
  /** Where only the gateway of one lies in a range of the other. */
  readonly gateway?: string;
}
export interface Admitted {
  readonly kind: 'admitted';
  readonly registry: Registry;
}
export type Admission =
  | { readonly kind: 'exists'; readonly pool: RegisteredPool }
  | { readonly kind: 'conflict'; readonly pool: RegisteredPool }
  | Overlap
  | Admitted;

/** Whether `pool`, as it is asked for by name, is in the registry, can be, or must not be. */
export function admit(registry: Registry, pool: RegisteredPool): Admission {
  const namesake = registry.pools.find(({ name }) => name === pool.name);
  if (namesake) return { kind: beginWith(namesake.ranges, pool.ranges) ? 'exists' : 'conflict', pool: namesake };
  return register(registry, pool);
}

/** Gives `pool` its ranges, in place of those that it had, unless another pool has one of them (I8). */
export function register(registry: Registry, pool: RegisteredPool): Overlap | Admitted {
  const ours = flatten(pool);
  const others = registry.pools.filter(({ id }) => id !== pool.id);
  for (const other of others) {
    for (const theirs of flatten(other)) {
      const mine = ours.find((range) => overlaps(range, theirs));
      if (mine) return { kind: 'overlap', pool: other, theirs: spanText(theirs), ours: spanText(mine) };
      const gateway = handedOut(ours, theirs) ?? handedOut([theirs], ...ours);
      if (gateway) {
        const range = ours[0];
        return { kind: 'overlap', pool: other, theirs: spanText(theirs), ours: range ? spanText(range) : '', gateway };
      }
    }
  }
  const known = others.length < registry.pools.length;
  const pools = known ? registry.pools.map((one) => (one.id === pool.id ? pool : one)) : [...registry.pools, pool];
  return { kind: 'admitted', registry: { ...registry, version: registry.version + 1, pools } };
}

/** The registry once that pool has left it. */
export function unregister(registry: Registry, id: string): Registry {
  return { ...registry, version: registry.version + 1, pools: registry.pools.filter((pool) => pool.id !== id) };
}

function flatten({ ranges }: RegisteredPool): Range[] {
  const parsed = parseRangeSets(ranges);
  if (!parsed.ok) throw new RangeError(parsed.problem);
  return parsed.value.flat();
}

const canonical = (ranges: PoolDefinition['ranges']) =>
  ranges.map((set) => set.map(({ subnet, rangeStart, rangeEnd, gateway }) => [subnet, rangeStart, rangeEnd, gateway]));

/** Who routes for one pool must not be an address that another one hands out. */
function handedOut(ranges: readonly Range[], ...routed: readonly Range[]): string | undefined {
  const gateways = routed.map(({ family, gateway }) => ({ family, first: gateway, last: gateway }));
  const hit = gateways.find((one) => ranges.some((range) => overlaps(range, one) && range.gateway !== one.first));
  return hit && spanText(hit).split('-')[0];
}
