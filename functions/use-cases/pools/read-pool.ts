/** Reading all that a pool holds: every block that may ever have been used, and no other. */

import { LessorError } from '../../../core/contract/problems.ts';
import type { BlockState } from '../../../core/protocol/block.ts';
import type { SlotState } from '../../../core/protocol/lease.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { asyncChunks, READS_AT_ONCE } from '../in-flight.ts';
import type { KnownPool } from '../memory.ts';
import { blocksInOrder, type ListedBlock } from './blocks-in-order.ts';

/** What remains of the request's time must suffice for an answer. */
const RESERVE_MS = 1_000;

export interface ReadBlock {
  readonly block: bigint;
  /** With node affinity: absent where no node ever claimed it. */
  readonly state?: BlockState;
  readonly slots: ReadonlyMap<number, SlotState>;
}

/**
 * The pool's open blocks, some at a time; with node affinity only those that were claimed at some time. Of a shared pool no
 * request is made for blocks that no node has joined: they are empty.
 * @throws LessorError service.busy where the time does not suffice
 */
export async function* readPool(deps: Dependencies, call: Call, pool: KnownPool): AsyncGenerator<ReadBlock> {
  for await (const some of asyncChunks(usedBlocks(deps, pool), READS_AT_ONCE)) {
    const { name } = pool.definition;
    if (call.remainingMs() < RESERVE_MS) {
      const remedy = 'ask for a part of it: GET /v1/pools/{pool}/leases goes through it page by page';
      throw new LessorError('service.busy', `Pool ${name} has more blocks than can be read in one request`, { remedy });
    }
    yield* await Promise.all(some.map((one) => readOne(deps, pool, one)));
  }
}

async function readOne(
  { store }: Dependencies,
  pool: KnownPool,
  { isUnused, ...one }: ListedBlock,
): Promise<ReadBlock> {
  if (isUnused) return { ...one, slots: new Map() };
  return { ...one, slots: await store.leases.readBlock({ pool: pool.definition.id, block: one.block }) };
}

/** With node affinity an unused one only stands for its shard. */
async function* usedBlocks(deps: Dependencies, pool: KnownPool): AsyncGenerator<ListedBlock> {
  const isShared = pool.definition.affinity === 'shared';
  for await (const one of blocksInOrder(deps, pool)) if (isShared || !one.isUnused) yield one;
}
