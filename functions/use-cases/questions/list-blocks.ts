/** Which node has which block: for whoever programs the routes to them. */

import { greater } from '../../../core/addresses/slot-intervals.ts';
import type { BlockRow, ListBlocksResult } from '../../../core/contract/blocks.ts';
import { type BlockState, shardOf } from '../../../core/protocol/block.ts';
import { blockFromText, blockToText } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { pageOf } from '../pages.ts';
import { namedPool } from '../pools/named-pool.ts';
import { firstOf } from '../pools/open-blocks.ts';

/** @throws LessorError pool.unknown */
export async function listBlocks(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  { vrf, name, cursor }: { vrf: string; name: string; cursor: string | undefined },
): Promise<ListBlocksResult> {
  const pool = await namedPool(deps, vrf, name);
  // The blocks of a shard are 600 KB at most, with 2,048 ranges in 16 sets: each has a span for each range that it has a part in.
  const { rows, nextCursor } = await pageOf<bigint, BlockRow>(call, {
    keys: shardsFrom(pool, cursor === undefined ? 0n : blockFromText(cursor)),
    read: (shard) => rowsOf(deps, pool, shard),
    after: (shard) => blockToText(shard + 1n),
  });
  return { blocks: [...rows], ...(nextCursor === undefined ? {} : { nextCursor }) };
}

function* shardsFrom(pool: KnownPool, from: bigint): Generator<bigint> {
  for (let shard = greater(from, shardOf(firstOf(pool))); shard <= shardOf(pool.open - 1n); shard += 1n) yield shard;
}

async function rowsOf(deps: Dependencies, pool: KnownPool, shard: bigint): Promise<BlockRow[]> {
  const blocks = [...(await deps.store.blocks.readShard(pool.definition.id, shard))];
  return blocks.sort(([a], [b]) => (a < b ? -1 : 1)).map(([block, state]) => rowOf(pool, block, state));
}

function rowOf({ definition, space }: KnownPool, block: bigint, { state, generation, owner }: BlockState): BlockRow {
  const gateways = definition.gateway === 'block' ? space.addresses(block, 0).map(({ gateway }) => gateway) : undefined;
  return {
    block: blockToText(block),
    prefixes: space.blockPrefixes(block),
    ...(gateways ? { gateways } : {}),
    state,
    generation,
    ...(owner ? { node: owner.node } : {}),
  };
}
