/** Reservations: a pod that one is for gets an address of it or none. */

import { LessorError } from '../../../core/contract/problems.ts';
import type { Reservation } from '../../../core/contract/reservation.ts';
import type { SlotState } from '../../../core/protocol/lease.ts';
import type { SlotKey } from '../../../core/protocol/slot-ref.ts';
import { inChunks } from '../in-flight.ts';
import type { KnownPool } from '../memory.ts';
import { type Allocation, type SlotsTogether, together } from './allocation.ts';
import { BLOCKS_AT_ONCE, ensureTime, keepOwn, mayHold, readBlocks } from './block-slots.ts';
import { openFor } from './open-for.ts';
import type { PoolAttempt } from './pool-attempt.ts';

/** A larger reservation is used so far only: each block of it is a read. */
const MOST_BLOCKS = 64;

/**
 * One of the reservation's slots; with a partial one goes an ordinary one, for the addresses of the other sets.
 * @param ordinary a slot as any ADD gets it, or the one that an earlier try got
 * @throws LessorError address.held or address.cooling where each is, address.unknown where its block cannot be opened,
 * pool.quota, service.busy, and what refuses the ordinary slot: no other pool is tried
 */
export async function holdReserved(
  allocation: Allocation,
  reservation: Reservation,
  ordinary: () => Promise<PoolAttempt<SlotKey>>,
): Promise<SlotsTogether> {
  let found: Promise<SlotKey> | undefined;
  const beside: Beside = () => {
    found ??= ordinary().then(resultOf);
    return found;
  };
  const blocks = reservedBlocks(allocation.pool, reservation.name);
  const own = allocation.request.attempt > 1 ? await findOwn(allocation, reservation, blocks) : undefined;
  if (own) return withOthers(allocation, own, beside);
  let coolingUntil = Number.POSITIVE_INFINITY;
  let unopened: LessorError | undefined;
  for (const some of inChunks(blocks, () => BLOCKS_AT_ONCE)) {
    ensureTime(allocation);
    for (const [block, slots] of await readBlocks(allocation, some)) {
      const kept = slotsIn(allocation, reservation, block);
      const mine = await keepOwn(allocation, block, slots, (slot) => kept.includes(slot));
      if (mine) return withOthers(allocation, mine, beside);
      coolingUntil = Math.min(coolingUntil, ...coolingTimes(allocation, kept, slots));
      const possible = kept.filter((slot) => mayHold(allocation, slots.get(slot)));
      const [first] = possible;
      const closed = first === undefined ? undefined : await openFor(allocation, { block, slot: first });
      unopened ??= closed;
      for (const slot of closed ? [] : possible) {
        const held = await tryToHold(allocation, { pool: allocation.pool.definition.id, block, slot }, beside);
        if (held) return held;
      }
    }
  }
  if (unopened && coolingUntil === Number.POSITIVE_INFINITY) throw unopened;
  throw noneLeft(allocation, reservation, coolingUntil);
}

/** The ordinary slot that goes with a partial one, the same each time. */
type Beside = () => Promise<SlotKey>;

function resultOf(attempt: PoolAttempt<SlotKey>): SlotKey {
  if (attempt.kind === 'granted') return attempt.result;
  throw attempt.error;
}

/** Which of them an earlier try got, wherever that is: it comes before what was freed since. */
async function findOwn(
  allocation: Allocation,
  reservation: Reservation,
  blocks: ReadonlySet<bigint>,
): Promise<SlotKey | undefined> {
  for (const some of inChunks(blocks, () => BLOCKS_AT_ONCE)) {
    ensureTime(allocation);
    for (const [block, slots] of await readBlocks(allocation, some)) {
      const kept = slotsIn(allocation, reservation, block);
      const own = await keepOwn(allocation, block, slots, (slot) => kept.includes(slot));
      if (own) return own;
    }
  }
  return undefined;
}

/** When (ms) those can be had that only cool. */
const coolingTimes = ({ deps }: Allocation, some: readonly number[], slots: ReadonlyMap<number, SlotState>): number[] =>
  some.flatMap((slot) => {
    const { held = true, reusableAt = 0 } = slots.get(slot) ?? {};
    return !held && reusableAt > deps.now() ? [reusableAt] : [];
  });

/** What goes with it is held first: where there is none, nothing is left behind. */
async function tryToHold(allocation: Allocation, key: SlotKey, beside: Beside): Promise<SlotsTogether | undefined> {
  if (!allocation.pool.space.isWhole(key.block, key.slot)) {
    // A repeat may have the ordinary one already.
    if (allocation.request.attempt === 1) await allocation.ensureQuota(2);
    await beside();
  }
  return (await allocation.hold(key)) ? withOthers(allocation, key, beside) : undefined;
}

/** The reserved slot's addresses, and those of an ordinary slot of the sets that it has none of. */
async function withOthers({ pool }: Allocation, key: SlotKey, beside: Beside): Promise<SlotsTogether> {
  const { definition, space } = pool;
  const whole = space.isWhole(key.block, key.slot) ? key : await beside();
  const sets = [...definition.ranges.keys()].filter((set) => space.addressOf(set, key.block, key.slot));
  const chosen = sets.map((set) => ({ key, set }));
  return together(pool, whole, chosen);
}

/** In which an ADD looks for an address of the reservation, open or not. */
export function reservedBlocks({ space }: Pick<KnownPool, 'space'>, reservation: string): Set<bigint> {
  const size = BigInt(space.blockSize);
  const blocks = new Set<bigint>();
  for (const { from, to } of space.reservedFor(reservation))
    for (let block = from / size; block <= to / size && blocks.size < MOST_BLOCKS; block += 1n) blocks.add(block);
  return blocks;
}

function slotsIn({ pool }: Allocation, { name }: Reservation, block: bigint): number[] {
  const first = block * BigInt(pool.space.blockSize);
  const intervals = pool.space.reservedFor(name);
  return Array.from({ length: pool.space.slotsIn(block) }, (_, slot) => slot).filter((slot) =>
    intervals.some(({ from, to }) => from <= first + BigInt(slot) && first + BigInt(slot) <= to),
  );
}

function noneLeft(
  { pool }: Allocation,
  { name, addresses, namespace, pod }: Reservation,
  coolingUntil: number,
): LessorError {
  const whom = pod === undefined ? `pods of namespace ${namespace}` : `pod ${namespace}/${pod}`;
  const which = `Reservation ${name} of pool ${pool.definition.name} (${addresses.join(', ')} for ${whom})`;
  const facts = { pool: pool.definition.name, reservation: name };
  if (coolingUntil === Number.POSITIVE_INFINITY) {
    // A reservation of before may have nothing else.
    if (pool.space.reservedFor(name).length === 0)
      return new LessorError('address.held', `${which} has none that can be handed out`, {
        remedy:
          'reserve others: each is a network or broadcast address, a gateway or excluded, or goes with one that is',
        facts,
      });
    const remedy = 'delete one of those pods, or reserve more';
    return new LessorError('address.held', `${which} has no free address`, { remedy, facts });
  }
  const freeAt = new Date(coolingUntil).toISOString();
  return new LessorError('address.cooling', `${which} has only cooling addresses`, {
    remedy: `the first can be had at ${freeAt}`,
    facts: {
      ...facts,
      freeAt,
    },
  });
}
