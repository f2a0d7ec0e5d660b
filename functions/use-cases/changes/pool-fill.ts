/** Notes when a pool is nearly full, full, or has room again: each once, whoever finds it, since the store keeps the level. */
import pMap from 'p-map';
import { shardOf } from '../../../core/protocol/block.ts';
import { isFuller, levelAfter, neverFilled } from '../../../core/protocol/fill.ts';
import { REQUESTS_AT_ONCE } from '../bounded-store.ts';
import type { Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';
import { firstOf } from '../pools/open-blocks.ts';
import { poolReading } from './pool-reading.ts';

/** Of a pool with more of them the blocks are counted once an hour only, by the recount. */
const MOST_SHARDS = 16n;

/**
 * @param use 0 to 1
 * @param isExact false: what cools is not in it, so that it says when a pool becomes fuller, and not that it has room again
 */
async function noteUse(deps: Dependencies, pool: string, use: number, isExact: boolean): Promise<void> {
  const { store, memory, now } = deps;
  const known = memory.fills.get(pool, now()) ?? (await store.fills.read(pool)) ?? neverFilled;
  memory.fills.set(pool, known, now());
  const level = levelAfter(known.level, use);
  if (level === known.level || (!isExact && !isFuller(level, known.level))) return;
  const fill = { level, use, at: now(), turn: known.turn + 1 };
  if (await store.fills.note(pool, fill)) memory.fills.set(pool, fill, now());
  // Somebody else has noted it, or something else: that is read the next time.
  else memory.fills.delete(pool);
}

/** As the recount has read them, with what cools. */
export async function noteReadings(
  deps: Dependencies,
  readings: readonly { readonly id: string; readonly use: number }[],
): Promise<void> {
  await pMap(readings, ({ id, use }) => noteUse(deps, id, use, true), { concurrency: REQUESTS_AT_ONCE });
}

/**
 * As they were counted a moment ago. Where blocks belong to nodes, they count and not the leases in them.
 * @param held leases by the pool's id
 */
export async function noteHeld(deps: Dependencies, held: ReadonlyMap<string, number>): Promise<void> {
  const each = async ([id, count]: readonly [string, number]) => {
    const pool = await knownPool(deps, id);
    if (pool === undefined || pool.state !== 'active' || pool.definition.affinity === 'node') return;
    const { capacity, reserved } = pool.space;
    // Nobody knows how many of them are in reservations: at most all.
    const [taken, all] = [BigInt(count) - reserved, capacity - reserved];
    if (all > 0n && taken > 0n) await noteUse(deps, id, Math.min(1, Number(taken) / Number(all)), false);
  };
  await pMap(held, each, { concurrency: REQUESTS_AT_ONCE });
}

/** Counts the blocks of pools of which one was claimed, at most once a minute. */
export async function noteBlocks(deps: Dependencies, pools: Iterable<string>): Promise<void> {
  const each = async (id: string) => {
    if (deps.memory.blocksCounted.get(id, deps.now())) return;
    deps.memory.blocksCounted.set(id, true, deps.now());
    const pool = await knownPool(deps, id);
    if (pool === undefined || pool.state !== 'active') return;
    const [first, last] = [shardOf(firstOf(pool)), shardOf(pool.open - 1n)];
    if (last - first >= MOST_SHARDS || pool.openApart !== undefined) return;
    const reading = poolReading(pool, deps.now());
    for (let shard = first; shard <= last; shard += 1n)
      for (const [block, state] of await deps.store.blocks.readShard(id, shard))
        reading.count({ block, state, slots: new Map() });
    await noteUse(deps, id, reading.result(false).use, true);
  };
  await pMap(new Set(pools), each, { concurrency: REQUESTS_AT_ONCE });
}
