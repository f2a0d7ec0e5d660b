/** ADD where blocks belong to nodes: the node's proposal, else its own blocks, else a block that it claims. */

import { scatter } from '../../../core/addresses/scatter.ts';
import type { AllocateRequest, AllocateResult } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { SlotState } from '../../../core/protocol/lease.ts';
import { blockToText, type SlotKey } from '../../../core/protocol/slot-ref.ts';
import { claimBlock } from '../blocks/claim-block.ts';
import { resumeFence } from '../blocks/fence-block.ts';
import { claimantOf, claimedBlocks, isOf, ownerOf } from '../blocks/own-blocks.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { inChunks } from '../in-flight.ts';
import type { KnownPool } from '../memory.ts';
import { answer, holdingOf, usableProposal } from './allocation.ts';
import { BLOCKS_AT_ONCE, ensureTime, keepOwn, readUse, takeFrom } from './block-slots.ts';
import { tellCooling } from './cooling-told.ts';
import { type OwnedAllocation, ownedAllocation } from './owned-allocation.ts';
import { granted, type PoolAttempt, refused } from './pool-attempt.ts';
import { full } from './pool-full.ts';
import { withinQuota } from './quota.ts';

/**
 * Blocks claimed by one request: more than one only where each slot of the first cools. A node looks for blocks in an order of
 * its own, and so comes upon those that it has just given back.
 */
const MOST_CLAIMS = 8;
const PASSES = 4;

/**
 * @returns refused (pool.exhausted, pool.cooling) where the node gets no address
 * @throws LessorError pool.quota, service.busy
 */
export async function allocateOwned(
  deps: Dependencies,
  call: Call,
  request: AllocateRequest,
  pool: KnownPool,
): Promise<PoolAttempt> {
  const proposal = usableProposal(request, pool);
  // An earlier try may hold another slot: a second one looks first.
  const proposed = request.attempt === 1 ? await holdProposed(deps, call, request, pool, proposal) : undefined;
  if (proposed) return granted(proposed);
  const allocation = await ownedAllocation(deps, call, request, pool);
  // A late copy may hold a slot of another block: that which was answered, and is proposed, is looked for first.
  const isProposed = (block: bigint) => Number(block === proposal?.block);
  const own = [...allocation.blocks.own.keys()].sort((a, b) => isProposed(b) - isProposed(a));
  const slot = (await searchIn(allocation, own, proposal)) ?? (await searchReleasing(allocation));
  const found = slot ? granted(slot) : await searchClaimed(allocation);
  if (found.kind !== 'granted') return found;
  await tellCooling(allocation, (block, generation) => isLeasedFrom(allocation, block, generation));
  return granted(answer(allocation, found.result));
}

/**
 * One write, where this environment knows whose the block is. The node's item is not looked at: the block was in its set
 * before it was claimed, and its owner's life is the one in which the lease ends when that life is declared over.
 */
async function holdProposed(
  deps: Dependencies,
  call: Call,
  request: AllocateRequest,
  pool: KnownPool,
  slot: SlotKey | undefined,
): Promise<AllocateResult | undefined> {
  const { generation, incarnation } = request;
  if (slot === undefined || generation === undefined) return undefined;
  const owner = await ownerOf(deps, slot, generation);
  const ofEarlierLife = owner !== undefined && incarnation !== undefined && owner.incarnation < incarnation;
  if (!isOf(claimantOf(call, request), owner) || ofEarlierLife) return undefined;
  await withinQuota(deps, pool, request.pod?.namespace);
  const holding = holdingOf(call, request, owner.incarnation, deps.now());
  if (!(await deps.store.leases.hold(slot, holding, generation)).held) return undefined;
  const blocks = [{ block: blockToText(slot.block), generation }];
  return answer(
    { call, pool, taken: new Map(), full: new Set(), nodeBlocks: () => ({ incarnation: owner.incarnation, blocks }) },
    slot,
  );
}

