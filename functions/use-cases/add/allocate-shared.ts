/** ADD where blocks belong to nobody: the pod's own slot, else the node's proposal, else any free one of the pool. */

import type { Pod } from '../../../core/contract/ids.ts';
import type { AllocateRequest, AllocateResult } from '../../../core/contract/lease.ts';
import { reservationFor } from '../../../core/pools/reservations.ts';
import { blockToText, type SlotKey, slotToWire } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import type { KnownPool, Member } from '../memory.ts';
import { member } from '../nodes/membership.ts';
import { isOpen } from '../pools/open-blocks.ts';
import { type Allocation, answer, holdingOf, joinedIn, type SlotsTogether, usableProposal } from './allocation.ts';
import { holdIdentity } from './identity.ts';
import { granted, type PoolAttempt } from './pool-attempt.ts';
import { quotaOfRequest } from './quota.ts';
import { holdRequested } from './requested.ts';
import { holdReserved } from './reserved.ts';
import { findOwnLease, firstBlock, searchPool } from './search-pool.ts';
import { holdHome } from './sticky.ts';

/** Shared pools know one generation only: nothing fences their blocks while the pool lives. */
const GENERATION = 1;

/**
 * @returns refused (pool.exhausted, pool.cooling, address.unknown) where the pool has nothing for this request
 * @throws LessorError address.held, address.cooling, identity.held, pool.quota, service.busy
 */
export async function allocateShared(
  deps: Dependencies,
  call: Call,
  request: AllocateRequest,
  pool: KnownPool,
): Promise<PoolAttempt> {
  const proposal = usableProposal(request, pool);
  const first = proposal?.block ?? firstBlock({ deps, call, request, pool });
  // An earlier try may have joined a block through another environment, and hold a slot there.
  if (request.attempt > 1) deps.memory.nodes.delete(call.caller);
  const { incarnation, boot } = request;
  const node = await member(deps, call, pool, first, { incarnation, boot });
  const allocation = sharedAllocation(deps, call, request, pool, node);
  const joined = () => [first, ...joinedIn(pool, node.joinedBlocks)];
  const ordinary = () => findSlot(allocation, joined, proposal, stickyPod(request, pool));
  if (request.addresses)
    return answerTogether(allocation, await holdRequested(allocation, request.addresses, ordinary));
  const reservation = reservationFor(pool.definition.reservations, request.pod);
  if (request.identity !== undefined) {
    const own = request.attempt > 1 ? await findOwnLease(allocation, joined()) : undefined;
    const kept = await holdIdentity(allocation, { own, reservation });
    return kept.kind === 'granted' ? granted({ ...answer(allocation, kept.result), identity: request.identity }) : kept;
  }
  if (reservation) return answerTogether(allocation, granted(await holdReserved(allocation, reservation, ordinary)));
  const found = await ordinary();
  return found.kind === 'granted' ? granted(answer(allocation, found.result)) : found;
}

/** @param node as it is in the block that is tried first; more blocks are joined on the way */
function sharedAllocation(
  deps: Dependencies,
  call: Call,
  request: AllocateRequest,
  pool: KnownPool,
  node: Member,
): Allocation {
  let joined = node;
  const quota = quotaOfRequest(deps, pool, request.pod?.namespace);
  const isSticky = stickyPod(request, pool) !== undefined;
  const allocation: Allocation = {
    deps,
    call,
    request,
    pool,
    taken: new Map(),
    full: new Set(),
    incarnationIn: async (block) => {
      const { incarnation } = joined;
      joined = await member(deps, call, allocation.pool, block, { incarnation, boot: request.boot });
      return joined.incarnation;
    },
    hold: async (key, isOwn = false) => {
      // Nothing seals what is not open: another pool may have the address one day (I8).
      if (!isOpen(allocation.pool, key.block))
        throw new RangeError(`block ${key.block} of pool ${key.pool} is not open`);
      if (!isOwn) await quota.ensure();
      const incarnation = await allocation.incarnationIn(key.block);
      const holding = holdingOf(call, request, incarnation, deps.now());
      const { held } = await deps.store.leases.hold(key, holding, GENERATION, isSticky);
      if (held && !isOwn) quota.taken();
      return held;
    },
    ensureQuota: (slots) => quota.ensure(slots),
    nodeBlocks: () => {
      const blocks = joinedIn(allocation.pool, joined.joinedBlocks);
      return {
        incarnation: joined.incarnation,
        blocks: blocks.map((block) => ({ block: blockToText(block), generation: GENERATION })),
      };
    },
  };
  return allocation;
}

/** One's own lease, the pod's home, the proposal, and last any free slot. */
async function findSlot(
  allocation: Allocation,
  joined: () => readonly bigint[],
  proposal: SlotKey | undefined,
  pod: Pod | undefined,
): Promise<PoolAttempt<SlotKey>> {
  const own = allocation.request.attempt > 1 ? await findOwnLease(allocation, joined()) : undefined;
  if (own) return granted(own);
  if (pod) {
    const home = await holdHome(allocation, pod);
    return home ? granted(home) : searchPool(allocation, []);
  }
  if (proposal && (await allocation.hold(proposal))) return granted(proposal);
  return searchPool(allocation, proposal ? [proposal.block] : [], proposal);
}

function answerTogether(allocation: Allocation, held: PoolAttempt<SlotsTogether>): PoolAttempt {
  if (held.kind === 'refused') return held;
  const { slots, addresses } = held.result;
  return granted({ ...answer(allocation, slots[0]), addresses, ...furtherSlots(slots) });
}

function furtherSlots([, ...more]: readonly SlotKey[]): Pick<AllocateResult, 'more'> {
  if (more.length === 0) return {};
  return { more: more.map(slotToWire) };
}

/** The pod, where the pool keeps its address for it. */
const stickyPod = ({ pod, identity }: AllocateRequest, { definition }: KnownPool): Pod | undefined =>
  definition.stickySeconds > 0 && identity === undefined ? pod : undefined;
