/** ADD: one conditional write where the node's proposal is good; a search that never misses a free slot where it is not. */

import { scatter } from '../../../core/addresses/scatter.ts';
import type { SlotReference } from '../../../core/contract/ids.ts';
import type { AllocateRequest, AllocateResult } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { reservationFor } from '../../../core/pools/reservations.ts';
import { blockToText, type SlotKey, slotFromWire, slotToWire } from '../../../core/protocol/slot-ref.ts';
import { type Call, type Dependencies, freshPool, type KnownPool, knownPool, readRegistry } from '../dependencies.ts';
import { findHeld } from '../leases/release.ts';
import { member } from '../nodes/membership.ts';
import { allocateOwned } from './allocate-owned.ts';
import { type Allocation, answer, holdingOf, joinedIn } from './allocation.ts';
import { type Candidate, choosePools, noteFullPool } from './choose-pool.ts';
import { quotaOnce } from './quota.ts';
import { holdRequested, noneRequested } from './requested.ts';
import { holdReserved } from './reserved.ts';
import { findOwnLease, isKnownFull, searchPool } from './search-pool.ts';
import { holdHome } from './sticky.ts';

/** Shared pools know one generation only: nothing fences their blocks while the pool lives. */
const GENERATION = 1;

/** @throws LessorError as choosePools, searchPool and allocateOwned do, and service.unavailable */
export async function allocate(deps: Dependencies, call: Call, request: AllocateRequest): Promise<AllocateResult> {
  try {
    return await allocateInOne(deps, call, request);
  } catch (error) {
    // What was remembered of the pool may be what is in the way: it was deleted, is another one of its name, or has grown.
    if (!isFull(error) && !isBusy(error)) throw error;
    if (!(await forgetStale(deps, request.pool.vrf))) throw error;
    return allocateInOne(deps, call, request);
  }
}

async function allocateInOne(deps: Dependencies, call: Call, request: AllocateRequest): Promise<AllocateResult> {
  const candidates = await inOrder(deps, call, request, await choosePools(deps, call, request));
  const refusals: LessorError[] = [];
  for (const { pool, rule } of candidates) {
    try {
      return { ...(await allocateIn(deps, call, request, pool)), chosenBy: rule };
    } catch (error) {
      const isElsewhere = error instanceof LessorError && error.code === 'address.unknown' && candidates.length > 1;
      if (!isFull(error) && !isElsewhere) throw error;
      if (isFull(error)) noteFullPool(deps, pool);
      refusals.push(error);
    }
  }
  throw nowhere(refusals);
}

const isBusy = (error: unknown): boolean => error instanceof LessorError && error.code === 'service.busy';

/** Reads again what this process remembers of the VRF's pools; true if anything of it is different. */
async function forgetStale(deps: Dependencies, vrf: string): Promise<boolean> {
  const remembered = [...deps.memory.pools.values()].filter(({ definition }) => definition.vrf === vrf);
  const old = remembered.filter(({ readAt }) => readAt < deps.now());
  deps.memory.registries.delete(vrf);
  const registered = new Set((await readRegistry(deps, vrf)).pools.map(({ id }) => id));
  const changes = await Promise.all(
    old.map(async (pool) => {
      const { id } = pool.definition;
      const fresh = registered.has(id) ? await freshPool(deps, id) : undefined;
      if (fresh === undefined) deps.memory.pools.delete(id);
      return fresh?.version !== pool.version || fresh.open !== pool.open;
    }),
  );
  return changes.includes(true);
}

/** An earlier try may hold a slot of a pool that is not the first now: that pool comes first. */
async function inOrder(
  deps: Dependencies,
  call: Call,
  { attempt, attachment, nonce, pool: { names } }: AllocateRequest,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  if (attempt === 1 || names === undefined) return candidates;
  const own = (await findHeld(deps, call, attachment)).find((lease) => lease.nonce === nonce);
  if (own === undefined) return candidates;
  const isOwn = ({ pool }: Candidate) => pool.definition.id === own.key.pool;
  // It may be none of the candidates any more, as one that is being drained.
  const others = candidates.filter((candidate) => !isOwn(candidate));
  const pool = candidates.find(isOwn)?.pool ?? (await knownPool(deps, own.key.pool));
  return pool ? [{ pool, rule: candidates.find(isOwn)?.rule ?? 'named' }, ...others] : candidates;
}

const isFull = (error: unknown): error is LessorError => error instanceof LessorError && error.kind.full === true;

