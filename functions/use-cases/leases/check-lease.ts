/** What an attachment of the calling node holds, and with which addresses. */
import type { CheckRequest, CheckResult } from '../../../core/contract/lease.ts';
import { blockFromText, blockToText } from '../../../core/pools/pool-space.ts';
import type { SlotKey } from '../../../core/protocol/lease.ts';
import { type Call, type Dependencies, knownPool } from '../dependencies.ts';
import { findHeld, sameAttachment } from './release.ts';

interface Found {
  readonly key: SlotKey;
  readonly nonce: string;
}

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
      const slot = { pool: key.pool, block: blockToText(key.block), slot: key.slot };
      return { slot, nonce, addresses: pool?.space.addresses(key.block, key.slot) ?? [] };
    }),
  );
  return { held };
}

async function readSlots(
  { store }: Dependencies,
  { caller }: Call,
  { attachment, slots = [] }: CheckRequest,
): Promise<Found[]> {
  const read = slots.map(async ({ pool, block, slot }): Promise<Found[]> => {
    const key = { pool, block: blockFromText(block), slot };
    const state = await store.leases.readSlot(key);
    const holding = state?.held ? state.holding : undefined;
    const isIts = holding?.node === caller && sameAttachment(holding.attachment, attachment);
    return isIts ? [{ key, nonce: holding.nonce }] : [];
  });
  return (await Promise.all(read)).flat();
}
