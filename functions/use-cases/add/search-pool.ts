/** Finding a slot by strongly consistent reads of whole blocks, more of them at a time the longer it takes. */

import { scatter } from '../../../core/addresses/scatter.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { type BlockKey, blockKeyToText, type SlotKey } from '../../../core/protocol/slot-ref.ts';
import type { Dependencies } from '../dependencies.ts';
import { openMore } from '../pools/open-blocks.ts';
import type { Allocation } from './allocation.ts';
import { blockOrder } from './block-order.ts';
import { ensureTime, keepOwn, READ_AT_ONCE, readBlocks, takeFrom } from './block-slots.ts';
import { full } from './pool-full.ts';

/** How often the whole pool is gone through while others snatch away each slot that was seen free. */
const PASSES = 4;
const READ_ONE_BY_ONE = 8;
const FULL_FOR_MS = 10_000;
const MOST_REMEMBERED = 100_000;

/**
 * A slot that was free, now held. `taken` is known not to be one.
 * @throws LessorError pool.exhausted or pool.cooling, which a read of every block has proved; service.busy
 */
export async function searchPool(
  allocation: Allocation,
  first: bigint,
  near: readonly bigint[],
  taken: SlotKey | undefined,
): Promise<SlotKey> {
  const { request, deps } = allocation;
  const seed = scatter(request.nonce);
  let pool = allocation.pool;
  let coolingUntil = Number.POSITIVE_INFINITY;
  for (let pass = 1; pass <= PASSES; pass += 1) {
    let sawFree = false;
    let reads = 0;
    const order = fullOnesLast(allocation, blockOrder(pool.open, [first, ...near], seed));
    for (let blocks = take(order, 1); blocks.length > 0; blocks = take(order, atOnce(reads))) {
      reads += blocks.length;
      ensureTime(allocation);
      for (const [block, slots] of await readBlocks(allocation, blocks)) {
        const found = await takeFrom(allocation, block, slots, pass > 1 ? undefined : taken);
        if (found.slot) return found.slot;
        coolingUntil = Math.min(coolingUntil, found.coolingUntil);
        sawFree ||= found.sawFree;
        if (!found.sawFree) noteFull(deps, { pool: pool.definition.id, block });
      }
    }
    if (sawFree) continue;
    const more = await openMore(deps, pool);
    if (more === undefined) throw full(pool, coolingUntil);
    pool = more;
    allocation.pool = more;
    pass = 0;
  }
  throw new LessorError('service.busy', `Others took each free address of pool ${pool.definition.name} first`, {
    remedy: 'try again',
  });
}

/** One after the other as long as each is likely to do; then more and more at a time, since latency counts too. */
const atOnce = (reads: number): number => (reads < READ_ONE_BY_ONE ? 1 : Math.min(READ_AT_ONCE, reads));

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
export function isKnownFull({ memory, now }: Dependencies, key: BlockKey): boolean {
  const foundAt = memory.full.get(blockKeyToText(key));
  return foundAt !== undefined && now() - foundAt < FULL_FOR_MS;
}

function noteFull({ memory, now }: Dependencies, key: BlockKey): void {
  if (memory.full.size > MOST_REMEMBERED) memory.full.clear();
  memory.full.set(blockKeyToText(key), now());
}

/** The lease that an earlier try of the same request made, though its answer was lost. */
export async function findOwnLease(
  allocation: Allocation,
  first: bigint,
  near: readonly bigint[],
): Promise<SlotKey | undefined> {
  const order = blockOrder(allocation.pool.open, [first, ...near], 0);
  let left = new Set([first, ...near]).size;
  while (left > 0) {
    const blocks = take(order, Math.min(READ_AT_ONCE, left));
    if (blocks.length === 0) return undefined;
    left -= blocks.length;
    for (const [block, slots] of await readBlocks(allocation, blocks)) {
      const own = await keepOwn(allocation, block, slots);
      if (own) return own;
    }
  }
  return undefined;
}

function take(order: Generator<bigint>, count: number): bigint[] {
  const taken: bigint[] = [];
  while (taken.length < count) {
    const next = order.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}
