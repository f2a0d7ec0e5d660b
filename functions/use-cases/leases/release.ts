/** DEL: released by owner, never by address alone; what is not held any more is released as well. */

import type { Attachment } from '../../../core/contract/ids.ts';
import type { ReleaseRequest, ReleaseResult } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { type SlotKey, slotFromWire, slotToWire } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { knownPool, reusableAfter } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { findHeld, sameAttachment } from './find-held.ts';

/** @throws LessorError service.unavailable; auth.denied where the very lease is another node's */
export async function release(deps: Dependencies, call: Call, request: ReleaseRequest): Promise<ReleaseResult> {
  const { nonce, attachment } = request;
  if (nonce === undefined) {
    const found = await findHeld(deps, call, attachment);
    return { released: [], held: found.map((one) => ({ slot: slotToWire(one.key), nonce: one.nonce })) };
  }
  const known = request.slot && slotFromWire(request.slot);
  const pool = known && (await knownPool(deps, known.pool));
  const released: SlotKey[] = [];
  if (known) {
    const lease = { attachment, nonce, key: known, pool };
    if (await releaseSlot(deps, call, lease)) released.push(known);
    else await refuseOfAnotherNode(deps, call, lease);
  }
  // An answer that was lost may have left the lease in another slot than the journal has.
  if (known === undefined || !request.acknowledged) {
    const own = (await findHeld(deps, call, attachment)).filter((lease) => lease.nonce === nonce);
    for (const { key } of own) {
      const itsPool = await knownPool(deps, key.pool);
      if (await releaseSlot(deps, call, { attachment, nonce, key, pool: itsPool })) released.push(key);
    }
  }
  const draining = pool !== undefined && pool.state !== 'active';
  return { released: released.map(slotToWire), ...(draining ? { draining } : {}) };
}

interface Lease {
  readonly attachment: Attachment;
  readonly nonce: string;
  readonly key: SlotKey;
  readonly pool: KnownPool | undefined;
}

function releaseSlot(deps: Dependencies, { caller }: Call, { attachment, nonce, key, pool }: Lease): Promise<boolean> {
  const { containerId, ifname } = attachment;
  return deps.store.leases.release(key, { containerId, ifname, node: caller, nonce }, reusableAfter(deps, pool));
}

/**
 * The nonce is the journal's own: who has it and the container is the machine that leased, whatever its name is now. As a
 * success it would forget the lease, and nothing would ever free the slot.
 */
async function refuseOfAnotherNode({ store }: Dependencies, { caller }: Call, { attachment, nonce, key }: Lease) {
  const state = await store.leases.readSlot(key);
  const holding = state?.held ? state.holding : undefined;
  if (holding === undefined || holding.node === caller || holding.nonce !== nonce) return;
  if (!sameAttachment(holding.attachment, attachment)) return;
  throw new LessorError('auth.denied', `The lease is node ${holding.node}'s, and the caller is ${caller}`, {
    remedy:
      'give the node the role and session that it had, and see that its role is among nodeRoles of the deployment',
  });
}
