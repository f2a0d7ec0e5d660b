/** What an attachment of the calling node holds, and with which addresses. */

import type { CheckRequest, CheckResult } from '../../../core/contract/lease.ts';
import { slotFromWire, slotToWire } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';
import { findHeld, type HeldSlot, sameAttachment } from './find-held.ts';

/** One read a slot; without slots, of each block of the node. */
export async function checkLease(
  deps: Dependencies,
  call: Call,
  { attachment, slots }: CheckRequest,
): Promise<CheckResult> {
  const found =
    slots === undefined ? await findHeld(deps, call, attachment) : await readSlots(deps, call, { attachment, slots });
  const held = await Promise.all(
    found.map(async ({ key, nonce }) => {
      const pool = await knownPool(deps, key.pool);
      return { slot: slotToWire(key), nonce, addresses: pool?.space.addresses(key.block, key.slot) ?? [] };
    }),
  );
  return { held };
}

async function readSlots(
  { store }: Dependencies,
  { caller }: Call,
  { attachment, slots = [] }: CheckRequest,
): Promise<HeldSlot[]> {
  const read = slots.map(async (slot): Promise<HeldSlot[]> => {
    const key = slotFromWire(slot);
    const state = await store.leases.readSlot(key);
    const holding = state?.held ? state.holding : undefined;
    const isIts = holding?.node === caller && sameAttachment(holding.attachment, attachment);
    return isIts ? [{ key, nonce: holding.nonce }] : [];
  });
  return (await Promise.all(read)).flat();
}
