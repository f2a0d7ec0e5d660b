/** Finding a slot by strongly consistent reads of whole blocks, more of them at a time the longer it takes. */

import { scatter } from '../../../core/addresses/scatter.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { type BlockKey, blockKeyToText, type SlotKey } from '../../../core/protocol/slot-ref.ts';
import type { Dependencies } from '../dependencies.ts';
import { inChunks } from '../in-flight.ts';
import { openMore } from '../pools/open-blocks.ts';
import type { Allocation } from './allocation.ts';
import { blockOrder } from './block-order.ts';
import { BLOCKS_AT_ONCE, ensureTime, keepOwn, readBlocks, takeFrom } from './block-slots.ts';
import { granted, type PoolAttempt, refused } from './pool-attempt.ts';
import { full } from './pool-full.ts';

/** How often the whole pool is gone through while others snatch away each slot that was seen free. */
const PASSES = 4;
const READ_ONE_BY_ONE = 8;

/**
 * A slot that was free, now held.
 * @param near blocks that are looked into first
 * @param passed a slot that is known not to be free
 * @returns refused (pool.exhausted, pool.cooling) where a read of every block has proved it
 * @throws LessorError pool.quota, service.busy
 */
export async function searchPool(
  allocation: Allocation,
  near: readonly bigint[],
  passed?: SlotKey,
): Promise<PoolAttempt<SlotKey>> {
  const { request, deps } = allocation;
  const seed = scatter(request.nonce);
  let pool = allocation.pool;
  let coolingUntil = Number.POSITIVE_INFINITY;
  for (let pass = 1; pass <= PASSES; pass += 1) {
    let sawFree = false;
    const order = fullOnesLast(allocation, blockOrder(pool.open, near, seed));
    for (const blocks of inChunks(order, atOnce)) {
      ensureTime(allocation);
      for (const [block, slots] of await readBlocks(allocation, blocks)) {
        const found = await takeFrom(allocation, block, slots, pass > 1 ? undefined : passed);
        if (found.slot) return granted(found.slot);
        coolingUntil = Math.min(coolingUntil, found.coolingUntil);
        sawFree ||= found.sawFree;
        if (!found.sawFree) noteFull(deps, { pool: pool.definition.id, block });
      }
    }
    if (sawFree) continue;
    const more = await openMore(deps, pool);
    if (more === undefined) return refused(full(pool, coolingUntil));
    pool = more;
    allocation.pool = more;
    pass = 0;
  }
  throw new LessorError('service.busy', `Others took each free address of pool ${pool.definition.name} first`, {
    remedy: 'try again',
  });
}

/** One after the other as long as each is likely to do; then more and more at a time, since latency counts too. */
const atOnce = (reads: number): number => (reads < READ_ONE_BY_ONE ? 1 : Math.min(BLOCKS_AT_ONCE, reads));

/** Every block of `order`, those last that were seen full a short while ago. */
function* fullOnesLast({ deps, pool }: Allocation, order: Iterable<bigint>): Generator<bigint> {
  const last: bigint[] = [];
  for (const block of order) {
    if (isKnownFull(deps, { pool: pool.definition.id, block })) last.push(block);
    else yield block;
  }
  yield* last;
}

/** Whether a block was seen without a free slot a short while ago. */
export const isKnownFull = ({ memory, now }: Dependencies, key: BlockKey): boolean =>
  memory.fullBlocks.get(blockKeyToText(key), now()) !== undefined;

const noteFull = ({ memory, now }: Dependencies, key: BlockKey): void =>
  memory.fullBlocks.set(blockKeyToText(key), true, now());

/** The lease that an earlier try of the same request made, though its answer was lost. */
export async function findOwnLease(allocation: Allocation, near: readonly bigint[]): Promise<SlotKey | undefined> {
  const order = take(blockOrder(allocation.pool.open, near, 0), new Set(near).size);
  for (const blocks of inChunks(order, () => BLOCKS_AT_ONCE)) {
    for (const [block, slots] of await readBlocks(allocation, blocks)) {
      const own = await keepOwn(allocation, block, slots);
      if (own) return own;
    }
  }
  return undefined;
}

function* take(order: Iterable<bigint>, count: number): Generator<bigint> {
  let left = count;
  for (const block of order) {
    yield block;
    left -= 1;
    if (left === 0) return;
  }
}
