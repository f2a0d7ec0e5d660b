/** Whether anything of a pool is in use, before it is deleted; as far as the time suffices. */
import { shardOf } from '../../../core/protocol/block.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { whileTime } from '../in-flight.ts';
import type { KnownPool } from '../memory.ts';
import { openBehind } from './open-blocks.ts';
import { RESERVE_MS } from './seal-pool.ts';

export interface InUse {
  readonly leases: number;
  /** That nodes own. */
  readonly blocks: number;
}

/** Goes through the pool's open blocks but the first `passed` ones. The first `looked` are looked at then, those included. */
export function lookThrough(
  deps: Dependencies,
  call: Call,
  pool: KnownPool,
  passed: number,
): Promise<InUse & { readonly looked: number }> {
  const look = pool.definition.affinity === 'node' ? lookAtShards : lookAtBlocks;
  return look(deps, call, pool, passed);
}

async function lookAtBlocks(deps: Dependencies, call: Call, pool: KnownPool, passed: number) {
  const held = await whileTime(call, RESERVE_MS, openBehind(pool, passed), (block) => heldIn(deps, pool, block));
  return { leases: sum(held), blocks: 0, looked: passed + held.length };
}

/** With node affinity a lease is in a block that a node owns: the others were seen to be free of them. */
async function lookAtShards(deps: Dependencies, call: Call, pool: KnownPool, passed: number) {
  const blocksOf = new Map<bigint, number>();
  for (const block of openBehind(pool, passed)) blocksOf.set(shardOf(block), (blocksOf.get(shardOf(block)) ?? 0) + 1);
  const all = [...blocksOf.keys()];
  const shards = await whileTime(call, RESERVE_MS, all, (shard) =>
    deps.store.blocks.readShard(pool.definition.id, shard),
  );
  const owned = shards
    .flatMap((shard) => [...shard])
    .filter(([, { state }]) => state === 'claimed' || state === 'releasing')
    .map(([block]) => block);
  const held = await whileTime(call, RESERVE_MS, owned, (block) => heldIn(deps, pool, block));
  const looked = passed + sum(all.slice(0, shards.length).map((shard) => blocksOf.get(shard) ?? 0));
  return { leases: sum(held), blocks: owned.length, looked };
}

async function heldIn({ store }: Dependencies, { definition }: KnownPool, block: bigint): Promise<number> {
  const slots = await store.leases.readBlock({ pool: definition.id, block });
  return [...slots.values()].filter(({ held }) => held).length;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
