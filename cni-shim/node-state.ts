/**
 * What the node was told about a pool: where it may propose slots, and which it need not try. One file a pool, replaced as a
 * whole, the last writer wins. All of it is a cache: lost or stale it costs requests, never an address.
 */
import type { AllocateResult, ClaimedBlock, PoolDefinition, SlotReference } from '../core/contract/messages.ts';
import { isObject, parseJson } from './fields.ts';
import type { Files } from './files.ts';

export interface NodeState {
  /** What wrote it: another layout is not read. */
  readonly format: typeof FORMAT;
  /** The start of the machine in which all this was learnt. */
  readonly bootId: string;
  /** The journal for which blocks were claimed: what it does not know of may be held in those of another one. */
  readonly journal: string;
  readonly incarnation: number;
  readonly pool: PoolDefinition;
  readonly blocks: readonly ClaimedBlock[];
  /** Blocks of an earlier boot, to be taken over. */
  readonly former: readonly ClaimedBlock[];
  /** Blocks that were given back: no answer that was on its way meanwhile brings them back. */
  readonly gaveBack: readonly GaveBack[];
  /** Slots that could not be had, by block and slot, with the time (ms) at which that was seen. */
  readonly taken: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The slot that was used last. */
  readonly cursor: { readonly block: string; readonly slot: number };
}

const FORMAT = 2;
/** Far more than are given back while one answer is on its way. */
const MOST_GAVE_BACK = 256;

export interface GaveBack extends ClaimedBlock {
  /** Whether the service has answered. */
  readonly answered: boolean;
}

/** For how long a slot that was taken is not proposed again, at least: its holder may be gone then. */
const SHORTEST_TAKEN_MS = 60_000;

export interface Circumstances {
  readonly bootId: string;
  readonly journal: string;
}

/**
 * Undefined where nothing was learnt in this boot, with this journal. What an earlier boot learnt is
 * never used: the node may have been declared dead meanwhile, and its blocks with it.
 */
export function readNodeState(files: Files, path: string, circumstances: Circumstances): NodeState | undefined {
  const state = readState(files, path);
  return state?.bootId === circumstances.bootId && state.journal === circumstances.journal ? state : undefined;
}

/** What the service may let this boot take over: blocks of an earlier one, as this node last knew them. */
export function formerBlocks(files: Files, path: string, circumstances: Circumstances): readonly ClaimedBlock[] {
  const state = readState(files, path);
  if (state === undefined || state.pool.affinity !== 'node') return [];
  return state.bootId === circumstances.bootId ? state.former : [...state.blocks, ...state.former];
}

function readState(files: Files, path: string): NodeState | undefined {
  const read = parseJson(files.read(path) ?? '');
  if (!isObject(read) || read.format !== FORMAT) return undefined;
  // Its values were checked when they came over the wire, and the file is replaced as a whole; only a foreign hand leaves
  // parts out, and then it says nothing.
  const { pool, blocks, former, gaveBack, taken, cursor } = read;
  if (![blocks, former, gaveBack].every(Array.isArray)) return undefined;
  if (!isObject(pool) || !isObject(taken) || !isObject(cursor)) return undefined;
  return read as unknown as NodeState;
}

/** How long (ms) a slot counts as taken: a released one is not handed out again before the pool's cooldown either. */
export const takenFor = (state: NodeState): number => Math.max(SHORTEST_TAKEN_MS, state.pool.cooldownSeconds * 1000);

export interface Lesson extends Circumstances {
  readonly answer: AllocateResult;
  /** What the request proposed of the answer's pool. */
  readonly proposal: SlotReference | undefined;
  readonly now: number;
}

/** The state after an answer. */
export function learn(previous: NodeState | undefined, lesson: Lesson): NodeState {
  const { answer, proposal, bootId, journal, now } = lesson;
  const { pool, slot, incarnation, taken = [] } = answer;
  const same = previous?.pool.id === pool.id ? previous : undefined;
  let known = same ? forget(same, now) : {};
  for (const { block, slots } of taken) known = markTaken(known, block, slots, now);
  if (proposal !== undefined && (proposal.block !== slot.block || proposal.slot !== slot.slot))
    known = markTaken(known, proposal.block, [proposal.slot], now);
  const gaveBack = same?.gaveBack ?? [];
  const blocks = learnBlocks(same, lesson).filter((one) => !wasGivenBack(gaveBack, one));
  const cursor = { block: slot.block, slot: slot.slot };
  const former = (answer.former ?? same?.former ?? []).filter(({ block }) => !has(blocks, block));
  const about = { format: FORMAT, bootId, journal } as const;
  return { ...about, incarnation, pool, blocks, former, gaveBack, taken: known, cursor };
}

/**
 * What the answer names, and what was known in this life of the node, as far as the answer does not say otherwise: a
 * proposal's block that is not in it is no longer the node's.
 */
function learnBlocks(previous: NodeState | undefined, { answer, proposal }: Lesson): ClaimedBlock[] {
  const known = previous?.incarnation === answer.incarnation ? previous.blocks : [];
  const older = known.filter(({ block, generation }) => {
    const told = answer.blocks.find((one) => one.block === block);
    return told === undefined ? block !== proposal?.block : told.generation < generation;
  });
  return [...answer.blocks.filter(({ block }) => !has(older, block)), ...older];
}

const has = (blocks: readonly ClaimedBlock[], block: string): boolean => blocks.some((one) => one.block === block);

const wasGivenBack = (gaveBack: readonly GaveBack[], { block, generation }: ClaimedBlock): boolean =>
  gaveBack.some((one) => one.block === block && generation <= one.generation);

/** The state after the decision to give a block back: it is not proposed any more. */
export function stopUsing(previous: NodeState, { block, generation }: ClaimedBlock): NodeState {
  const others = previous.gaveBack.filter((one) => one.block !== block).slice(1 - MOST_GAVE_BACK);
  return {
    ...previous,
    blocks: previous.blocks.filter((one) => one.block !== block || one.generation > generation),
    gaveBack: [...others, { block, generation, answered: false }],
  };
}

/** The state after the service's answer to that. `kept`: the generation at which the block stays the node's. */
export function learnGiveBack(previous: NodeState, { block, generation }: ClaimedBlock, kept?: number): NodeState {
  const gaveBack = previous.gaveBack.map((one) =>
    one.block === block && one.generation === generation ? { ...one, answered: true } : one,
  );
  const learnt = kept === undefined ? undefined : { block, generation: kept };
  if (learnt === undefined || wasGivenBack(gaveBack, learnt) || has(previous.blocks, block))
    return { ...previous, gaveBack };
  return { ...previous, gaveBack, blocks: [...previous.blocks, learnt] };
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
