/** ADD where blocks belong to nodes: the node's proposal, else its own blocks, else a block that it claims. */

import { scatter } from '../../../core/addresses/scatter.ts';
import type { AllocateRequest, AllocateResult } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { blockFromText, blockKeyToText, blockToText, type SlotKey } from '../../../core/protocol/slot-ref.ts';
import { claimBlock, probesOf } from '../blocks/claim-block.ts';
import { resumeFence } from '../blocks/fence-block.ts';
import {
  type Claimant,
  claimantOf,
  claimedBlocks,
  isOf,
  noteOwner,
  nothingFound,
  ownerOf,
  survey,
} from '../blocks/own-blocks.ts';
import type { Call, Dependencies, KnownPool } from '../dependencies.ts';
import { join, type Member } from '../nodes/membership.ts';
import { type Allocation, answer, holdingOf, joinedIn, type Seen } from './allocation.ts';
import { ensureTime, keepOwn, READ_AT_ONCE, readBlocks, takeFrom } from './block-slots.ts';
import { full } from './pool-full.ts';
import { quotaOnce, withinQuota } from './quota.ts';

/** Blocks claimed by one request: more than one only where each slot of the first cools. */
const MOST_CLAIMS = 2;
const PASSES = 4;

/** @throws LessorError pool.exhausted, pool.cooling, service.busy */
export async function allocateOwned(
  deps: Dependencies,
  call: Call,
  request: AllocateRequest,
  pool: KnownPool,
  proposal: SlotKey | undefined,
): Promise<AllocateResult> {
  // An earlier try may hold another slot: a second one looks first.
  const granted = request.attempt === 1 ? await proposed(deps, call, request, pool, proposal) : undefined;
  return granted ?? new Search(deps, call, request, pool).find(proposal);
}

/**
 * One write, where this environment knows whose the block is. The node's item is not looked at: the block was in its set
 * before it was claimed, and its owner's life is the one in which the lease ends when that life is declared over.
 */
async function proposed(
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
  return answer({ pool, seen: new Map() }, slot, { incarnation: owner.incarnation, blocks });
}

/** The way of one request through the node's blocks, as they are found to be. */
class Search implements Allocation {
  readonly deps: Dependencies;
  readonly call: Call;
  readonly request: AllocateRequest;
  pool: KnownPool;
  readonly seen: Seen = new Map();
  readonly #claimant: Claimant;
  readonly #ensureQuota: () => Promise<void>;
  readonly #blocks = nothingFound();
  #member: Member = { incarnation: 0, joinedBlocks: new Set() };
  #coolingUntil = Number.POSITIVE_INFINITY;

  constructor(deps: Dependencies, call: Call, request: AllocateRequest, pool: KnownPool) {
    this.deps = deps;
    this.call = call;
    this.request = request;
    this.pool = pool;
    this.#claimant = claimantOf(call, request);
    this.#ensureQuota = quotaOnce(deps, pool, request.pod?.namespace);
  }

