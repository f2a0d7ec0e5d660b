/**
 * What the node was told about a pool: where it may propose slots, and which it need not try. All of it is a
 * cache: lost or stale it costs requests, never an address.
 */

import type { ToldPolicy } from '../../core/contract/batch.ts';
import type { ClaimedBlock, SlotReference } from '../../core/contract/ids.ts';
import type { AllocateResult } from '../../core/contract/lease.ts';
import type { PoolDefinition } from '../../core/contract/pool.ts';
import { isObject, parseJson } from '../machine/json.ts';

export interface PoolCache {
  /** What wrote it: another layout is not read. */
  readonly format: typeof FORMAT;
  /** The start of the machine in which all this was told. */
  readonly bootId: string;
  /** The journal for which blocks were claimed: what it does not know of may be held in those of another one. */
  readonly journal: string;
  readonly incarnation: number;
  readonly pool: PoolDefinition;
  readonly blocks: readonly ClaimedBlock[];
  /** By block, the number of the last answer that named it as the node's own; absent in older caches. */
  readonly told?: Readonly<Record<string, number>>;
  /** Answers that named blocks so far. */
  readonly answers?: number;
  /** Blocks of an earlier boot, to be taken over. */
  readonly former: readonly ClaimedBlock[];
  /** Slots that could not be had, by block and slot, with the time (ms) at which that was seen. */
  readonly taken: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Blocks of a shared pool that had no free slot, with the time (ms) at which that was seen; absent in older caches. */
  readonly full?: Readonly<Record<string, number>>;
  /** The slot that was used last. */
  readonly cursor: { readonly block: string; readonly slot: number };
}

const FORMAT = 3;

/** For how long a slot that was taken is not proposed again, at least: its holder may be gone then. */
const SHORTEST_TAKEN_MS = 60_000;

export interface BootAndJournal {
  readonly bootId: string;
  readonly journal: string;
}

/**
 * The cache as it was written, undefined where nothing was told in this boot, with this journal. What an earlier boot was told is
 * never used: the node may have been declared dead meanwhile, and its blocks with it.
 */
export const ofThisBoot = (cache: PoolCache | undefined, { bootId, journal }: BootAndJournal): PoolCache | undefined =>
  cache?.bootId === bootId && cache.journal === journal ? cache : undefined;

/** What the service may let this boot take over: blocks of an earlier one, as this node last knew them. */
export function formerBlocks(cache: PoolCache | undefined, { bootId }: BootAndJournal): readonly ClaimedBlock[] {
  if (cache === undefined || cache.pool.affinity !== 'node') return [];
  return cache.bootId === bootId ? cache.former : [...cache.blocks, ...cache.former];
}

/**
 * Its values were checked when they came over the wire, and a row is written as a whole; only a foreign hand leaves parts out,
 * and then it says nothing. Nor does another layout.
 */
export function parsePoolCache(text: string): PoolCache | undefined {
  const read = parseJson(text);
  if (!isObject(read) || read.format !== FORMAT) return undefined;
  const { pool, blocks, former, taken, cursor } = read;
  if (![blocks, former].every(Array.isArray)) return undefined;
  if (!isObject(pool) || !isObject(taken) || !isObject(cursor)) return undefined;
  return read as unknown as PoolCache;
}

/** How long (ms) a slot counts as taken: a released one is not handed out again before the pool's cooldown either. */
export const takenFor = (state: PoolCache): number => Math.max(SHORTEST_TAKEN_MS, state.pool.cooldownSeconds * 1000);

export interface PoolUpdate extends BootAndJournal {
  readonly answer: AllocateResult;
  /** What the request proposed of the answer's pool. */
  readonly proposal: SlotReference | undefined;
  readonly now: number;
}

/** The state after an answer. */
export function afterAnswer(previous: PoolCache | undefined, update: PoolUpdate): PoolCache {
  const { answer, proposal, bootId, journal, now } = update;
  const { pool, slot, incarnation, taken = [] } = answer;
  const same = previous?.pool.id === pool.id ? previous : undefined;
  let known = same ? forget(same, now) : {};
  for (const { block, slots } of taken) {
    // Of a block that was its own all the time this node knows since when: it released them itself.
    const isKnown = isSameClaim(block, same?.blocks, answer.blocks);
    const unknown = isKnown ? slots.filter((one) => known[block]?.[one] === undefined) : slots;
    known = markTaken(known, block, unknown, now);
  }
  if (proposal !== undefined && (proposal.block !== slot.block || proposal.slot !== slot.slot))
    known = markTaken(known, proposal.block, [proposal.slot], now);
  const blocks = blocksAfter(same, update);
  const cursor = { block: slot.block, slot: slot.slot };
  const full = {
    ...(same ? fullBlocks(same, now) : {}),
    ...Object.fromEntries((answer.full ?? []).map((block) => [block, now])),
  };
  const former = (answer.former ?? same?.former ?? []).filter(({ block }) => !has(blocks, block));
  const about = { format: FORMAT, bootId, journal } as const;
  return {
    ...about,
    incarnation,
    pool,
    blocks,
    ...(pool.affinity === 'node' ? told(same, answer.blocks, blocks) : {}),
    former,
    taken: known,
    full,
    cursor,
  };
}

/** An answer names them: who compares what the node believes with an older word of the service sees that there is a newer one. */
function told(
  previous: PoolCache | undefined,
  named: readonly ClaimedBlock[],
  blocks: readonly ClaimedBlock[],
): Pick<PoolCache, 'told' | 'answers'> {
  const answers = (previous?.answers ?? 0) + 1;
  const numberOf = (block: string) => (has(named, block) ? answers : (previous?.told?.[block] ?? answers));
  return { answers, told: Object.fromEntries(blocks.map(({ block }) => [block, numberOf(block)])) };
}

