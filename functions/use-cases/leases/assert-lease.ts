/**
 * A lease that a node asserts: a container of its boot lives with it, and the table does not have it any more, or has it in a life of
 * the node that is over, or another IPAM gave it. It is held in the node's present life: exactly that slot, or none.
 */
import type { ReportRequest, ReportResult } from '../../../core/contract/lease.ts';
import type { BlockOwner } from '../../../core/protocol/block.ts';
import { stretchOf } from '../../../core/protocol/block.ts';
import type { Holding } from '../../../core/protocol/lease.ts';
import { blockKeyToText, type SlotKey, slotFromWire } from '../../../core/protocol/slot-ref.ts';
import { claimantOf, isOf, noteOwner } from '../blocks/own-blocks.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { freshPool } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { join, noteJoined } from '../nodes/membership.ts';
import { withOpen } from '../pools/open-apart.ts';
import { isOpen, openMore } from '../pools/open-blocks.ts';
import { ensureKept } from './identity-slot.ts';
import { lost, noSuchSlot, refusedBy } from './lost-lease.ts';

/** Shared pools know one generation only. */
const GENERATION = 1;

/**
 * The container lives already, so neither quota nor state of the pool stands in the way.
 * @throws LessorError lease.lost, request.invalid, service.busy
 */
export async function assertLease(deps: Dependencies, call: Call, request: ReportRequest): Promise<ReportResult> {
  const { attachment, nonce, boot, pod, identity, slot: asked } = request;
  const slot = slotFromWire(asked);
  const pool = await openFor(deps, slot);
  const kept = pod && identity !== undefined ? { pool: slot.pool, namespace: pod.namespace, identity } : undefined;
  const isOwned = pool.definition.affinity === 'node';
  if (isOwned ? !pool.space.isWhole(slot.block, slot.slot) : slot.slot >= pool.space.slotsIn(slot.block))
    throw noSuchSlot(slot);
  if (pool.joinsNoted === true) await noteJoined(deps, pool, stretchOf(slot.block));
  // In the node's set before anything is held: what a dead node had is found by it. Never from memory: a lease that is held in a
  // life that is over would be swept.
  const { incarnation } = await join(deps, call, [blockKeyToText(slot)], boot);
  const owner: BlockOwner = { ...claimantOf(call, request), incarnation };
  const generation = isOwned ? await ownGeneration(deps, slot, owner) : GENERATION;
  const holding: Holding = {
    attachment,
    nonce,
    node: call.caller,
    incarnation,
    heldAt: deps.now(),
    ...(pod ? { pod } : {}),
    ...(kept ? { identity: kept.identity } : {}),
  };
  if (kept) await ensureKept(deps, kept, slot, false);
  const outcome = await deps.store.leases.assert(slot, holding, generation);
  if (!outcome.held) throw refusedBy(asked, outcome.current);
  if (kept) await ensureKept(deps, kept, slot, true);
  return { incarnation, ...(isOwned ? { generation } : {}) };
}

/** The pool with the slot's block open: after a restore less is open than was. @throws LessorError lease.lost */
async function openFor(deps: Dependencies, { pool: id, block }: SlotKey): Promise<KnownPool> {
  const pool = await freshPool(deps, id);
  if (pool === undefined) throw lost(`there is no pool ${id}`);
  if (isOpen(pool, block)) return pool;
  if (block >= pool.space.blocks) throw lost(`pool ${pool.definition.name} has no such block`);
  const isNext = block < pool.open * 2n;
  const grown = isNext ? ((await openMore(deps, pool)) ?? pool) : pool;
  const open = await withOpen(deps, grown, block);
  if (!isOpen(open, block))
    throw lost(`its block cannot be opened in pool ${pool.definition.name}, which is ${open.state}`);
  return open;
}

/**
 * The generation at which the block is the node's in its present life: nobody's is claimed, its own of an earlier life is taken
 * up (`claim`, `takeUp`). @throws LessorError lease.lost
 */
async function ownGeneration(deps: Dependencies, key: SlotKey, owner: BlockOwner): Promise<number> {
  const { block } = await deps.store.blocks.claim(key, owner);
  const isOwn = block.state === 'claimed' && isOf(owner, block.owner);
  if (!isOwn) throw lost(`its block is ${block.state === 'claimed' ? `node ${block.owner?.node}'s` : block.state}`);
  noteOwner(deps, key, block);
  if (block.owner.incarnation >= owner.incarnation) return block.generation;
  if (await deps.store.blocks.takeUp(key, block.generation, owner)) return block.generation + 1;
  throw lost('its block is being taken back');
}
