/** What one ADD works with where blocks belong to nodes: the node's life and its blocks, as they are found and as they change. */

import pMap from 'p-map';
import type { AllocateRequest } from '../../../core/contract/lease.ts';
import { blockFromText, blockKeyToText } from '../../../core/protocol/slot-ref.ts';
import { probesOf } from '../blocks/claim-block.ts';
import {
  type Claimant,
  claimantOf,
  claimedBlocks,
  noBlocks,
  noteOwner,
  type Ownership,
  readOwnership,
} from '../blocks/own-blocks.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { READS_AT_ONCE } from '../in-flight.ts';
import type { KnownPool, Member } from '../memory.ts';
import { join } from '../nodes/membership.ts';
import { type Allocation, holdingOf, joinedIn } from './allocation.ts';
import { quotaOfRequest } from './quota.ts';

export interface OwnedAllocation extends Allocation {
  readonly claimant: Claimant;
  readonly blocks: Ownership;
  /** The node's blocks of the pool, whatever they are to the claimant. */
  readonly joined: () => bigint[];
  /** Writes blocks into the node's set, where they are not in it; the node's life. @throws LessorError service.busy */
  readonly join: (blocks: readonly bigint[]) => Promise<Member>;
  /** Reads what blocks are to the claimant, and corrects `blocks`. */
  readonly look: (blocks: readonly bigint[]) => Promise<void>;
  /** When (ms) the first of the cooling slots can be had; infinity while none was found. */
  coolingUntil: number;
}

/**
 * The node's blocks are read, and what the request names of its earlier boot is taken over.
 * @throws LessorError service.busy
 */
export async function ownedAllocation(
  deps: Dependencies,
  call: Call,
  request: AllocateRequest,
  pool: KnownPool,
): Promise<OwnedAllocation> {
  const claimant = claimantOf(call, request);
  const blocks = noBlocks();
  const { node, unread } = await presentNode(deps, call, request, pool, claimant);
  let member = node;
  const quota = quotaOfRequest(deps, pool, request.pod?.namespace);
  const allocation: OwnedAllocation = {
    deps,
    call,
    request,
    pool,
    claimant,
    blocks,
    taken: new Map(),
    full: new Set(),
    coolingUntil: Number.POSITIVE_INFINITY,
    joined: () => joinedIn(pool, member.joinedBlocks),
    join: async (some) => {
      const keys = keysIn(pool, some);
      const { incarnation } = member;
      if (keys.some((key) => !member.joinedBlocks.has(key))) member = await join(deps, call, keys, request.boot);
      // Its next life began: what was its own is taken back with the one that is over, and is not answered as its own.
      if (member.incarnation !== incarnation) await allocation.look([...blocks.own.keys()]);
      return member;
    },
    look: (some) =>
      readOwnership(deps, { pool: pool.definition.id, claimant, incarnation: member.incarnation }, some, blocks),
    incarnationIn: async () => member.incarnation,
    hold: async (key, isOwn = false) => {
      const generation = blocks.own.get(key.block);
      if (generation === undefined) return false;
      if (!isOwn) await quota.ensure();
      const holding = holdingOf(call, request, member.incarnation, deps.now());
      const outcome = await deps.store.leases.hold(key, holding, generation);
      // Passed by a fence: the block is no longer that claim's.
      if (!outcome.held && (outcome.current?.generation ?? 0) > generation) await allocation.look([key.block]);
      return outcome.held;
    },
    ensureQuota: (slots) => quota.ensure(slots),
    nodeBlocks: () => ({
      incarnation: member.incarnation,
      blocks: claimedBlocks(blocks.own),
      former: claimedBlocks(blocks.former),
    }),
  };
  await allocation.look(joinedIn(pool, unread));
  await takeUp(allocation, member.incarnation);
  return allocation;
}

/** The node's life and its blocks, and which of them are to be read. A node that was not told its life in this boot makes itself known by the write that its first claim needs. */
async function presentNode(
  deps: Dependencies,
  call: Call,
  { incarnation, boot }: AllocateRequest,
  pool: KnownPool,
  claimant: Claimant,
): Promise<{ node: Member; unread: ReadonlySet<string> }> {
  const stored = incarnation === undefined ? undefined : await deps.store.nodes.readNode(call.caller);
  if (stored?.alive && stored.incarnation === incarnation && stored.boot === boot)
    return { node: stored, unread: stored.joinedBlocks };
  const probes = probesOf({ claimant, own: new Map(), pool });
  const joined = await join(deps, call, keysIn(pool, probes), boot);
  // What is new among its blocks cannot be its own yet, but for another request of the same moment: the claim finds that.
  return { node: joined, unread: joined.before };
}

/** Takes over what the request names, at exactly the generation that it names: it may be a late copy. */
async function takeUp({ deps, request, pool, claimant, blocks, look }: OwnedAllocation, incarnation: number) {
  const { own, former } = blocks;
  const due = (request.formerBlocks ?? [])
    .filter((named) => named.pool === pool.definition.id)
    .map(({ block, generation }) => ({ block: blockFromText(block), generation }))
    .filter(({ block, generation }) => former.get(block) === generation);
  const owner = { ...claimant, incarnation };
  const takeOver = async ({ block, generation }: { block: bigint; generation: number }): Promise<void> => {
    const key = { pool: pool.definition.id, block };
    former.delete(block);
    if (!(await deps.store.blocks.takeUp(key, generation, owner))) return look([block]);
    noteOwner(deps, key, { state: 'claimed', generation: generation + 1, forced: false, owner });
    own.set(block, generation + 1);
  };
  await pMap(due, takeOver, { concurrency: READS_AT_ONCE });
}

const keysIn = ({ definition }: KnownPool, blocks: readonly bigint[]): string[] =>
  blocks.map((block) => blockKeyToText({ pool: definition.id, block }));
