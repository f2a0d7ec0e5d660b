/** ADD: one conditional write where the node's proposal is good; a search that never misses a free slot where it is not. */
import type { AllocateRequest, AllocateResult, SlotReference } from '../../core/contract/messages.ts';
import type { BlockKey, Holding, SlotKey } from '../../core/lease.ts';
import { placeFrom } from '../../core/node.ts';
import { blockFromText, blockToText } from '../../core/pool-space.ts';
import { type Call, type Dependencies, type KnownPool, spread } from './dependencies.ts';
import { type Member, member } from './membership.ts';
import { withinQuota } from './quota.ts';
import { resolvePool } from './resolve-pool.ts';
import { findOwnLease, type Seen, searchPool } from './search-pool.ts';

/** Shared pools know one generation only: nothing fences their blocks while the pool lives. */
const GENERATION = 1;

/** What one ADD works with, once pool and node are known. */
export interface Allocation {
  readonly deps: Dependencies;
  readonly call: Call;
  readonly request: AllocateRequest;
  readonly pool: KnownPool;
  /** Slots that could not be had, by block, as far as they were seen. */
  readonly seen: Seen;
  readonly joined: (block: bigint) => Promise<Member>;
  /** Tries to hold a slot; true if it is this attachment's now. */
  readonly hold: (key: SlotKey) => Promise<boolean>;
}

/** @throws LessorError as resolvePool and searchPool do, and service.unavailable */
export async function allocate(deps: Dependencies, call: Call, request: AllocateRequest): Promise<AllocateResult> {
  const pool = await resolvePool(deps, request.pool, request.proposal?.pool);
  const proposal = usable(request.proposal, pool);
  const seed = spread(`${call.caller} ${request.nonce}`);
  const first = proposal?.block ?? (BigInt(seed) * pool.open) >> 32n;
  // An earlier try may have joined a block through another environment, and hold a slot there.
  if (request.attempt > 1) deps.memory.nodes.delete(call.caller);
  let joined = await member(deps, call, pool, first, { incarnation: request.incarnation, boot: request.boot });
  const allocation: Allocation = {
    deps,
    call,
    request,
    pool,
    seen: new Map(),
    joined: async (block) => {
      joined = await member(deps, call, pool, block, { incarnation: joined.incarnation, boot: request.boot });
      return joined;
    },
    hold: async (key) => {
      const { incarnation } = await allocation.joined(key.block);
      return (await deps.store.leases.hold(key, holdingOf(call, request, incarnation, deps.now()), GENERATION)).held;
    },
  };
  const near = placesIn(pool, joined);
  const own = request.attempt > 1 ? await findOwnLease(allocation, first, near) : undefined;
  if (own === undefined) await withinQuota(deps, pool, request.pod?.namespace);
  const slot =
    own ??
    (proposal && (await allocation.hold(proposal)) ? proposal : await searchPool(allocation, first, near, proposal));
  return answer(allocation, slot, joined);
}

function holdingOf({ caller }: Call, request: AllocateRequest, incarnation: number, now: number): Holding {
  const { attachment, nonce, pod } = request;
  return { attachment, nonce, node: caller, incarnation, heldAt: now, ...(pod ? { pod } : {}) };
}

/** A proposal of another pool, or of a slot that cannot be handed out, is a mistake of the node's and no more than a hint lost. */
function usable(proposal: SlotReference | undefined, { definition, space, open }: KnownPool): SlotKey | undefined {
  if (proposal?.pool !== definition.id) return undefined;
  const block = blockFromText(proposal.block);
  return block < open && space.isUsable(block, proposal.slot)
    ? { pool: definition.id, block, slot: proposal.slot }
    : undefined;
}

function placesIn({ definition }: KnownPool, { places }: Member): bigint[] {
  const mine = [...places].map(placeFrom).filter(({ pool }) => pool === definition.id);
  return mine.map(({ block }: BlockKey) => block);
}

function answer({ pool, seen }: Allocation, { block, slot }: SlotKey, node: Member): AllocateResult {
  const { definition, space } = pool;
  return {
    slot: { pool: definition.id, block: blockToText(block), slot },
    addresses: space.addresses(block, slot),
    incarnation: node.incarnation,
    blocks: placesIn(pool, node).map(blockToText),
    pool: definition,
    ...(seen.size === 0 ? {} : { taken: [...seen].map(([index, slots]) => ({ block: blockToText(index), slots })) }),
  };
}
