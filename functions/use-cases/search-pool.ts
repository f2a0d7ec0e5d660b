/** Finding a slot by strongly consistent reads of whole blocks, more of them at a time the longer it takes. */
import { LessorError } from '../../core/contract/problems.ts';
import { against, allows, type SlotKey, type SlotState } from '../../core/lease.ts';
import type { Allocation } from './allocate.ts';
import { blockOrder } from './block-order.ts';
import { spread } from './dependencies.ts';
import { openMore } from './open-blocks.ts';

/** Slots of a block that are held or cooling. */
export type Seen = Map<bigint, number[]>;

const READ_AT_ONCE = 16;
/** Of one block's free slots, as many are tried as others may snatch away at the same moment. */
const TRIES_A_BLOCK = 4;
/** How often the whole pool is gone through while others snatch away each slot that was seen free. */
const PASSES = 4;
/** What remains of the request's time must suffice for an answer. */
const RESERVE_MS = 500;
/** The answer tells the node about so many blocks at most. */
const BLOCKS_TOLD = 4;

/**
 * A slot that was free, now held. `taken` is known not to be one.
 * @throws LessorError pool.exhausted or pool.cooling, which a read of every block has proved; service.busy
 */
export async function searchPool(
  allocation: Allocation,
  first: bigint,
  near: readonly bigint[],
  taken: SlotKey | undefined,
): Promise<SlotKey> {
  const { request, deps } = allocation;
  const seed = spread(request.nonce);
  let pool = allocation.pool;
  let coolingUntil = Number.POSITIVE_INFINITY;
  for (let pass = 1; pass <= PASSES; pass += 1) {
    let sawFree = false;
    let atOnce = 1;
    const order = blockOrder(pool.open, [first, ...near], seed);
    for (let blocks = take(order, atOnce); blocks.length > 0; blocks = take(order, atOnce)) {
      ensureTime(allocation);
      for (const [block, slots] of await readBlocks(allocation, blocks)) {
        const own = await keepOwn(allocation, block, slots);
        if (own) return own;
        const view = inspect(allocation, block, slots);
        note(allocation, block, view.unavailable);
        coolingUntil = Math.min(coolingUntil, view.coolingUntil);
        const free = from(seed % pool.space.blockSize, view.free).filter(
          (slot) => block !== taken?.block || slot !== taken.slot || pass > 1,
        );
        sawFree ||= view.free.length > 0;
        for (const slot of free.slice(0, TRIES_A_BLOCK)) {
          const key = { pool: pool.definition.id, block, slot };
          if (await allocation.hold(key)) return key;
        }
      }
      atOnce = Math.min(READ_AT_ONCE, atOnce * 2);
    }
    if (sawFree) continue;
    const more = await openMore(deps, pool);
    if (more === undefined) throw full(allocation, coolingUntil);
    pool = more;
    pass = 0;
  }
  throw new LessorError(
    'service.busy',
    `Others took each free address of pool ${pool.definition.name} first: try again`,
  );
}

/** The lease that an earlier try of the same request made, though its answer was lost. */
export async function findOwnLease(
  allocation: Allocation,
  first: bigint,
  near: readonly bigint[],
): Promise<SlotKey | undefined> {
  const order = blockOrder(allocation.pool.open, [first, ...near], 0);
  let left = new Set([first, ...near]).size;
  while (left > 0) {
    const blocks = take(order, Math.min(READ_AT_ONCE, left));
    if (blocks.length === 0) return undefined;
    left -= blocks.length;
    for (const [block, slots] of await readBlocks(allocation, blocks)) {
      const own = await keepOwn(allocation, block, slots);
      if (own) return own;
    }
  }
  return undefined;
}

type BlockView = ReadonlyMap<number, SlotState>;

async function readBlocks({ deps, pool }: Allocation, blocks: readonly bigint[]): Promise<[bigint, BlockView][]> {
  const read = async (block: bigint): Promise<[bigint, BlockView]> => [
    block,
    await deps.store.leases.readBlock({ pool: pool.definition.id, block }),
  ];
  return Promise.all(blocks.map(read));
}

/** One's own lease of an earlier life is held anew in this one first: a sweep of that life may be under way. */
async function keepOwn(allocation: Allocation, block: bigint, slots: BlockView): Promise<SlotKey | undefined> {
  const own = ownIn(allocation, block, slots);
  if (own === undefined) return undefined;
  const { incarnation } = await allocation.joined(block);
  return own.incarnation === incarnation || (await allocation.hold(own.key)) ? own.key : undefined;
}

function ownIn(
  { call, request, pool }: Allocation,
  block: bigint,
  slots: BlockView,
): { key: SlotKey; incarnation: number } | undefined {
  const { containerId, ifname } = request.attachment;
  const me = against({ containerId, ifname, nonce: request.nonce, node: call.caller });
  for (const [slot, state] of slots) {
    if (state.holding === undefined || !allows('release', state, me)) continue;
    return { key: { pool: pool.definition.id, block, slot }, incarnation: state.holding.incarnation };
  }
  return undefined;
}

function inspect({ deps, pool }: Allocation, block: bigint, slots: BlockView) {
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

function note({ seen }: Allocation, block: bigint, unavailable: number[]): void {
  if (unavailable.length > 0 && (seen.has(block) || seen.size < BLOCKS_TOLD)) seen.set(block, unavailable);
}

function ensureTime({ call, pool }: Allocation): void {
  if (call.remainingMs() > RESERVE_MS) return;
  throw new LessorError(
    'service.busy',
    `The search for a free address of pool ${pool.definition.name} ran out of time before every block was read: try again`,
  );
}

function full({ pool }: Allocation, coolingUntil: number): LessorError {
  const { name, vrf, ranges } = pool.definition;
  const which = `Pool ${name} in VRF ${vrf} (capacity ${pool.space.capacity}: ${JSON.stringify(ranges)})`;
  const facts = { pool: name, vrf, capacity: String(pool.space.capacity) };
  if (coolingUntil === Number.POSITIVE_INFINITY) {
    return new LessorError(
      'pool.exhausted',
      `${which} is exhausted: each address is held. Delete pods, or give the network a larger pool`,
      facts,
    );
  }
  const freeAt = new Date(coolingUntil).toISOString();
  return new LessorError(
    'pool.cooling',
    `${which} has only cooling addresses left: the first can be had at ${freeAt}`,
    { ...facts, freeAt },
  );
}

function take(order: Generator<bigint>, count: number): bigint[] {
  const taken: bigint[] = [];
  while (taken.length < count) {
    const next = order.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}

/** Beginning at a slot that does not depend on which are free: so doubled requests meet in the same slot. */
const from = (first: number, slots: readonly number[]): number[] => [
  ...slots.filter((slot) => slot >= first),
  ...slots.filter((slot) => slot < first),
];
