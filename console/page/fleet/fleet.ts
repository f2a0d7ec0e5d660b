/** What the page knows of the VRF: its pools, and how full those are that somebody looks at. */
import { computed, signal } from '@preact/signals';
import type { UsageResult } from '../../../core/contract/questions.ts';
import { ask, type QuestionRefused } from '../ask/ask.ts';
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
  readonly refused?: QuestionRefused;
}

export const pools = signal<Pools>({ list: [], complete: false });
export const poolNamed = computed(() => new Map(pools.value.list.map((one) => [one.pool.name, one])));

/** Page by page: the first hundred are seen before the last ones are there. @param afresh what is shown goes first */
export async function readPools(abort: AbortSignal, afresh: boolean): Promise<readonly MappedPool[]> {
  if (afresh) pools.value = { list: [], complete: false };
  const known = new Map(pools.value.list.map((one) => [one.pool.id, one]));
  const list: MappedPool[] = [];
  let cursor: string | undefined;
  do {
    const query = { vrf: vrf.value, limit: '100', ...(cursor === undefined ? {} : { cursor }) };
    const page = await ask('listPools', { query }, abort);
    for (const pool of page.pools) {
      const before = known.get(pool.id);
      list.push(before?.pool.version === pool.version && before.pool.state === pool.state ? before : poolSpaceOf(pool));
    }
    cursor = page.nextCursor;
    if (!pools.value.complete) pools.value = { list: [...list], complete: false };
  } while (cursor !== undefined);
  const isSame = list.length === pools.value.list.length && list.every((one, at) => one === pools.value.list[at]);
  if (!isSame || !pools.value.complete) pools.value = { list, complete: true };
  return list;
}

/** By the counters, by name of the pool. */
export const usages = signal<ReadonlyMap<string, UsageResult>>(new Map());
/** Milliseconds: what is older is asked again, once it is wanted. */
const FRESH = 15_000;
const askedAt = new Map<string, number>();

/** Asks for those that are not known, or not lately. What the counters say comes one by one, and is shown together. */
export function wantUsage(names: Iterable<string>): void {
  for (const name of names) {
    if (Date.now() - (askedAt.get(name) ?? 0) < FRESH) continue;
    askedAt.set(name, Date.now());
    ask('usage', { path: { pool: name }, query: { vrf: vrf.value, cheap: 'true' } }).then(noteUsage, () => undefined);
  }
}

const arrived: UsageResult[] = [];
function noteUsage(usage: UsageResult): void {
  if (arrived.push(usage) > 1) return;
  requestAnimationFrame(() => {
    const next = new Map(usages.value);
    for (const one of arrived.splice(0)) if (one.vrf === vrf.value) next.set(one.pool, one);
    usages.value = next;
  });
}

export function enter(name: string): void {
  vrf.value = name;
  askedAt.clear();
  usages.value = new Map();
  pools.value = { list: [], complete: false };
}

export const shareOf = ({ held, capacity }: Pick<UsageResult, 'held' | 'capacity'>): number =>
  held / Math.max(1, Number(capacity));
