/** Sealing: from then on no request, however late it arrives, can lease anything of the pool, nor claim a block of it. */
import pMap from 'p-map';
import { LessorError } from '../../../core/contract/problems.ts';
import { BLOCKS_A_SHARD } from '../../../core/protocol/block.ts';
import { SEALED_GENERATION } from '../../../core/protocol/lease.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { inChunks } from '../in-flight.ts';
import type { KnownPool } from '../memory.ts';
import { firstOf, openBlocks, openCount } from './open-blocks.ts';

/** Blocks at once, and requests at once in each of them: together less than the client has connections. */
const BLOCKS_AT_ONCE = 4;
const AT_ONCE = { concurrency: 8 };
/** Each pass but the first finds what requests changed meanwhile that were under way when the pool closed. */
const PASSES = 8;
/** What remains of the request's time must suffice for an answer. */
const RESERVE_MS = 1_500;

export interface Sealed {
  /** Open blocks that are sealed, of `total`. */
  readonly sealed: number;
  readonly total: number;
  /** Leases that were held, or blocks that were owned, when their turn came. */
  readonly inUse: number;
}

/**
 * Seals what is open, as far as the time suffices; run again, it goes on.
 * @param pool as it was read after its state became closing
 * @throws LessorError service.busy
 */
export async function sealPool(deps: Dependencies, call: Call, pool: KnownPool): Promise<Sealed> {
  const total = Number(openCount(pool));
  const step = pool.definition.affinity === 'node' ? Number(BLOCKS_A_SHARD) : BLOCKS_AT_ONCE;
  let sealed = 0;
  // A shard's blocks are sealed together, wherever in a shard the pool begins.
  const toShardsEnd = step - Number(firstOf(pool) % BigInt(step));
  for (const blocks of inChunks(openBlocks(pool), (before) => (before === 0 ? toShardsEnd : step))) {
    if (call.remainingMs() < RESERVE_MS) break;
    const inUse =
      pool.definition.affinity === 'node' ? await sealBlocks(deps, pool, blocks) : await sealEach(deps, pool, blocks);
    if (inUse > 0) return { sealed, total, inUse };
    sealed += blocks.length;
  }
  return { sealed, total, inUse: 0 };
}

async function sealEach(deps: Dependencies, pool: KnownPool, blocks: readonly bigint[]): Promise<number> {
  const held = await Promise.all(blocks.map((block) => sealSlots(deps, pool, block)));
  return held.reduce((sum, count) => sum + count, 0);
}

/** Shared affinity: until a pass finds each slot present, free and at the last generation. */
async function sealSlots({ store }: Dependencies, { definition, space }: KnownPool, block: bigint): Promise<number> {
  const key = { pool: definition.id, block };
  for (let pass = 1; pass <= PASSES; pass += 1) {
    const found = await store.leases.readBlock(key);
    const held = [...found.values()].filter((slot) => slot.held).length;
    if (held > 0) return held;
    // Excluded ones too: they may have been usable to a request that is still under way.
    const all = Array.from({ length: space.slotsIn(block) }, (_, slot) => slot);
    const left = all.filter((slot) => found.get(slot)?.generation !== SEALED_GENERATION);
    if (left.length === 0) return 0;
    await pMap(left, (slot) => store.leases.advance({ ...key, slot }, SEALED_GENERATION), AT_ONCE);
  }
  throw changing(definition.name);
}

/** Node affinity: the blocks of one shard, until a pass finds each of them sealed. */
async function sealBlocks({ store }: Dependencies, { definition }: KnownPool, blocks: bigint[]): Promise<number> {
  const shard = (blocks[0] ?? 0n) / BLOCKS_A_SHARD;
  for (let pass = 1; pass <= PASSES; pass += 1) {
    const found = await store.blocks.readShard(definition.id, shard);
    const stateOf = (block: bigint) => found.get(block)?.state;
    const owned = blocks.filter((block) => stateOf(block) === 'claimed' || stateOf(block) === 'releasing').length;
    if (owned > 0) return owned;
    const left = blocks.filter((block) => stateOf(block) !== 'sealed');
    if (left.length === 0) return 0;
    await pMap(left, (block) => store.blocks.seal({ pool: definition.id, block }), AT_ONCE);
  }
  throw changing(definition.name);
}

const changing = (name: string) =>
  new LessorError('service.busy', `Pool ${name} is still being used by requests that are under way`, {
    remedy: 'delete it again',
  });