/** One's own lease wherever it is, then the proposal, then any free slot. */
async function searchIn(
  allocation: OwnedAllocation,
  blocks: readonly bigint[],
  proposal?: SlotKey,
): Promise<SlotKey | undefined> {
  for (let pass = 1; pass <= PASSES; pass += 1) {
    const read: Awaited<ReturnType<typeof readUse>> = [];
    for (const some of inChunks(blocks, () => BLOCKS_AT_ONCE)) {
      ensureTime(allocation);
      read.push(...(await readUse(allocation, some)));
    }
    for (const [block, slots] of read) {
      const own = await keepOwn(allocation, block, slots);
      if (own) return own;
    }
    const isDue = pass === 1 && proposal !== undefined && allocation.request.attempt > 1;
    if (isDue && (await allocation.hold(proposal))) return proposal;
    let sawFree = false;
    for (const [block, slots] of read) {
      if (isLeasedFrom(allocation, block)) {
        allocation.coolingUntil = Math.min(allocation.coolingUntil, ...coolingIn(slots, allocation.deps.now()));
        continue;
      }
      const found = await takeFrom(allocation, block, slots, undefined);
      if (found.slot) return found.slot;
      allocation.coolingUntil = Math.min(allocation.coolingUntil, found.coolingUntil);
      sawFree ||= found.sawFree && allocation.blocks.own.has(block);
    }
    if (!sawFree) return undefined;
  }
  return undefined;
}

/** `choose.blockNotLeasedFrom`: what looks free there may be in use already. @param at any generation if left out */
const isLeasedFrom = ({ request, pool }: OwnedAllocation, block: bigint, at?: number): boolean =>
  (request.leasesFrom ?? []).some(
    (one) =>
      one.pool === pool.definition.id &&
      one.block === blockToText(block) &&
      (at === undefined || one.generation === at),
  );

/** When (ms) each of the cooling slots can be had. */
const coolingIn = (slots: ReadonlyMap<number, SlotState>, now: number): number[] =>
  [...slots.values()].flatMap(({ held, reusableAt }) => (held || reusableAt <= now ? [] : [reusableAt]));

/** What is being taken back from this node by a request that may have stopped halfway. */
async function searchReleasing(allocation: OwnedAllocation): Promise<SlotKey | undefined> {
  const { deps, pool, blocks, look } = allocation;
  for (const [block, state] of [...blocks.releasing]) {
    ensureTime(allocation);
    await resumeFence(deps, { pool: pool.definition.id, block }, state);
    await look([block]);
    const slot = blocks.own.has(block) ? await searchIn(allocation, [block]) : undefined;
    if (slot) return slot;
  }
  return undefined;
}

/** Claims a block, and takes a slot of it. */
async function searchClaimed(allocation: OwnedAllocation): Promise<PoolAttempt<SlotKey>> {
  const { deps, pool, request, claimant, join } = allocation;
  const { own } = allocation.blocks;
  for (let claims = 0; claims < MOST_CLAIMS; claims += 1) {
    if (own.size >= pool.definition.maxBlocksPerNode) return refused(await noneLeft(allocation, 'node'));
    const claimed = await claimBlock({ deps, pool, claimant, own, join, ensureTime: () => ensureTime(allocation) });
    if (claimed === undefined) return refused(await noneLeft(allocation, 'block'));
    const { block, generation } = claimed;
    own.set(block, generation);
    const first = firstSlot(pool, block, scatter(request.nonce));
    if (first !== undefined && (await allocation.hold(first))) return granted(first);
    const slot = await searchIn(allocation, [block]);
    if (slot) return granted(slot);
  }
  if (allocation.coolingUntil < Number.POSITIVE_INFINITY) return refused(await noneLeft(allocation, 'node'));
  throw new LessorError(
    'service.busy',
    `Others took each free address of this node's blocks of pool ${pool.definition.name} first`,
    { remedy: 'try again' },
  );
}

/** A node that lost its disk learns by the refusal what it may take over. */
async function noneLeft(allocation: OwnedAllocation, limit: 'node' | 'block'): Promise<LessorError> {
  const { pool, blocks, joined, look, coolingUntil } = allocation;
  await look(joined().filter((block) => !blocks.own.has(block)));
  const former = claimedBlocks(blocks.former).map(
    ({ block, generation }) => `${pool.definition.id}:${block}:${generation}`,
  );
  return full(pool, coolingUntil, limit, former);
}

/** A slot to try unread, the same for copies of a request. */
function firstSlot({ definition, space }: KnownPool, block: bigint, seed: number): SlotKey | undefined {
  for (let step = 0; step < space.blockSize; step += 1) {
    const slot = (seed + step) % space.blockSize;
    if (space.isUsable(block, slot)) return { pool: definition.id, block, slot };
  }
  return undefined;
}
