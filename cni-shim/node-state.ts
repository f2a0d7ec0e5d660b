/**
 * What the node was told about a pool: where it may propose slots, and which it need not try. One file, replaced as a
 * whole, the last writer wins. All of it is a cache: lost or stale it costs requests, never an address.
 */
import type { AllocateResult, PoolDefinition, RangeText, SlotReference } from '../core/contract/messages.ts';
import { isObject, parseJson } from './fields.ts';
import type { Files } from './files.ts';

export interface NodeState {
  /** What wrote it: another layout is not read. */
  readonly format: typeof FORMAT;
  /** The start of the machine in which all this was learnt. */
  readonly bootId: string;
  /** The ranges of the network configuration, as text: with others the pool is another one. */
  readonly ranges: string;
  readonly incarnation: number;
  readonly pool: PoolDefinition;
  readonly blocks: readonly string[];
  /** Slots that could not be had, by block and slot, with the time (ms) at which that was seen. */
  readonly taken: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The slot that was used last. */
  readonly cursor: { readonly block: string; readonly slot: number };
}

const FORMAT = 1;

/** For how long a slot that was taken is not proposed again, at least: its holder may be gone then. */
const SHORTEST_TAKEN_MS = 60_000;

export interface Circumstances {
  readonly bootId: string;
  readonly ranges: readonly (readonly RangeText[])[];
}

/**
 * Undefined where nothing was learnt in this boot for these ranges. What an earlier boot learnt is never used: the node
 * may have been declared dead meanwhile, and its blocks with it.
 */
export function readNodeState(files: Files, path: string, { bootId, ranges }: Circumstances): NodeState | undefined {
  const read = parseJson(files.read(path) ?? '');
  if (!isObject(read) || read.format !== FORMAT) return undefined;
  // Its values were checked when they came over the wire, and the file is replaced as a whole; only a foreign hand leaves
  // parts out, and then it says nothing.
  const { pool, blocks, taken, cursor } = read;
  if (!isObject(pool) || !Array.isArray(blocks) || !isObject(taken) || !isObject(cursor)) return undefined;
  const state = read as unknown as NodeState;
  return state.bootId === bootId && state.ranges === JSON.stringify(ranges) ? state : undefined;
}

/** How long (ms) a slot counts as taken: a released one is not handed out again before the pool's cooldown either. */
export const takenFor = (state: NodeState): number => Math.max(SHORTEST_TAKEN_MS, state.pool.cooldownSeconds * 1000);

export interface Lesson extends Circumstances {
  readonly answer: AllocateResult;
  /** What the request proposed. */
  readonly proposal: SlotReference | undefined;
  readonly now: number;
}

/** The state after an answer. */
export function learn(previous: NodeState | undefined, { answer, proposal, bootId, ranges, now }: Lesson): NodeState {
  const { pool, slot, incarnation, blocks, taken = [] } = answer;
  let known = previous?.pool.id === pool.id ? forget(previous, now) : {};
  for (const { block, slots } of taken) known = markTaken(known, block, slots, now);
  if (proposal !== undefined && (proposal.block !== slot.block || proposal.slot !== slot.slot))
    known = markTaken(known, proposal.block, [proposal.slot], now);
  const cursor = { block: slot.block, slot: slot.slot };
  return { format: FORMAT, bootId, ranges: JSON.stringify(ranges), incarnation, pool, blocks, taken: known, cursor };
}

/** The state after a release: the slot cools, so that proposing it soon would be in vain. */
export function learnRelease(previous: NodeState, slot: SlotReference, now: number): NodeState {
  if (previous.pool.id !== slot.pool) return previous;
  return { ...previous, taken: markTaken(forget(previous, now), slot.block, [slot.slot], now) };
}

function markTaken(
  taken: NodeState['taken'],
  block: string,
  slots: readonly number[],
  now: number,
): NodeState['taken'] {
  return { ...taken, [block]: { ...taken[block], ...Object.fromEntries(slots.map((slot) => [slot, now])) } };
}

function forget(state: NodeState, now: number): NodeState['taken'] {
  const recent = Object.entries(state.taken).map(([block, slots]) => {
    const kept = Object.entries(slots).filter(([, at]) => isRecent(state, at, now));
    return [block, Object.fromEntries(kept)] as const;
  });
  return Object.fromEntries(recent.filter(([, slots]) => Object.keys(slots).length > 0));
}

/** A time that lies ahead was written under another clock: it says nothing. */
export const isRecent = (state: NodeState, at: number, now: number): boolean => at <= now && now - at < takenFor(state);
