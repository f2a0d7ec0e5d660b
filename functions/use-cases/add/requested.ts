/** Requested addresses: each in the slot that has it, or none at all. */
import { type Address, networkOf, parseAddress, parsePrefix } from '../../../core/addresses/address.ts';
import { covers } from '../../../core/addresses/slot-intervals.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { Reservation } from '../../../core/contract/reservation.ts';
import { obstacleText, obstacleTo } from '../../../core/pools/obstacles.ts';
import type { PoolSpace } from '../../../core/pools/pool-space.ts';
import { reservationFor } from '../../../core/pools/reservations.ts';
import { against, allows, type SlotState } from '../../../core/protocol/lease.ts';
import type { SlotKey } from '../../../core/protocol/slot-ref.ts';
import type { KnownPool } from '../memory.ts';
import { subnetsText } from '../pools/pool-text.ts';
import { type AddressOfSlot, type Allocation, distinct, type SlotsTogether, together } from './allocation.ts';
import { mayHold } from './block-slots.ts';
import { openFor } from './open-for.ts';
import { granted, type PoolAttempt, refused } from './pool-attempt.ts';

/**
 * Holds what is asked for; two addresses that are not one slot's take two. Where none of the slots is whole, the addresses
 * of the other sets come from an ordinary slot. Where another snatches a part of it away at the same moment, what is held
 * already stays with the nonce until the DEL that follows a failed ADD: freeing it here could free what a copy of this
 * request was granted.
 * @param texts as host-local takes them: an address, with or without a prefix length
 * @param ordinary a slot as any ADD gets it, or the one that an earlier try got
 * @returns refused (address.unknown) where the pool cannot hand it out, and as `ordinary` is
 * @throws LessorError address.held, address.cooling, pool.quota, request.invalid, service.busy
 */
export async function holdRequested(
  allocation: Allocation,
  texts: readonly string[],
  ordinary: () => Promise<PoolAttempt<SlotKey>>,
): Promise<PoolAttempt<SlotsTogether>> {
  const { pool, request } = allocation;
  const namespace = request.pod?.namespace ?? '';
  const asker = { reservation: reservationFor(pool.definition.reservations, request.pod), namespace };
  const wanted: AddressOfSlot[] = [];
  for (const [index, text] of texts.entries()) {
    const found = slotFor(pool, text, `addresses[${index}]`, asker);
    if (found.kind === 'refused') return found;
    wanted.push(found.result);
  }
  const twice = wanted.find(({ set }, index) => wanted.findIndex((other) => other.set === set) !== index);
  if (twice) {
    const remedy = 'an attachment gets one address of each range set, so ask for one of each at most';
    const what = `addresses ${texts.join(', ')} ask twice for range set ${twice.set}`;
    return refused(new LessorError('address.unknown', what, { remedy }));
  }
  const slots = distinct(wanted.map(({ key }) => key));
  if (slots.length === 0)
    throw new LessorError('request.invalid', 'addresses is empty', { remedy: 'leave it out, or name one' });
  const whole = slots.find(({ block, slot }) => pool.space.isWhole(block, slot));
  // What an earlier try holds already is neither a quota's business nor anybody else's.
  const own = request.attempt > 1 ? await ownAmong(allocation, slots) : [];
  // Looked at before anything is held: what is known to be in vain leaves nothing behind.
  if (slots.length > 1 || whole === undefined) for (const key of slots) await ensureFree(allocation, key);
  const others = slots.length - own.length;
  // A repeat may have the ordinary one already.
  if (others > 0) await allocation.ensureQuota(others + (whole === undefined && request.attempt === 1 ? 1 : 0));
  for (const key of slots) {
    // What an operator keeps for the pod is not counted as its namespace's.
    const closed = await openFor(allocation, key, asker.reservation === undefined ? namespace : undefined);
    if (closed) return refused(closed);
  }
  const first = whole === undefined ? await ordinary() : granted(whole);
  if (first.kind === 'refused') return first;
  for (const key of slots)
    if (!(await allocation.hold(key, own.includes(key)))) throw whyNot(allocation, key, await stateOf(allocation, key));
  return granted(together(pool, first.result, wanted));
}

/** Whose pod it is, and what is kept for the pod. */
interface Asker {
  readonly namespace: string;
  readonly reservation: Reservation | undefined;
}

