/** Reservations: a pod that one is for gets an address of it or none. */
import type { Reservation } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { SlotKey } from '../../../core/protocol/slot-ref.ts';
import { inChunks } from '../in-flight.ts';
import { openUpTo } from '../pools/open-blocks.ts';
import type { Allocation } from './allocation.ts';
import { BLOCKS_AT_ONCE, ensureTime, keepOwn, readBlocks } from './block-slots.ts';

/** A larger reservation is used so far only: each block of it is a read. */
const MOST_BLOCKS = 64;

/** @throws LessorError address.held or address.cooling where each is, pool.quota, service.busy */
export async function holdReserved(allocation: Allocation, reservation: Reservation): Promise<SlotKey> {
  const { pool, deps } = allocation;
  const { id } = pool.definition;
  let coolingUntil = Number.POSITIVE_INFINITY;
  const blocks = await openBlocksOf(allocation, reservation);
  for (const some of inChunks(blocks, () => BLOCKS_AT_ONCE)) {
    ensureTime(allocation);
    for (const [block, slots] of await readBlocks(allocation, some)) {
      const own = await keepOwn(allocation, block, slots);
      if (own) return own;
      for (const slot of slotsIn(allocation, reservation, block)) {
        const state = slots.get(slot);
        if (state?.held) continue;
        const key = { pool: id, block, slot };
        if (await allocation.hold(key)) return key;
        if (state && state.reusableAt > deps.now()) coolingUntil = Math.min(coolingUntil, state.reusableAt);
      }
    }
  }
  throw noneLeft(allocation, reservation, coolingUntil);
}

/** Those of the reservation's blocks that are open, or can be opened for it. */
async function openBlocksOf(allocation: Allocation, { name }: Reservation): Promise<bigint[]> {
  const { pool, deps } = allocation;
  const size = BigInt(pool.space.blockSize);
  const blocks = new Set<bigint>();
  for (const { from, to } of pool.space.reservedFor(name))
    for (let block = from / size; block <= to / size && blocks.size < MOST_BLOCKS; block += 1n) blocks.add(block);
  const open: bigint[] = [];
  for (const block of blocks) {
    const opened = await openUpTo(deps, allocation.pool, block);
    if (opened === undefined) continue;
    allocation.pool = opened;
    open.push(block);
  }
  return open;
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
        remedy: 'reserve others: each is a network or broadcast address, a gateway or excluded',
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
