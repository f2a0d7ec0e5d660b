/** Notes when a pool is nearly full, full, or has room again: each once, whoever finds it, since the store keeps the level. */
import pMap from 'p-map';
import { shardOf } from '../../../core/protocol/block.ts';
import { isFuller, levelAfter, neverFilled } from '../../../core/protocol/fill.ts';
import { REQUESTS_AT_ONCE } from '../bounded-store.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { whileTime } from '../in-flight.ts';
import { knownPool } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { firstOf } from '../pools/open-blocks.ts';
import { poolReading } from './pool-reading.ts';

/** Of a pool with more of them the blocks are counted once an hour only, by the recount. */
const MOST_SHARDS = 16n;
const RESERVE_MS = 1_000;
/** Half of a pool is not taken within a minute without a change after it. */
const ROOMY_BELOW = 0.5;

/**
 * @param use 0 to 1
 * @param isExact false: what cools is not in it, so that it says when a pool becomes fuller, and not that it has room again
 */
async function noteUse(deps: Dependencies, pool: string, use: number, isExact: boolean): Promise<void> {
  const { store, memory, now } = deps;
  const remembered = memory.fills.get(pool, now());
  const known = remembered ?? (await store.fills.read(pool)) ?? neverFilled;
  // Only what was read is news: else what another has noted since would never be seen where a pool is looked at all the time.
  if (remembered === undefined) memory.fills.set(pool, known, now());
  const level = levelAfter(known.level, use);
  if (level === known.level || (!isExact && !isFuller(level, known.level))) return;
  const fill = { level, use, at: now(), turn: known.turn + 1 };
  if (await store.fills.note(pool, fill)) memory.fills.set(pool, fill, now());
  // Somebody else has noted it, or something else: that is read the next time.
  else memory.fills.delete(pool);
}

/** As the recount has read them, with what cools; as far as the time suffices. */
export async function noteReadings(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  readings: readonly { readonly id: string; readonly use: number }[],
): Promise<void> {
  await whileTime(call, RESERVE_MS, readings, ({ id, use }) => noteUse(deps, id, use, true));
}

/** How full those pools are in which something changed a moment ago. One that has much room is looked at once a minute. */
export async function noteFills(deps: Dependencies, pools: Iterable<string>): Promise<void> {
  const each = async (id: string) => {
    if (deps.memory.roomy.get(id, deps.now())) return;
    const pool = await knownPool(deps, id);
    if (pool?.state !== 'active') return;
    const isOwned = pool.definition.affinity === 'node';
    const use = isOwned ? await useOfBlocks(deps, pool) : await useOfAddresses(deps, pool);
    if (use === undefined || use < ROOMY_BELOW) deps.memory.roomy.set(id, true, deps.now());
    if (use !== undefined) await noteUse(deps, id, use, isOwned);
  };
  await pMap(new Set(pools), each, { concurrency: REQUESTS_AT_ONCE });
}

async function useOfAddresses({ store }: Dependencies, { definition, space }: KnownPool): Promise<number> {
  const { held = 0 } = (await store.counters.read({ pool: definition.id })) ?? {};
  const { capacity, reserved } = space;
  // Nobody knows how many of them are in reservations: at most all.
  const [taken, all] = [BigInt(Math.max(0, held)) - reserved, capacity - reserved];
  return all > 0n && taken > 0n ? Math.min(1, Number(taken) / Number(all)) : 0;
}

/** Undefined where there are too many of them to be counted in passing. */
async function useOfBlocks(deps: Dependencies, pool: KnownPool): Promise<number | undefined> {
  const [first, last] = [shardOf(firstOf(pool)), shardOf(pool.open - 1n)];
  if (last - first >= MOST_SHARDS || pool.openApart !== undefined) return undefined;
  const reading = poolReading(pool, deps.now());
  for (let shard = first; shard <= last; shard += 1n)
    for (const [block, state] of await deps.store.blocks.readShard(pool.definition.id, shard))
      reading.count({ block, state, slots: new Map() });
  return reading.result(false).use;
}
