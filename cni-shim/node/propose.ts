/** Which slot the node asks for: the one that it has not used for the longest time. */
import type { SlotReference } from '../../core/contract/ids.ts';
import { poolSpace } from '../../core/pools/pool-space.ts';
import { blockFromText, blockToText } from '../../core/protocol/slot-ref.ts';
import { fullBlocks, isStillTaken, type PoolCache, takenFor } from './pool-cache.ts';

/** Where three quarters of a block were seen taken, a slot of a block that was not seen is taken as likely. */
const CROWDED = 0.75;

/**
 * The usable slots of the node's blocks in the order in which to try them: from behind the cursor once around, without
 * those that were seen taken lately and, in a crowded pool, without blocks that were not seen. None left: let the service
 * choose.
 * @param takenMs for how long a slot that was seen taken is not proposed
 */
export function* proposals(state: PoolCache, now: number, takenMs: number = takenFor(state)): Generator<SlotReference> {
  const space = poolSpace(state.pool);
  const blocks = state.blocks.map(({ block }) => blockFromText(block)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const last = blockFromText(state.cursor.block);
  const found = blocks.findIndex((block) => block >= last);
  const start = found === -1 ? 0 : found;
  // A block of its own the node knows better than any answer.
  const shared = state.pool.affinity === 'shared';
  const full = fullBlocks(state, now, takenMs);
  const crowded =
    shared &&
    (Object.keys(full).length > 0 ||
      Object.values(state.taken).some(
        (slots) =>
          Object.values(slots).filter((at) => isStillTaken(takenMs, at, now)).length >= CROWDED * space.blockSize,
      ));
  const split = blocks[start] === last ? state.cursor.slot + 1 : 0;
  for (let step = 0; step <= blocks.length; step++) {
    const block = blocks[(start + step) % blocks.length];
    if (block === undefined) return;
    const from = step === 0 ? split : 0;
    const to = step === blocks.length ? split : space.blockSize;
    const text = blockToText(block);
    if (full[text] !== undefined || (crowded && state.taken[text] === undefined)) continue;
    const taken = state.taken[text] ?? {};
    for (let slot = from; slot < to; slot++) {
      const takenAt = taken[slot];
      if (space.isUsable(block, slot) && (takenAt === undefined || !isStillTaken(takenMs, takenAt, now)))
        yield { pool: state.pool.id, block: text, slot };
    }
  }
}

/** Of clocks: the service counts from the release, this node from its answer. */
const MARGIN_MS = 1000;

/** The same; and last, of blocks of the node's own, slots that have cooled, which the service would choose as well. */
export function* candidatesOf(state: PoolCache, now: number): Generator<SlotReference> {
  yield* proposals(state, now);
  if (state.pool.affinity === 'node') yield* proposals(state, now, state.pool.cooldownSeconds * 1000 + MARGIN_MS);
}

/** The generation of the block as which the node may still propose this slot; undefined where it may not. */
export const proposableAt = (state: PoolCache | undefined, slot: SlotReference): number | undefined =>
  state?.pool.id === slot.pool ? state.blocks.find(({ block }) => block === slot.block)?.generation : undefined;
