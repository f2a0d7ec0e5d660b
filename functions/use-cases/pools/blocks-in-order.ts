/** The blocks of a pool that may ever have been used, in the order of their numbers. */
import { greater } from '../../../core/addresses/slot-intervals.ts';
import { BLOCKS_A_SHARD, type BlockState, shardOf, stretchOf } from '../../../core/protocol/block.ts';
import type { Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { firstOf, openBlocks } from './open-blocks.ts';

export interface ListedBlock {
  readonly block: bigint;
  /** With node affinity. */
  readonly state?: BlockState;
  /** Nothing was ever held in it: of a shared pool a block is joined first, with node affinity it is claimed first (I5). */
  readonly isUnused?: true;
}

/**
 * Of a shared pool all that are open; those that no node has joined are unused. With node affinity those that were claimed at
 * some time, and one that was not for each shard without any, so that whoever goes through them sees how far they are.
 */
export async function* blocksInOrder({ store }: Dependencies, pool: KnownPool, from = 0n): AsyncGenerator<ListedBlock> {
  const { definition, open, joinsNoted } = pool;
  if (definition.affinity === 'shared') {
    const joined = joinsNoted ? await store.pools.readJoined(definition.id) : undefined;
    for (const block of openBlocks(pool, from))
      yield joined?.has(stretchOf(block)) === false ? { block, isUnused: true } : { block };
    return;
  }
  for (let shard = shardOf(greater(from, firstOf(pool))); shard * BLOCKS_A_SHARD < open; shard += 1n) {
    const states = [...(await store.blocks.readShard(definition.id, shard))].filter(([block]) => block >= from);
    if (states.length === 0) yield { block: (shard + 1n) * BLOCKS_A_SHARD - 1n, isUnused: true };
    for (const [block, state] of states.sort(([a], [b]) => (a < b ? -1 : 1))) yield { block, state };
  }
}