/**
 * What the answer names, and what was known in this life of the node, as far as the answer does not say otherwise: a
 * proposal's block that is not in it is no longer the node's.
 */
function blocksAfter(previous: PoolCache | undefined, { answer, proposal }: PoolUpdate): ClaimedBlock[] {
  const known = previous?.incarnation === answer.incarnation ? previous.blocks : [];
  const older = known.filter(({ block, generation }) => {
    const told = answer.blocks.find((one) => one.block === block);
    return told === undefined ? block !== proposal?.block : told.generation < generation;
  });
  return [...answer.blocks.filter(({ block }) => !has(older, block)), ...older];
}

/** Another node may have had the block, and released slots in it, between two generations. */
const isSameClaim = (
  block: string,
  before: readonly ClaimedBlock[] | undefined,
  after: readonly ClaimedBlock[],
): boolean => generationOf(before, block) !== undefined && generationOf(before, block) === generationOf(after, block);

const generationOf = (blocks: readonly ClaimedBlock[] | undefined, block: string): number | undefined =>
  blocks?.find((one) => one.block === block)?.generation;

const has = (blocks: readonly ClaimedBlock[], block: string): boolean => blocks.some((one) => one.block === block);

/** The state after the service kept a block that was to be given back: it is the node's at a later generation. */
export function afterKept(previous: PoolCache, kept: ClaimedBlock): PoolCache {
  const known = previous.blocks.find(({ block }) => block === kept.block);
  const isOlder = known !== undefined && known.generation >= kept.generation;
  const blocks = isOlder ? previous.blocks : [...previous.blocks.filter((one) => one !== known), kept];
  return { ...previous, blocks, ...told(previous, [kept], blocks) };
}

/**
 * The state after a lease was asserted, by which its block may have come to be the node's at another generation. Others may have
 * released slots there since. Who leases by itself asks first: the answer of the next ADD names the block, and what cools there.
 */
export function afterAsserted(previous: PoolCache, asserted: ClaimedBlock): PoolCache {
  if (previous.pool.leasing !== 'delegated') return afterKept(previous, asserted);
  const isOlder = ({ block, generation }: ClaimedBlock) => block === asserted.block && generation < asserted.generation;
  return { ...previous, blocks: previous.blocks.filter((one) => !isOlder(one)) };
}

/** The state once the service told of another life: no block is left. */
export const inLife = (previous: PoolCache, incarnation: number): PoolCache =>
  previous.incarnation === incarnation ? previous : { ...previous, incarnation, blocks: [] };

/** What is believed of one block, to be compared with what is believed of it later. */
const beliefIn = ({ blocks, told: numbers }: PoolCache, block: string): string | undefined => {
  const own = blocks.find((one) => one.block === block);
  return own && `${own.generation} ${numbers?.[block]}`;
};

/** The state after the service denied blocks: those of them that no answer has named since. */
export function afterDenied(now: PoolCache, then: PoolCache, denied: readonly ClaimedBlock[]): PoolCache {
  const isForgotten = ({ block }: ClaimedBlock) =>
    denied.some((one) => one.block === block) && beliefIn(now, block) === beliefIn(then, block);
  return { ...now, blocks: now.blocks.filter((one) => !isForgotten(one)) };
}

/** The state after a release: the slot cools, so that proposing it soon would be in vain. */
export function afterRelease(previous: PoolCache, slot: SlotReference, now: number): PoolCache {
  if (previous.pool.id !== slot.pool) return previous;
  return { ...previous, taken: markTaken(forget(previous, now), slot.block, [slot.slot], now) };
}

/** The state after the service said what holds in the pool now. That a node leases by itself only the answer of an ADD begins. */
export function afterTold(previous: PoolCache, { id: _, leasing, ...policy }: ToldPolicy): PoolCache {
  const { pool } = previous;
  const next = { ...policy, leasing: leasing === 'online' ? leasing : pool.leasing };
  return { ...previous, pool: { ...pool, ...next } };
}

/** The state after a report was refused as lost: the block may be no longer the node's, so the next ADD asks. */
export const afterRefusedReport = (previous: PoolCache): PoolCache => ({
  ...previous,
  pool: { ...previous.pool, leasing: 'online' },
});

function markTaken(
  taken: PoolCache['taken'],
  block: string,
  slots: readonly number[],
  now: number,
): PoolCache['taken'] {
  return { ...taken, [block]: { ...taken[block], ...Object.fromEntries(slots.map((slot) => [slot, now])) } };
}

function forget(state: PoolCache, now: number): PoolCache['taken'] {
  const recent = Object.entries(state.taken).map(([block, slots]) => {
    const kept = Object.entries(slots).filter(([, at]) => isStillTaken(takenFor(state), at, now));
    return [block, Object.fromEntries(kept)] as const;
  });
  return Object.fromEntries(recent.filter(([, slots]) => Object.keys(slots).length > 0));
}

/** Those that were seen without a free slot lately, with when. */
export function fullBlocks(state: PoolCache, now: number, takenMs: number = takenFor(state)): Record<string, number> {
  const recent = Object.entries(state.full ?? {}).filter(([, at]) => isWithin(takenMs, at, now));
  return Object.fromEntries(recent);
}

/** Whether a slot that was seen taken is. A clock that was set back by less than so long makes no address cool for a shorter time. */
export const isStillTaken = (milliseconds: number, at: number, now: number): boolean =>
  Math.abs(now - at) < milliseconds;

/** A time that lies ahead was written under another clock: it says nothing. */
export const isWithin = (milliseconds: number, at: number, now: number): boolean =>
  at <= now && now - at < milliseconds;