function slotFor(
  { definition, space }: KnownPool,
  text: string,
  where: string,
  { reservation, namespace }: Asker,
): PoolAttempt<AddressOfSlot> {
  const address = parseAddress(text.replace(/\/\d+$/, ''));
  if (address === undefined) {
    const remedy = 'write it like 10.1.0.5 or fd00::5';
    const what = `${where} ${JSON.stringify(text)} is not an IP address`;
    return refused(new LessorError('address.unknown', what, { remedy }));
  }
  const found = space.find(address);
  const k = found && found.block * BigInt(space.blockSize) + BigInt(found.slot);
  const isReserved = (name: string) => k !== undefined && covers(space.reservedFor(name), k);
  // Who has a reservation gets its addresses and no others, whoever has none gets none of them.
  const isForIt = found && (reservation ? isReserved(reservation.name) : space.isRequestable(found.block, found.slot));
  if (found === undefined || !isForIt) {
    const keeper = definition.reservations.find(({ name }) => isReserved(name));
    const why = found ? obstacle(space, address, keeper, { reservation, namespace }) : notInRanges(definition, address);
    const what = `Address ${text} cannot be had from pool ${definition.name}: it ${why}`;
    return refused(new LessorError('address.unknown', what, { remedy: 'ask for another address, or for none' }));
  }
  const { block, slot, set } = found;
  return granted({ key: { pool: definition.id, block, slot }, set });
}

function notInRanges({ ranges }: PoolDefinition, address: Address): string {
  const around = ranges.flat().filter(({ subnet }) => isWithin(address, subnet));
  const parts = around.slice(0, 3).map(({ rangeStart, rangeEnd }) => `${rangeStart}-${rangeEnd}`);
  const [first] = around;
  if (first === undefined) return `is not in its ranges (${subnetsText(ranges)})`;
  return `is not in its ranges (of ${first.subnet} it has ${parts.join(', ')}${around.length > 3 ? ' and others' : ''})`;
}

function isWithin(address: Address, subnet: string): boolean {
  const prefix = parsePrefix(subnet);
  if (prefix?.address.family !== address.family) return false;
  return networkOf({ address, length: prefix.length }).value === prefix.address.value;
}

/** @param keeper the reservation that has the address: what it is called is its own namespace's business */
function obstacle(
  space: PoolSpace,
  address: Address,
  keeper: Reservation | undefined,
  { reservation: own, namespace }: Asker,
): string {
  if (keeper) return keeper.namespace === namespace ? `is reserved (${keeper.name})` : 'is reserved';
  const barred = obstacleTo(space, address);
  if (barred) return obstacleText(address, barred);
  return own ? `is not in the pod's reservation ${own.name}` : 'cannot be handed out';
}

async function ownAmong(allocation: Allocation, slots: readonly SlotKey[]): Promise<SlotKey[]> {
  const states = await Promise.all(slots.map((key) => stateOf(allocation, key)));
  return slots.filter((_, index) => isOwn(allocation, states[index]));
}

function isOwn({ call, request }: Allocation, state: SlotState | undefined): boolean {
  const { containerId, ifname } = request.attachment;
  return allows('release', state, against({ containerId, ifname, nonce: request.nonce, node: call.caller }));
}

async function ensureFree(allocation: Allocation, key: SlotKey): Promise<void> {
  const state = await stateOf(allocation, key);
  if (!mayHold(allocation, state)) throw whyNot(allocation, key, state);
}

async function stateOf({ deps }: Allocation, { slot, ...block }: SlotKey): Promise<SlotState | undefined> {
  return (await deps.store.leases.readBlock(block)).get(slot);
}

function whyNot({ deps, pool }: Allocation, { block, slot }: SlotKey, state: SlotState | undefined): LessorError {
  const addresses = pool.space.addresses(block, slot).map(({ address }) => address);
  const facts = { pool: pool.definition.name, addresses };
  const which = `Address ${addresses.join(', ')} of pool ${pool.definition.name}`;
  if (state?.held) {
    const { attachment, node } = state.holding ?? {};
    const by = `container ${attachment?.containerId ?? '?'} on node ${node ?? '?'}`;
    return new LessorError('address.held', `${which} is held by ${by}`, {
      remedy: 'it can be had when that one ends',
      facts,
    });
  }
  const freeAt = new Date(state?.reusableAt ?? deps.now()).toISOString();
  return new LessorError('address.cooling', `${which} cools`, {
    remedy: `it can be had at ${freeAt}`,
    facts: { ...facts, freeAt },
  });
}

export function noneRequested({ definition }: KnownPool, texts: readonly string[]): LessorError {
  const remedy = 'leave the request out, or name a pool with shared affinity';
  return new LessorError(
    'address.unknown',
    `Addresses ${texts.join(', ')} cannot be requested from pool ${definition.name}, since its blocks belong to nodes`,
    { remedy },
  );
}
