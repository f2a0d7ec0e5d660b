/**
 * The fence: takes a block back so that no request of an earlier generation, however late, can hold one of its slots (I4).
 * Every step is one conditional write, so it may be stopped anywhere, and whoever finds the block releasing goes on.
 */

import pMap from 'p-map';
import { LessorError } from '../../../core/contract/problems.ts';
import type { BlockState } from '../../../core/protocol/block.ts';
import { type SlotState, slotConditions } from '../../../core/protocol/lease.ts';
import type { BlockKey } from '../../../core/protocol/slot-ref.ts';
import type { Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';

/** A node that gives a block back waits for it: more of them are not answered in time by a function of the usual size. */
const SLOTS_AT_ONCE = 16;
/** Each pass but the first finds what others held or freed meanwhile, which the passed slots bound. */
const PASSES = 8;

export interface Fenced {
  /** `kept`: a lease was held, so the owner keeps the block. `moved`: somebody else changed the block meanwhile. */
  readonly outcome: 'released' | 'kept' | 'moved';
  /** Leases that were freed without their owner. */
  readonly freed: number;
}

/** @param generation as the caller knows the block: one that has moved on is left alone. @throws LessorError service.busy */
export async function fenceBlock(
  deps: Dependencies,
  key: BlockKey,
  { generation, forced }: { generation: number; forced: boolean },
): Promise<Fenced> {
  if (!(await deps.store.blocks.fence(key, generation, forced))) return { outcome: 'moved', freed: 0 };
  return resumeFence(deps, key, { generation: generation + 1, forced });
}

/**
 * Goes on with a fence that has begun, in the mode that the block's item has.
 * @throws LessorError service.busy
 */
export async function resumeFence(
  deps: Dependencies,
  key: BlockKey,
  { generation, forced }: Pick<BlockState, 'generation' | 'forced'>,
): Promise<Fenced> {
  const pool = await knownPool(deps, key.pool);
  const { blockSize = 0, cooldownSeconds = 0 } = pool?.definition ?? {};
  let freed = 0;
  for (let round = 1; round <= PASSES; round += 1) {
    const slots = await deps.store.leases.readBlock(key);
    const left = Array.from({ length: blockSize }, (_, slot) => slot).filter(
      (slot) => !isPast(slots.get(slot), generation),
    );
    if (left.length === 0) {
      const finished = await deps.store.blocks.finish(key, generation);
      return { outcome: finished ? 'released' : 'moved', freed };
    }
    if (!forced && left.some((slot) => slotConditions.slotHeld(slots.get(slot), {}))) {
      const kept = await deps.store.blocks.abort(key, generation);
      return { outcome: kept ? 'kept' : 'moved', freed };
    }
    const endedAt = deps.now();
    const ending = { endedAt, reusableAt: endedAt + cooldownSeconds * 1000 };
    const pass = async (slot: number): Promise<boolean> => {
      const isHeld = slotConditions.slotHeld(slots.get(slot), {});
      if (isHeld) return deps.store.leases.evict({ ...key, slot }, generation, ending);
      await deps.store.leases.advance({ ...key, slot }, generation);
      return false;
    };
    freed += (await pMap(left, pass, { concurrency: SLOTS_AT_ONCE })).filter(Boolean).length;
  }
  throw new LessorError('service.busy', `Slots of a block that is being taken back change all the time`, {
    remedy: 'try again',
  });
}

/** `finishDecided.slotsAtGeneration`, of one slot. */
const isPast = (slot: SlotState | undefined, generation: number): boolean =>
  slot !== undefined && !slot.held && slot.generation >= generation;
