/** Which node has which block: for whoever programs the routes to them. */

import type { BlockRow, ListBlocksResult } from '../../../core/contract/blocks.ts';
import { type BlockState, shardOf } from '../../../core/protocol/block.ts';
import { blockFromText, blockToText } from '../../../core/protocol/slot-ref.ts';
import type { Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { namedPool } from '../pools/named-pool.ts';

/** 1,024 blocks, some 200 bytes each. */
const SHARDS_A_PAGE = 4n;

/** @throws LessorError pool.unknown */
export async function listBlocks(
  deps: Dependencies,
  { vrf, name, cursor }: { vrf: string; name: string; cursor: string | undefined },
): Promise<ListBlocksResult> {
  const pool = await namedPool(deps, vrf, name);
  const { definition, open } = pool;
  const first = cursor === undefined ? 0n : blockFromText(cursor);
  const end = first + SHARDS_A_PAGE;
  const shards: bigint[] = [];
  for (let shard = first; shard < end && shard <= shardOf(open - 1n); shard += 1n) shards.push(shard);
  const states = await Promise.all(shards.map((shard) => deps.store.blocks.readShard(definition.id, shard)));
  const blocks = states.flatMap((shard) => [...shard]).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    blocks: blocks.map(([block, state]) => rowOf(pool, block, state)),
    ...(end <= shardOf(open - 1n) ? { nextCursor: blockToText(end) } : {}),
  };
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
