/** DEL: released by owner, never by address alone; what is not held any more is released as well. */

import type { Attachment } from '../../../core/contract/ids.ts';
import type { ReleaseRequest, ReleaseResult } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { type SlotKey, slotFromWire, slotToWire } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { endingNow, knownPool } from '../known-pools.ts';
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
  if (known && (await releaseSlot(deps, call, { attachment, nonce, key: known, pool }))) released.push(known);
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

/** Whether it was held. @throws LessorError */
async function releaseSlot(deps: Dependencies, { caller }: Call, { attachment, nonce, key, pool }: Lease) {
  const { containerId, ifname } = attachment;
  const by = { containerId, ifname, node: caller, nonce };
  const outcome = await deps.store.leases.release(key, by, endingNow(deps, pool));
  if (outcome.released) return true;
  const holding = outcome.current?.held ? outcome.current.holding : undefined;
  // The nonce is the journal's own: who has it and the container is the machine that leased, whatever its name is now. As a
  // success the lease would be forgotten, and nothing would ever free the slot.
  if (holding?.nonce === nonce && holding.node !== caller && sameAttachment(holding.attachment, attachment))
    throw new LessorError('auth.denied', `The lease is node ${holding.node}'s, and the caller is ${caller}`, {
      remedy:
        'give the node the role and session that it had, and see that its role is among nodeRoles of the deployment',
    });
  return false;
}
