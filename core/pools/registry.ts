/** The VRF's list of its pools: one item, so that two overlapping pools cannot both come to be (I8). */

import { type Address, formatAddress, parseAddress } from '../addresses/address.ts';
import { overlaps, type Range, spanText } from '../addresses/range.ts';
import type { PoolDefinition, PoolView } from '../contract/pool.ts';
import { type SelectionPolicy, selectionPolicy } from './selection.ts';

/** What a pool is chosen by, so that the registry alone says which pools a pod may use. */
export interface ListedPolicy extends SelectionPolicy {
  readonly state: PoolView['state'];
}

export interface RegisteredPool {
  readonly id: string;
  readonly name: string;
  readonly ranges: PoolDefinition['ranges'];
  /** As the pool's item had it a short while ago at least: the item decides. Absent where an earlier version wrote the entry. */
  readonly policy?: ListedPolicy;
}

export const entryOf = (definition: PoolDefinition, state: ListedPolicy['state']): ListedPool => {
  const { id, name, ranges } = definition;
  return { id, name, ranges, policy: { ...selectionPolicy(definition), state } };
};

export type ListedPool = RegisteredPool & { readonly policy: ListedPolicy };

export const isListed = (pool: RegisteredPool): pool is ListedPool => pool.policy !== undefined;

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
  const ours = claimsOf(pool);
  for (const other of registry.pools) {
    const found = other.id === pool.id ? undefined : overlapOf(ours, other);
    if (found) return found;
  }
  const known = registry.pools.some(({ id }) => id === pool.id);
  return {
    kind: 'admitted',
    registry: known ? listed(registry, [pool]) : changed(registry, [...registry.pools, pool]),
  };
}

/** The registry with these entries in place of those that it has of the same pools. */
export function listed(registry: Registry, entries: readonly RegisteredPool[]): Registry {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  return changed(
    registry,
    registry.pools.map((pool) => byId.get(pool.id) ?? pool),
  );
}

/** The registry once that pool has left it. */
export const unregister = (registry: Registry, id: string): Registry =>
  changed(
    registry,
    registry.pools.filter((pool) => pool.id !== id),
  );

/** The pool that has the address in one of its ranges: at most one has (I8). */
export function poolAt(pools: Iterable<RegisteredPool>, { family, value }: Address): RegisteredPool | undefined {
  const wanted = { family, first: value, last: value };
  for (const pool of pools) if (claimsOf(pool).some((claim) => overlaps(claim, wanted))) return pool;
  return undefined;
}

const changed = ({ vrf, version }: Registry, pools: readonly RegisteredPool[]): Registry => ({
  vrf,
  version: version + 1,
  pools,
});

/** A range as far as other pools are concerned. */
type Claim = Pick<Range, 'family' | 'first' | 'last' | 'gateway'>;

/** Plain loops: they run over the ranges of thousands of pools. */
function overlapOf(ours: readonly Claim[], pool: RegisteredPool): Overlap | undefined {
  for (const theirs of claimsOf(pool)) {
    for (const mine of ours)
      if (overlaps(mine, theirs)) return { kind: 'overlap', pool, theirs: spanText(theirs), ours: spanText(mine) };
    for (const mine of ours) {
      const gateway = handsOut(mine, theirs) ? theirs.gateway : handsOut(theirs, mine) ? mine.gateway : undefined;
      if (gateway === undefined) continue;
      const text = formatAddress({ family: mine.family, value: gateway });
      return { kind: 'overlap', pool, theirs: spanText(theirs), ours: spanText(mine), gateway: text };
    }
  }
  return undefined;
}

/** Who routes for one pool must not be an address that another one hands out. */
const handsOut = (range: Claim, { family, gateway }: Claim): boolean =>
  range.family === family && range.first <= gateway && gateway <= range.last && range.gateway !== gateway;

/** A VRF may have thousands of pools, and their ranges were checked when they came: each is read once, and no more of it than counts. */
const claims = new WeakMap<PoolDefinition['ranges'], readonly Claim[]>();

function claimsOf({ ranges }: RegisteredPool): readonly Claim[] {
  const known = claims.get(ranges);
  if (known) return known;
  const read: Claim[] = [];
  for (const set of ranges)
    for (const { rangeStart, rangeEnd, gateway } of set) {
      const { family, value: first } = addressOf(rangeStart);
      read.push({ family, first, last: addressOf(rangeEnd).value, gateway: addressOf(gateway).value });
    }
  claims.set(ranges, read);
  return read;
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new RangeError(`${text} in a registry is no address`);
  return address;
}

const canonical = (ranges: PoolDefinition['ranges']) =>
  ranges.map((set) => set.map(({ subnet, rangeStart, rangeEnd, gateway }) => [subnet, rangeStart, rangeEnd, gateway]));
