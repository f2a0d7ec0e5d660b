/** DEL: released by owner, never by address alone; what is not held any more is released as well. */

import type { Attachment } from '../../../core/contract/ids.ts';
import type { ReleaseRequest, ReleaseResult } from '../../../core/contract/lease.ts';
import { blockKeyFromText, type SlotKey, slotFromWire, slotToWire } from '../../../core/protocol/slot-ref.ts';
import { type Call, type Dependencies, knownPool, reusableAfter } from '../dependencies.ts';

/** @throws LessorError service.unavailable */
export async function release(deps: Dependencies, call: Call, request: ReleaseRequest): Promise<ReleaseResult> {
  const { nonce } = request;
  if (nonce === undefined) {
    const found = await findHeld(deps, call, request.attachment);
    return { released: [], held: found.map((one) => ({ slot: slotToWire(one.key), nonce: one.nonce })) };
  }
  const known = request.slot && slotFromWire(request.slot);
  const released: SlotKey[] = [];
  if (known && (await releaseSlot(deps, call, request.attachment, nonce, known))) released.push(known);
  // An answer that was lost may have left the lease in another slot than the journal has.
  if (known === undefined || !request.acknowledged) {
    for (const found of await findHeld(deps, call, request.attachment)) {
      if (found.nonce === nonce && (await releaseSlot(deps, call, request.attachment, nonce, found.key)))
        released.push(found.key);
    }
  }
  const pool = known && deps.memory.pools.get(known.pool);
  const draining = pool !== undefined && pool.state !== 'active';
  return { released: released.map(slotToWire), ...(draining ? { draining } : {}) };
}

async function releaseSlot(
  deps: Dependencies,
  { caller }: Call,
  { containerId, ifname }: Attachment,
  nonce: string,
  key: SlotKey,
): Promise<boolean> {
  const pool = await knownPool(deps, key.pool);
  return deps.store.leases.release(key, { containerId, ifname, node: caller, nonce }, reusableAfter(deps, pool));
}

/** What the attachment holds in any block that its node has joined. */
export async function findHeld(
  { store }: Dependencies,
  { caller }: Call,
  attachment: Attachment,
): Promise<{ readonly key: SlotKey; readonly nonce: string }[]> {
  const node = await store.nodes.readNode(caller);
  const joinedBlocks = [...(node?.joinedBlocks ?? [])].map(blockKeyFromText);
  const found = await Promise.all(
    joinedBlocks.map(async (place) =>
      [...(await store.leases.readBlock(place))].flatMap(([slot, { held, holding }]) =>
        held && holding?.node === caller && sameAttachment(holding.attachment, attachment)
          ? [{ key: { ...place, slot }, nonce: holding.nonce }]
          : [],
      ),
    ),
  );
  return found.flat();
}

export const sameAttachment = (a: Attachment, b: Attachment): boolean =>
  a.network === b.network && a.containerId === b.containerId && a.ifname === b.ifname;
