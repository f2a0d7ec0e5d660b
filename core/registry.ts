/** The VRF's list of its pools: one item, so that two overlapping pools cannot both come to be (I8). */
import type { PoolDefinition } from './contract/messages.ts';
import { overlaps, parseRangeSets, type Range, span } from './range.ts';

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

export const sameRanges = (a: PoolDefinition['ranges'], b: PoolDefinition['ranges']): boolean =>
  JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));

export type Admission =
  | { readonly kind: 'exists'; readonly pool: RegisteredPool }
  | { readonly kind: 'conflict'; readonly pool: RegisteredPool }
  | { readonly kind: 'overlap'; readonly pool: RegisteredPool; readonly theirs: string; readonly ours: string }
  | { readonly kind: 'admitted'; readonly registry: Registry };

/** What becomes of the wish that `pool` be in the registry. */
export function admit(registry: Registry, pool: RegisteredPool): Admission {
  const namesake = registry.pools.find(({ name }) => name === pool.name);
  if (namesake) return { kind: sameRanges(namesake.ranges, pool.ranges) ? 'exists' : 'conflict', pool: namesake };
  const ours = flatten(pool);
  for (const other of registry.pools) {
    for (const theirs of flatten(other)) {
      const mine = ours.find((range) => overlaps(range, theirs));
      if (mine) return { kind: 'overlap', pool: other, theirs: span(theirs), ours: span(mine) };
    }
  }
  return {
    kind: 'admitted',
    registry: { ...registry, version: registry.version + 1, pools: [...registry.pools, pool] },
  };
}

function flatten({ ranges }: RegisteredPool): Range[] {
  const parsed = parseRangeSets(ranges);
  if (!parsed.ok) throw new RangeError(parsed.problem);
  return parsed.value.flat();
}

const canonical = (ranges: PoolDefinition['ranges']) =>
  ranges.map((set) => set.map(({ subnet, rangeStart, rangeEnd, gateway }) => [subnet, rangeStart, rangeEnd, gateway]));
