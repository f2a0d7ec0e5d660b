/**
 * Corrects counters that have drifted: after changes that were never delivered (the counting function failed for longer than
 * the event source tries).
 */
import { most } from '../../../core/contract/limits.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { Counter, CounterKey } from '../../../core/protocol/counter.ts';
import { boundedStore } from '../bounded-store.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { freshPool } from '../known-pools.ts';
import { noteVrf } from '../pools/note-vrf.ts';
import { readPool } from '../pools/read-pool.ts';
import { type PoolReading, poolReading } from './pool-reading.ts';

/** A pool is read whole for it. */
const RECOUNTED_EVERY_MS = 60 * 60 * 1000;
/**
 * So long after it has waited for others (`countWithinSeconds`) a change is counted, or the stream is behind: then the next
 * recount makes up for this one.
 */
export const STREAM_LAG_MS = 5_000;
/**
 * A change is not counted any more an hour after it was made (functions/changes/handler.ts): no shard's comes again later.
 * Each shard that is remembered makes every write of a counter larger.
 */
const SHARD_REMEMBERED_MS = 3 * 60 * 60 * 1000;

export interface RecountReport {
  readonly recounted: number;
  /** Counters that were wrong, and by how much. */
  readonly corrected: readonly { readonly pool: string; readonly namespace?: string; readonly by: number }[];
}

/** What is counted of a pool: all of it, and by namespace. */
interface PoolCounters {
  readonly total: Counter | undefined;
  readonly namespaces: ReadonlyMap<string, Counter>;
}

/**
 * Those pools whose counters were not gone through for an hour, as far as the time suffices, the longest due first.
 *
 * A pool that is in use cannot be counted at one moment, and what is read may or may not be counted yet. So a counter is
 * never set. It is read, then the pool, then the counter again: every change that the pool's count and the first counter
 * do not have in common was counted in between, so the two can differ by so many without any drift. What they differ
 * more is drift, and is added: an addition is as right before as after the changes that are counted at the same moment.
 * Where nothing changed meanwhile, the correction is exact.
 * @param note is told how full each active pool is, which nothing else reads whole
 */
export async function recount(
  { store, ...others }: Dependencies,
  call: Call,
  wait: (milliseconds: number) => Promise<unknown>,
  note: (reading: PoolReading) => void = () => {},
): Promise<RecountReport> {
  const deps = { ...others, store: boundedStore(store, call).always };
  const totals = [...(await deps.store.counters.readPools())];
  const large = largest(totals);
  const due = totals
    .map(([pool, { recountedAt }]) => ({ pool, recountedAt }))
    .filter(({ recountedAt }) => deps.now() - recountedAt >= RECOUNTED_EVERY_MS)
    .sort((a, b) => a.recountedAt - b.recountedAt);
  const counts: { pool: string; before: PoolCounters; held: ReadonlyMap<string, number> }[] = [];
  for (const { pool } of due) {
    const before = await readCounters(deps, pool);
    const held = await heldIn(deps, call, pool, (reading) => note(reading.result(large.has(pool))));
    if (held === undefined) break;
    counts.push({ pool, before, held });
  }
  if (counts.length > 0) await wait(deps.settings.countWithinSeconds * 1000 + STREAM_LAG_MS);
  const corrected: RecountReport['corrected'][number][] = [];
  for (const { pool, before, held } of counts) {
    const after = await readCounters(deps, pool);
    const all = [...held.values()].reduce((sum, count) => sum + count, 0);
    for (const namespace of [...new Set([...held.keys(), ...before.namespaces.keys()])].sort()) {
      const pair = [before, after].map(({ namespaces }) => namespaces.get(namespace));
      const by = await correct(deps, { pool, namespace }, pair, held.get(namespace) ?? 0);
      if (by !== 0) corrected.push({ pool, namespace, by });
    }
    // The total comes last: it says that the pool is recounted.
    const by = await correct(deps, { pool }, [before.total, after.total], all);
    if (by !== 0) corrected.push({ pool, by });
  }
  return { recounted: counts.length, corrected };
}

/** By id; of two with as many leases always the same one, so that few pools are ever among them. */
const largest = (totals: readonly (readonly [string, Counter])[]): ReadonlySet<string> =>
  new Set(
    [...totals]
      .sort(([a, one], [b, other]) => other.held - one.held || (a < b ? -1 : 1))
      .slice(0, most.poolsMeasured)
      .map(([pool]) => pool),
  );

async function readCounters({ store }: Dependencies, pool: string): Promise<PoolCounters> {
  const [total, namespaces] = await Promise.all([store.counters.read({ pool }), store.counters.readNamespaces(pool)]);
  return { total, namespaces };
}

/** By namespace; undefined where the time does not suffice. */
async function heldIn(
  deps: Dependencies,
  call: Call,
  id: string,
  note: (reading: ReturnType<typeof poolReading>) => void,
): Promise<Map<string, number> | undefined> {
  const pool = await freshPool(deps, id);
  const held = new Map<string, number>();
  if (pool === undefined) return held;
  // A VRF in which nothing was changed since an earlier version, which did not note it.
  await noteVrf(deps, pool.definition.vrf);
  const reading = poolReading(pool, deps.now());
  try {
    for await (const read of readPool(deps, call, pool)) {
      reading.count(read);
      for (const state of read.slots.values()) {
        if (!state.held) continue;
        const namespace = state.holding?.pod?.namespace ?? '';
        held.set(namespace, (held.get(namespace) ?? 0) + 1);
      }
    }
    // Of one that is drained or deleted nobody expects addresses.
    if (pool.state === 'active') note(reading);
    return held;
  } catch (error) {
    if (error instanceof LessorError && error.code === 'service.busy') return undefined;
    throw error;
  }
}

/** By how much the counter was wrong for certain, which was added to it. */
async function correct(
  deps: Dependencies,
  key: CounterKey,
  [before, after]: readonly (Counter | undefined)[],
  held: number,
): Promise<number> {
  const changed = (after?.changes ?? 0) - (before?.changes ?? 0);
  const difference = held - (before?.held ?? 0);
  const certain = Math.max(0, Math.abs(difference) - changed);
  const by = certain === 0 ? 0 : Math.sign(difference) * certain;
  const now = deps.now();
  const forget = [...(after?.counted ?? [])].filter(([, { at }]) => now - at > SHARD_REMEMBERED_MS).map(([id]) => id);
  if (by === 0 && forget.length === 0 && key.namespace !== undefined) return 0;
  // Against the recounts that were seen first: two at once would both add what was missing.
  return (await deps.store.counters.correct(key, { recounts: before?.recounts ?? 0, by, now, forget })) ? by : 0;
}
