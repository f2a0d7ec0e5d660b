/** What the page knows of the VRF: its pools, and how full those are that somebody looks at. */
import { batch, computed, signal } from '@preact/signals';
import type { PoolView } from '../../../core/contract/pool.ts';
import { firstQuestion } from '../../first-question.ts';
import { pages } from '../ask/ask.ts';
import { type MappedPool, poolSpaceOf } from '../space/pool-space.ts';

export interface PageSettings {
  readonly endpoint: string;
  readonly vrf: string;
  readonly cluster?: string;
}

export const settings = signal<PageSettings>({ endpoint: '', vrf: 'default' });
export const vrf = signal('default');

export interface Pools {
  readonly list: readonly MappedPool[];
  /** Whether the list is read to its end. */
  readonly complete: boolean;
}

export const pools = signal<Pools>({ list: [], complete: false });
export const poolNamed = computed(() => new Map(pools.value.list.map((one) => [one.pool.name, one])));

/** Milliseconds between two times that a part of the list is shown. */
const PACE = 250;

/** By name of the pool, as the counters have it. */
export const heldOf = signal<ReadonlyMap<string, number>>(new Map());

/**
 * Page by page: the first hundred are seen before the last ones are there.
 * @returns what tells whether anything changed
 */
export async function readPools(abort: AbortSignal): Promise<readonly string[]> {
  const known = new Map(pools.value.list.map((one) => [one.pool.id, one]));
  const list: MappedPool[] = [];
  let shownAt = Number.NEGATIVE_INFINITY;
  const counts = new Map<string, number>();
  for await (const page of pages('listPools', firstQuestion(vrf.value), abort)) {
    for (const { held, ...pool } of page.pools) {
      const before = known.get(pool.id);
      list.push(before?.pool.version === pool.version && before.pool.state === pool.state ? before : poolSpaceOf(pool));
      if (held !== undefined) counts.set(pool.name, held);
    }
    const isTime = performance.now() - shownAt >= PACE;
    if (pools.value.complete || page.nextCursor === undefined || !isTime) continue;
    shownAt = performance.now();
    show({ list: [...list], complete: false }, counts);
  }
  show({ list, complete: true }, counts);
  return list.map(({ pool }) => `${pool.name} ${pool.version} ${pool.state} ${counts.get(pool.name)}`);
}

/** What is as it was stays the same: nothing is drawn for it. */
function show(now: Pools, counts: ReadonlyMap<string, number>): void {
  const { list, complete } = pools.value;
  batch(() => {
    const isSame = list.length === now.list.length && now.list.every((one, at) => one === list[at]);
    if (!isSame || complete !== now.complete) pools.value = now;
    const isCounted =
      counts.size === heldOf.value.size && [...counts].every(([name, n]) => heldOf.value.get(name) === n);
    if (!isCounted) heldOf.value = new Map(counts);
  });
}

/** Goes to another address space: what is known of this one is forgotten. */
export function enter(name: string): void {
  batch(() => {
    vrf.value = name;
    heldOf.value = new Map();
    pools.value = { list: [], complete: false };
  });
}

/** From 0 to 1; undefined where it is not known. */
export function shareOf({ name, capacity }: PoolView): number | undefined {
  const held = heldOf.value.get(name);
  return held === undefined ? undefined : held / Math.max(1, Number(capacity));
}