  async find(proposal: SlotKey | undefined): Promise<AllocateResult> {
    await this.#begin();
    await this.#takeUp();
    const { own, former } = this.#blocks;
    const slot =
      (await this.#searchIn([...own.keys()], proposal)) ?? (await this.#searchReleasing()) ?? (await this.#claim());
    const { incarnation } = this.#member;
    return answer(this, slot, { incarnation, blocks: claimedBlocks(own), former: claimedBlocks(former) });
  }

  async incarnationIn(): Promise<number> {
    return this.#member.incarnation;
  }

  async hold(key: SlotKey, isOwn = false): Promise<boolean> {
    const generation = this.#blocks.own.get(key.block);
    if (generation === undefined) return false;
    if (!isOwn) await this.#ensureQuota();
    const holding = holdingOf(this.call, this.request, this.#member.incarnation, this.deps.now());
    const outcome = await this.deps.store.leases.hold(key, holding, generation);
    // Passed by a fence: the block is no longer that claim's.
    if (!outcome.held && (outcome.current?.generation ?? 0) > generation) await this.#look([key.block]);
    return outcome.held;
  }

  /** The node's life and its blocks. A node that was not told its life in this boot makes itself known by the write that its first claim needs. */
  async #begin(): Promise<void> {
    const { incarnation, boot } = this.request;
    const stored = incarnation === undefined ? undefined : await this.deps.store.nodes.readNode(this.call.caller);
    const present = stored?.alive && stored.incarnation === incarnation && stored.boot === boot;
    const first = present ? [] : probesOf({ claimant: this.#claimant, own: this.#blocks.own, pool: this.pool });
    if (present) {
      this.#member = stored;
      return this.#look(joinedIn(this.pool, stored.joinedBlocks));
    }
    const joined = await join(this.deps, this.call.caller, this.#joinedBlocks(first), boot);
    this.#member = joined;
    // What is new among its blocks cannot be its own yet, but for another request of the same moment: the claim finds that.
    await this.#look(joinedIn(this.pool, joined.before));
  }

  /** Takes over what the request names, at exactly the generation that it names: it may be a late copy. */
  async #takeUp(): Promise<void> {
    const { own, former } = this.#blocks;
    const due = this.#named().filter(([block, generation]) => former.get(block) === generation);
    const owner = { ...this.#claimant, incarnation: this.#member.incarnation };
    await Promise.all(
      due.map(async ([block, generation]) => {
        const key = { pool: this.pool.definition.id, block };
        former.delete(block);
        if (!(await this.deps.store.blocks.takeUp(key, generation, owner))) return this.#look([block]);
        noteOwner(this.deps, key, { state: 'claimed', generation: generation + 1, forced: false, owner });
        own.set(block, generation + 1);
      }),
    );
  }

  #named(): (readonly [bigint, number])[] {
    const ofThisPool = (this.request.formerBlocks ?? []).filter(({ pool }) => pool === this.pool.definition.id);
    return ofThisPool.map(({ block, generation }) => [blockFromText(block), generation] as const);
  }

  /** One's own lease wherever it is, then the proposal, then any free slot. */
  async #searchIn(blocks: readonly bigint[], proposal?: SlotKey): Promise<SlotKey | undefined> {
    for (let pass = 1; pass <= PASSES; pass += 1) {
      const read: Awaited<ReturnType<typeof readBlocks>> = [];
      for (let next = 0; next < blocks.length; next += READ_AT_ONCE) {
        ensureTime(this);
        read.push(...(await readBlocks(this, blocks.slice(next, next + READ_AT_ONCE))));
      }
      for (const [block, slots] of read) {
        const own = await keepOwn(this, block, slots);
        if (own) return own;
      }
      if (pass === 1 && proposal !== undefined && this.request.attempt > 1 && (await this.hold(proposal)))
        return proposal;
      let sawFree = false;
      for (const [block, slots] of read) {
        const found = await takeFrom(this, block, slots, undefined);
        if (found.slot) return found.slot;
        this.#coolingUntil = Math.min(this.#coolingUntil, found.coolingUntil);
        sawFree ||= found.sawFree && this.#blocks.own.has(block);
      }
      if (!sawFree) return undefined;
    }
    return undefined;
  }

  /** What is being taken back from this node by a request that may have stopped halfway. */
  async #searchReleasing(): Promise<SlotKey | undefined> {
    for (const [block, state] of [...this.#blocks.releasing]) {
      ensureTime(this);
      await resumeFence(this.deps, { pool: this.pool.definition.id, block }, state);
      await this.#look([block]);
      const slot = this.#blocks.own.has(block) ? await this.#searchIn([block]) : undefined;
      if (slot) return slot;
    }
    return undefined;
  }

  async #claim(): Promise<SlotKey> {
    const { deps, pool, request } = this;
    const { own } = this.#blocks;
    for (let claims = 0; claims < MOST_CLAIMS; claims += 1) {
      if (own.size >= pool.definition.maxBlocksPerNode) throw await this.#full('node');
      const claimed = await claimBlock({
        deps,
        pool,
        claimant: this.#claimant,
        own,
        join: (blocks) => this.#join(blocks),
        ensureTime: () => ensureTime(this),
      });
      if (claimed === undefined) throw await this.#full('block');
      const { block, generation } = claimed;
      own.set(block, generation);
      const first = firstSlot(pool, block, scatter(request.nonce));
      if (first !== undefined && (await this.hold(first))) return first;
      const slot = await this.#searchIn([block]);
      if (slot) return slot;
    }
    if (this.#coolingUntil < Number.POSITIVE_INFINITY) throw await this.#full('node');
    throw new LessorError(
      'service.busy',
      `Others took each free address of this node's blocks of pool ${pool.definition.name} first`,
      { remedy: 'try again' },
    );
  }

  /** A node that lost its disk learns by the refusal what it may take over. */
  async #full(limit: 'node' | 'block'): Promise<LessorError> {
    const { own } = this.#blocks;
    await this.#look(joinedIn(this.pool, this.#member.joinedBlocks).filter((block) => !own.has(block)));
    const former = claimedBlocks(this.#blocks.former).map(
      ({ block, generation }) => `${this.pool.definition.id}:${block}:${generation}`,
    );
    return full(this.pool, this.#coolingUntil, limit, former);
  }

  async #join(blocks: readonly bigint[]): Promise<Member> {
    const joinedBlocks = this.#joinedBlocks(blocks);
    if (joinedBlocks.some((place) => !this.#member.joinedBlocks.has(place)))
      this.#member = await join(this.deps, this.call.caller, joinedBlocks, this.request.boot);
    return this.#member;
  }

  #look(blocks: readonly bigint[]): Promise<void> {
    const of = { pool: this.pool.definition.id, claimant: this.#claimant, incarnation: this.#member.incarnation };
    return survey(this.deps, of, blocks, this.#blocks);
  }

  #joinedBlocks(blocks: readonly bigint[]): string[] {
    return blocks.map((block) => blockKeyToText({ pool: this.pool.definition.id, block }));
  }
}

/** A slot to try unread, the same for copies of a request. */
function firstSlot({ definition, space }: KnownPool, block: bigint, seed: number): SlotKey | undefined {
  for (let step = 0; step < space.blockSize; step += 1) {
    const slot = (seed + step) % space.blockSize;
    if (space.isUsable(block, slot)) return { pool: definition.id, block, slot };
  }
  return undefined;
}