/** Of several pools each has its reason; one that only cools makes the whole worth another try. */
function nowhere(refusals: readonly LessorError[]): LessorError {
  const worth = refusals.find(({ code }) => code === 'pool.cooling') ?? refusals[0];
  if (worth === undefined) throw new RangeError('no pool was tried');
  if (refusals.length === 1) return worth;
  return new LessorError(worth.code, refusals.map(({ message }) => message).join('; '), { facts: worth.facts });
}

async function allocateIn(
  deps: Dependencies,
  call: Call,
  request: AllocateRequest,
  pool: KnownPool,
): Promise<AllocateResult> {
  if (request.addresses && pool.definition.affinity === 'node') throw noneRequested(pool, request.addresses);
  const proposal = usable(request.proposal, pool);
  const allocateHere = pool.definition.affinity === 'node' ? allocateOwned : allocateShared;
  return allocateHere(deps, call, request, pool, proposal);
}

async function allocateShared(
  deps: Dependencies,
  call: Call,
  request: AllocateRequest,
  pool: KnownPool,
  proposal: SlotKey | undefined,
): Promise<AllocateResult> {
  const pod = pool.definition.stickySeconds > 0 ? request.pod : undefined;
  const first = proposal?.block ?? firstBlock(deps, call, request, pool);
  // An earlier try may have joined a block through another environment, and hold a slot there.
  if (request.attempt > 1) deps.memory.nodes.delete(call.caller);
  let joined = await member(deps, call, pool, first, { incarnation: request.incarnation, boot: request.boot });
  const ensureQuota = quotaOnce(deps, pool, request.pod?.namespace);
  const allocation: Allocation = {
    deps,
    call,
    request,
    pool,
    seen: new Map(),
    incarnationIn: async (block) => {
      joined = await member(deps, call, allocation.pool, block, {
        incarnation: joined.incarnation,
        boot: request.boot,
      });
      return joined.incarnation;
    },
    hold: async (key, isOwn = false) => {
      // Nothing seals what is not open: another pool may have the address one day (I8).
      if (key.block >= allocation.pool.open) throw new RangeError(`block ${key.block} of pool ${key.pool} is not open`);
      if (!isOwn) await ensureQuota();
      const incarnation = await allocation.incarnationIn(key.block);
      const holding = holdingOf(call, request, incarnation, deps.now());
      return (await deps.store.leases.hold(key, holding, GENERATION, pod !== undefined)).held;
    },
  };
  const near = joinedIn(pool, joined.joinedBlocks);
  const told = () => ({
    incarnation: joined.incarnation,
    blocks: joinedIn(pool, joined.joinedBlocks).map((block) => ({ block: blockToText(block), generation: GENERATION })),
  });
  if (request.addresses) {
    const { slots, addresses } = await holdRequested(allocation, request.addresses);
    return { ...answer(allocation, slots[0], told()), addresses, ...furtherSlots(slots) };
  }
  const reservation = reservationFor(pool.definition.reservations, request.pod);
  if (reservation) return answer(allocation, await holdReserved(allocation, reservation), told());
  const own = request.attempt > 1 ? await findOwnLease(allocation, first, near) : undefined;
  const slot =
    own ??
    (pod ? await holdHome(allocation, pod) : undefined) ??
    (!pod && proposal && (await allocation.hold(proposal)) ? proposal : undefined) ??
    (await searchPool(allocation, first, near, pod ? undefined : proposal));
  return answer(allocation, slot, told());
}

function furtherSlots([, ...more]: readonly SlotKey[]): Pick<AllocateResult, 'more'> {
  if (more.length === 0) return {};
  return { more: more.map(slotToWire) };
}

/** Where the node has been already if that is known to have room, else anywhere. */
function firstBlock(deps: Dependencies, { caller }: Call, { nonce }: AllocateRequest, pool: KnownPool): bigint {
  const seed = scatter(`${caller} ${nonce}`);
  const joined = joinedIn(pool, deps.memory.nodes.get(caller)?.joinedBlocks ?? new Set()).filter(
    (block) => !isKnownFull(deps, { pool: pool.definition.id, block }),
  );
  return joined[seed % joined.length] ?? (BigInt(seed) * pool.open) >> 32n;
}

/** A proposal of another pool, or of a slot that cannot be handed out, is a mistake of the node's and no more than a hint lost. */
function usable(proposal: SlotReference | undefined, { definition, space, open }: KnownPool): SlotKey | undefined {
  if (proposal?.pool !== definition.id) return undefined;
  const key = slotFromWire(proposal);
  return key.block < open && space.isUsable(key.block, key.slot) ? key : undefined;
}
