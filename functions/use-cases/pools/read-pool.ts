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
 * The pool's open blocks, some at a time; with node affinity only those that were claimed at some time.
 * @throws LessorError service.busy where the time does not suffice
 */
export async function* readPool(deps: Dependencies, call: Call, pool: KnownPool): AsyncGenerator<ReadBlock> {
  const { id, name } = pool.definition;
  for await (const some of asyncChunks(usedBlocks(deps, pool), READS_AT_ONCE)) {
    if (call.remainingMs() < RESERVE_MS) {
      const remedy = 'ask for a part of it: GET /v1/pools/{pool}/leases goes through it page by page';
      throw new LessorError('service.busy', `Pool ${name} has more blocks than can be read in one request`, { remedy });
    }
    yield* await Promise.all(
      some.map(async (one) => ({ ...one, slots: await deps.store.leases.readBlock({ pool: id, block: one.block }) })),
    );
  }
}

async function* usedBlocks(deps: Dependencies, pool: KnownPool): AsyncGenerator<ListedBlock> {
  for await (const one of blocksInOrder(deps, pool)) if (!one.isUnused) yield one;
}
