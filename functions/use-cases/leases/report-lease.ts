/** A lease that a node took from its own block while the service could not be reached: exactly that slot, or none. */

import type { SlotReference } from '../../../core/contract/ids.ts';
import type { ReportRequest, ReportResult } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { against, allows, type Holding } from '../../../core/protocol/lease.ts';
import { type SlotKey, slotFromWire } from '../../../core/protocol/slot-ref.ts';
import { claimantOf, isOf, ownerOf } from '../blocks/own-blocks.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { freshPool, knownPool } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { assertLease } from './assert-lease.ts';
import { lost, noSuchSlot, refusedBy } from './lost-lease.ts';

/**
 * One that was granted before is asserted (`again`). The container lives already, so neither quota nor state of the pool stands in the way.
 * @throws LessorError lease.lost, address.cooling, request.invalid
 */
export async function reportLease(deps: Dependencies, call: Call, request: ReportRequest): Promise<ReportResult> {
  if (request.again === true) return assertLease(deps, call, request);
  const { attachment, nonce, generation, pod, slot: asked } = request;
  const slot = slotFromWire(asked);
  const owner = await ownerOf(deps, slot, generation);
  if (!isOf(claimantOf(call, request), owner))
    throw lost(`block ${asked.block} of pool ${asked.pool} is not this node's at generation ${generation}`);
  await ensureExists(deps, slot);
  const { incarnation } = owner;
  const now = deps.now();
  const holding: Holding = { attachment, nonce, node: call.caller, incarnation, heldAt: now, ...(pod ? { pod } : {}) };
  const outcome = await deps.store.leases.hold(slot, holding, generation);
  if (outcome.held) return { incarnation };
  const { current } = outcome;
  // It holds the slot already, in a life of the node that this environment did not know of.
  const own = against({ ...attachment, nonce, node: call.caller });
  if (current?.holding && allows('release', current, own)) return { incarnation: current.holding.incarnation };
  if (current?.held === false && current.generation <= generation) throw cooling(asked, current.reusableAt);
  throw refusedBy(asked, current);
}

/** A fence goes through the slots that there are: what were held beside them, nobody would find (I4). */
async function ensureExists(deps: Dependencies, { pool: id, block, slot }: SlotKey): Promise<void> {
  const exists = (pool: KnownPool | undefined) => pool?.space.isWhole(block, slot) === true;
  // What this process remembers may be of before the pool grew.
  if (exists(await knownPool(deps, id)) || exists(await freshPool(deps, id))) return;
  throw noSuchSlot({ pool: id, block, slot });
}

function cooling({ pool, block, slot }: SlotReference, reusableAt: number): LessorError {
  const freeAt = new Date(reusableAt).toISOString();
  const which = `Slot ${slot} of block ${block} of pool ${pool}`;
  return new LessorError('address.cooling', `${which} cools until ${freeAt}`, {
    remedy: 'report it again then',
    facts: { freeAt },
  });
}
