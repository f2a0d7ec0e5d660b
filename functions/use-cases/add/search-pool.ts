/** Finding a slot by strongly consistent reads of whole blocks, more of them at a time the longer it takes. */

import { scatter } from '../../../core/addresses/scatter.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { blockFromText, type SlotKey } from '../../../core/protocol/slot-ref.ts';
import { inChunks } from '../in-flight.ts';
import { type FullBlocks, noFullBlocks } from '../memory.ts';
import { firstOf, isOpen, openMore, usableOpen } from '../pools/open-blocks.ts';
import type { Allocation } from './allocation.ts';
import { blockOrder, type Seeds } from './block-order.ts';
import { BLOCKS_AT_ONCE, ensureTime, keepOwn, readUse, takeFrom } from './block-slots.ts';
import { granted, type PoolAttempt, refused } from './pool-attempt.ts';
import { full } from './pool-full.ts';

/** How often the whole pool is gone through while others snatch away each slot that was seen free. */
const PASSES = 4;
const READ_ONE_BY_ONE = 8;
/** So many blocks are passed over that are known to be full, before a search looks into one of them all the same. */
const LOOKED_OVER = 1024;

/**
 * A slot that was free, now held.
 * @param near blocks that are looked into first
 * @param passed a slot that is known not to be free
 * @returns refused (pool.exhausted, pool.cooling) where a read of every block that has a usable slot has proved it
 * @throws LessorError pool.quota, service.busy
 */
export async function searchPool(
  allocation: Allocation,
  near: readonly bigint[],
  passed?: SlotKey,
): Promise<PoolAttempt<SlotKey>> {
  const { deps } = allocation;
  let pool = allocation.pool;
  let coolingUntil = Number.POSITIVE_INFINITY;
  for (let pass = 1; pass <= PASSES; pass += 1) {
    let sawFree = false;
    const order = fullOnesLast(allocation, blockOrder(usableOpen(pool), near, seedsOf(allocation)));
    for (const blocks of inChunks(order, atOnce)) {
      ensureTime(allocation);
      for (const [block, slots] of await readUse(allocation, blocks)) {
        const found = await takeFrom(allocation, block, slots, pass > 1 ? undefined : passed);
        if (found.isFull) {
          allocation.full.add(block);
          noteLook(allocation, block);
        }
        if (found.slot) return granted(found.slot);
        coolingUntil = Math.min(coolingUntil, found.coolingUntil);
        sawFree ||= found.sawFree;
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

type Searching = Pick<Allocation, 'deps' | 'call' | 'request' | 'pool'>;

/** Where a search that knows of no block begins. */
export function firstBlock(searching: Searching): bigint {
  const seenFull = fullBlocks(searching);
  let first: bigint | undefined;
  for (const block of take(blockOrder(usableOpen(searching.pool), [], seedsOf(searching)), LOOKED_OVER)) {
    first ??= block;
    if (seenFull(block) === undefined) return block;
  }
  return first ?? firstOf(searching.pool);
}

const seedsOf = ({ call, request }: Searching): Seeds => ({
  // Of names that differ at their ends only, what follows spreads the difference over all bits.
  node: scatter(`${call.caller} joins`),
  request: scatter(`${request.nonce} asks`),
});

/** One after the other as long as each is likely to do; then more and more at a time, since latency counts too. */
const atOnce = (reads: number): number => (reads < READ_ONE_BY_ONE ? 1 : Math.min(BLOCKS_AT_ONCE, reads));

/**
 * Every block of `order`, those last that were seen full a short while ago: first of them the one that was seen first, in which
 * most may have been freed since. Who goes through them in the order of blocks finds those that were emptied last, one after the
 * other: where all of a pool was seen, that is some 30 reads for an ADD. One that another search of this environment looks into
 * meanwhile comes after them: two would find the same slot.
 */
function* fullOnesLast(searching: Searching, order: Iterable<bigint>): Generator<bigint> {
  const seenFull = fullBlocks(searching);
  for (const blocks of inChunks(order, () => LOOKED_OVER)) {
    const known: { block: bigint; look: number }[] = [];
    for (const block of blocks) {
      const look = seenFull(block);
      if (look === undefined) yield block;
      else known.push({ block, look });
    }
    const later: bigint[] = [];
    for (const { block, look } of known.sort((a, b) => a.look - b.look)) {
      if (seenFull(block) !== look) later.push(block);
      else {
        noteLook(searching, block);
        yield block;
      }
    }
    yield* later;
  }
}

/** The number of the look by which a block was seen without a free slot in this environment, the highest where only the node saw it. */
function fullBlocks(searching: Searching): (block: bigint) => number | undefined {
  const { deps, request, pool } = searching;
  const looks = looksIn(searching);
  const now = deps.now();
  const told = new Set(request.full?.pool === pool.definition.id ? request.full.blocks.map(blockFromText) : []);
  return (block) => looks.get(block, now) ?? (told.has(block) ? Number.MAX_SAFE_INTEGER : undefined);
}

function looksIn({ deps: { memory, now }, pool }: Searching): FullBlocks {
  const { id } = pool.definition;
  const known = memory.fullBlocks.peek(id);
  if (known) return known;
  const none = noFullBlocks();
  memory.fullBlocks.set(id, none, now());
  return none;
}

function noteLook(searching: Searching, block: bigint): void {
  const { memory, now } = searching.deps;
  looksIn(searching).set(block, memory.nextLook(), now());
}

/** The lease that an earlier try of the same request made, though its answer was lost. */
export async function findOwnLease(allocation: Allocation, near: readonly bigint[]): Promise<SlotKey | undefined> {
  const open = [...new Set(near)].filter((block) => isOpen(allocation.pool, block));
  for (const blocks of inChunks(open, () => BLOCKS_AT_ONCE)) {
    for (const [block, slots] of await readUse(allocation, blocks)) {
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
