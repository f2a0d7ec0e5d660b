/** The slots of a block that was just read: one's own lease first, then free ones. */

import { scatter } from '../../../core/addresses/scatter.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { against, againstHolding, allows, type SlotState } from '../../../core/protocol/lease.ts';
import type { SlotKey } from '../../../core/protocol/slot-ref.ts';
import { type Allocation, holdingOf, usableProposal } from './allocation.ts';

/** Of one block's free slots, as many are tried as others may snatch away at the same moment. */
const TRIES_A_BLOCK = 4;
/** What remains of the request's time must suffice for an answer. */
const RESERVE_MS = 500;
/** The answer tells the node about so many full blocks at most, slot by slot. */
const BLOCKS_TOLD = 4;

/** Blocks that a search reads at once. */
export const BLOCKS_AT_ONCE = 16;

type Slots = ReadonlyMap<number, SlotState>;

export interface BlockOutcome {
  readonly slot?: SlotKey;
  /** Whether a slot was seen free, though others snatched away what was tried. */
  readonly sawFree: boolean;
  /** Whether none is free any more, as far as it was read. */
  readonly isFull: boolean;
  /** When (ms) the first of its cooling slots can be had. */
  readonly coolingUntil: number;
}

/** With whoever holds what is in them. */
export const readBlocks = (allocation: Allocation, blocks: readonly bigint[]): Promise<[bigint, Slots][]> =>
  reading(allocation, blocks, undefined);

/** For a free slot, or one's own: of the others only that they are taken. A repeat probably finds its own, which would be read again. */
export const readUse = (allocation: Allocation, blocks: readonly bigint[]): Promise<[bigint, Slots][]> =>
  reading(allocation, blocks, allocation.request.attempt > 1 ? undefined : allocation.request.nonce);

function reading(
  { deps, pool }: Allocation,
  blocks: readonly bigint[],
  nonce: string | undefined,
): Promise<[bigint, Slots][]> {
  const read = async (block: bigint): Promise<[bigint, Slots]> => [
    block,
    await deps.store.leases.readBlock({ pool: pool.definition.id, block }, nonce),
  ];
  return Promise.all(blocks.map(read));
}

/** @param passed over: known not to be had */
export async function takeFrom(
  allocation: Allocation,
  block: bigint,
  slots: Slots,
  passed: SlotKey | undefined,
): Promise<BlockOutcome> {
  const own = await keepOwn(allocation, block, slots);
  if (own) return { slot: own, sawFree: true, isFull: false, coolingUntil: Number.POSITIVE_INFINITY };
  const { request, pool } = allocation;
  const { free, unavailable, coolingUntil } = inspect(allocation, block, slots);
  note(allocation, block, { free, unavailable });
  const order = from(scatter(request.nonce) % pool.space.blockSize, free);
  const tried = order.filter((slot) => block !== passed?.block || slot !== passed.slot).slice(0, TRIES_A_BLOCK);
  for (const slot of tried) {
    const key = { pool: pool.definition.id, block, slot };
    if (await allocation.hold(key)) return { slot: key, sawFree: true, isFull: free.length === 1, coolingUntil };
  }
  return { sawFree: free.length > 0, isFull: free.length === 0, coolingUntil };
}

/**
 * One's own lease of an earlier life is held anew in this one first: a sweep of that life may be under way. In a later life
 * it stays.
 * @param among the slots that count; left out: the whole ones, since what goes with a partial one is looked for
 */
export async function keepOwn(
  allocation: Allocation,
  block: bigint,
  slots: Slots,
  among: (slot: number) => boolean = (slot) => allocation.pool.space.isWhole(block, slot),
): Promise<SlotKey | undefined> {
  const own = ownIn(allocation, block, new Map([...slots].filter(([slot]) => among(slot))));
  if (own === undefined) return undefined;
  const incarnation = await allocation.incarnationIn(block);
  return own.incarnation >= incarnation || (await allocation.hold(own.key, true)) ? own.key : undefined;
}

function ownIn(
  { call, request, pool }: Allocation,
  block: bigint,
  slots: Slots,
): { key: SlotKey; incarnation: number } | undefined {
  const { containerId, ifname } = request.attachment;
  const me = against({ containerId, ifname, nonce: request.nonce, node: call.caller });
  // A late copy of the request may hold another slot beside the one that was answered, which the node proposes from then on.
  const proposal = usableProposal(request, pool);
  const proposed = proposal?.block === block ? proposal.slot : undefined;
  let found: { key: SlotKey; incarnation: number } | undefined;
  for (const [slot, state] of slots) {
    if (state.holding === undefined || !allows('release', state, me)) continue;
    if (found === undefined || slot === proposed)
      found = { key: { pool: pool.definition.id, block, slot }, incarnation: state.holding.incarnation };
  }
  return found;
}

function inspect({ deps, pool }: Allocation, block: bigint, slots: Slots) {
  const now = deps.now();
  const free: number[] = [];
  const unavailable: number[] = [];
  let coolingUntil = Number.POSITIVE_INFINITY;
  for (let slot = 0; slot < pool.space.blockSize; slot += 1) {
    if (!pool.space.isUsable(block, slot)) continue;
    const state = slots.get(slot);
    if (state === undefined || (!state.held && state.reusableAt <= now)) {
      free.push(slot);
      continue;
    }
    unavailable.push(slot);
    if (!state.held) coolingUntil = Math.min(coolingUntil, state.reusableAt);
  }
  return { free, unavailable, coolingUntil };
}

/** Tells the node which slots of its block it cannot have now. */
export function noteTaken(allocation: Allocation, block: bigint, slots: Slots): void {
  const { unavailable } = inspect(allocation, block, slots);
  if (unavailable.length > 0) allocation.taken.set(block, unavailable);
}

/** One that has a free slot is always told of: with it the node can propose what is left there. */
function note(
  { taken }: Allocation,
  block: bigint,
  { free, unavailable }: Record<'free' | 'unavailable', number[]>,
): void {
  const isTold = taken.has(block) || taken.size < BLOCKS_TOLD || free.length > 0;
  if (unavailable.length > 0 && isTold) taken.set(block, unavailable);
}

/** Whether the slot could be held by this attachment, as it was read: what is known to be in vain is not tried. */
export function mayHold({ call, request, deps, pool }: Allocation, state: SlotState | undefined): boolean {
  const { incarnation = 0 } = state?.holding ?? {};
  // The block's generation is only known where it is held.
  const generation = state?.generation ?? 0;
  const holding = holdingOf(call, request, incarnation, deps.now());
  return allows('hold', state, againstHolding(holding, generation, pool.definition.stickySeconds > 0));
}

/** @throws LessorError service.busy */
export function ensureTime({ call, pool }: Pick<Allocation, 'call' | 'pool'>): void {
  if (call.remainingMs() > RESERVE_MS) return;
  throw new LessorError(
    'service.busy',
    `The search for a free address of pool ${pool.definition.name} ran out of time before every block was read`,
    { remedy: 'try again' },
  );
}

/** Beginning at a slot that does not depend on which are free: so doubled requests meet in the same slot. */
const from = (first: number, slots: readonly number[]): number[] => [
  ...slots.filter((slot) => slot >= first),
  ...slots.filter((slot) => slot < first),
];
