/** The routes to the blocks of a pool, and what is to be done so that they are there. */
import type { BlockRow } from '../../core/contract/blocks.ts';

export type RouteTarget = 'linux' | 'aws';

export interface NextHops {
  /** @param node its id */
  to(node: string, ipv6: boolean): string | undefined;
  nameOf(node: string): string | undefined;
  /** Why Kubernetes said nothing. */
  readonly why: string | undefined;
}

export interface PoolRoute {
  readonly prefix: string;
  /** Undefined where no node has the block any more. */
  readonly node?: string;
  /** The node's in the cluster. */
  readonly name?: string;
  /** Where the prefix is reached: `own` on the node itself. Of a route that is gone the hop that it has. */
  readonly via?: string;
  /** Against what there is; undefined where that was not said. `gone`: the block was given back, and the route is still there. */
  readonly state?: 'missing' | 'present' | 'changed' | 'gone';
}

/**
 * The hops of each prefix that there are: EC2 names one twice, by interface and instance, and a gateway not at all. A node may have
 * one and `own` beside it, whose metric is higher.
 */
export type PresentRoutes = ReadonlyMap<string, readonly string[]>;

/** On the node itself: what no pod has ends there, in place of going out and coming back. */
export const OWN = 'own';

export const isIpv6 = (prefix: string): boolean => prefix.includes(':');

/** Those that are gone come last. */
export function routesOf(blocks: readonly BlockRow[], hops: NextHops, present: PresentRoutes | undefined): PoolRoute[] {
  const wanted = blocks.flatMap(({ state, node, prefixes }) =>
    state !== 'claimed' || node === undefined ? [] : prefixes.map((prefix) => routeTo(prefix, node, hops, present)),
  );
  const goneFrom = (prefix: string, isGone: (via: string) => boolean) =>
    routesIn(present?.get(prefix)).flatMap((via) => (isGone(via) ? [{ prefix, via, state: 'gone' } as const] : []));
  // A block that came here, or left, has a route of another metric than its new one: no replacing takes that one away.
  const moved = wanted.flatMap(({ prefix, via }) =>
    via === undefined ? [] : goneFrom(prefix, (there) => (there === OWN) !== (via === OWN)),
  );
  const gone = blocks
    .flatMap(({ state, prefixes }) => (state === 'claimed' ? [] : prefixes))
    .flatMap((prefix) => goneFrom(prefix, () => true));
  return [...wanted, ...moved, ...gone];
}

/** One of each metric. */
const routesIn = (hops: readonly string[] = []): string[] =>
  [hops.find((hop) => hop !== OWN), hops.find((hop) => hop === OWN)].filter((hop) => hop !== undefined);

function routeTo(prefix: string, node: string, hops: NextHops, present: PresentRoutes | undefined): PoolRoute {
  const via = hops.to(node, isIpv6(prefix));
  const name = hops.nameOf(node);
  const state = present && stateOf(present.get(prefix), via);
  return { prefix, node, ...(name && { name }), ...(via && { via }), ...(state && { state }) };
}

const stateOf = (there: readonly string[] | undefined, via: string | undefined) => {
  if (there === undefined) return 'missing' as const;
  return via !== undefined && there.includes(via) ? ('present' as const) : ('changed' as const);
};
