/**
 * A pool's arithmetic: slot k of a pool is the k-th address of every range set together, and a block is `blockSize`
 * consecutive slots. Nothing is enumerated, so an IPv6 /48 costs what a /24 costs.
 */
import { type Address, formatAddress } from '../addresses/address.ts';
import { parseExclusions } from '../addresses/exclusions.ts';
import { networkAddresses, overlaps, parseRangeSets, type Range, type Span, spanText } from '../addresses/range.ts';
import { covering, covers, difference, type Interval, sizeWithin } from '../addresses/slot-intervals.ts';
import type { PoolDefinition } from '../contract/pool.ts';
import { addressAt, blockLength, sizeOf, slotsOf, spansOf, total } from './range-set-slots.ts';
import { parseReservations, type Reserved } from './reservations.ts';

export interface PoolSpace {
  /** Slots of the pool, usable or not: the size of its smallest range set. */
  readonly slots: bigint;
  readonly blockSize: number;
  readonly blocks: bigint;
  /** Addresses (or pairs of them) that can be handed out, those that are reserved included. */
  readonly capacity: bigint;
  /** Those of the capacity that are reserved. */
  readonly reserved: bigint;
  /** False beyond the pool's end, and where an address of the slot is a network, broadcast or gateway address, excluded or reserved. */
  isUsable(block: bigint, slot: number): boolean;
  /** Whether it is the network or broadcast address of a range's subnet (IPv6: its subnet-router anycast address). */
  isNetworkAddress(address: Address): boolean;
  /** Slots of the block that exist, usable or not: fewer than the block size at the pool's end. */
  slotsIn(block: bigint): number;
  /** The usable slots of a reservation, by its name, as ordinals; empty where there is none of the name. */
  reservedFor(name: string): readonly Interval[];
  /** One for each range set: address with its subnet's prefix length, and the gateway. Throws RangeError beyond the end. */
  addresses(block: bigint, slot: number): { address: string; gateway: string }[];
  /**
   * The block's addresses: one subnet for each range set where blocks have gateways of their own, else one span
   * (`first-last`) for each range that the block has a part in. Throws RangeError beyond the end.
   */
  blockPrefixes(block: bigint): string[];
  /** The slot that has the address, usable or not; undefined where none has. */
  find(address: Address): { block: bigint; slot: number } | undefined;
}

/** What a pool's arithmetic depends on. */
export type PoolShape = Pick<PoolDefinition, 'ranges' | 'blockSize'> &
  Partial<Pick<PoolDefinition, 'gateway' | 'exclude' | 'reservations'>>;

/** @throws RangeError where it was not made by `resolvePoolShape` or `resolvePoolRanges`. */
export function poolSpace({
  ranges,
  blockSize,
  gateway = 'pool',
  exclude = [],
  reservations = [],
}: PoolShape): PoolSpace {
  const parsed = parseRangeSets(ranges, gateway);
  if (!parsed.ok) throw new RangeError(parsed.problem);
  const excluded = parseExclusions(exclude);
  if (!excluded.ok) throw new RangeError(excluded.problem);
  const reserved = parseReservations(reservations, parsed.value.flat());
  if (!reserved.ok) throw new RangeError(reserved.problem);
  return spaceOf(parsed.value, blockSize, gateway, excluded.value, reserved.value);
}

/** Range sets cut into slots and blocks. */
interface Grid {
  readonly sets: readonly (readonly Range[])[];
  readonly slots: bigint;
  readonly blockSize: number;
  readonly gateway: PoolDefinition['gateway'];
}

export function spaceOf(
  sets: readonly (readonly Range[])[],
  blockSize: number,
  gateway: PoolDefinition['gateway'],
  excluded: readonly Span[],
  reserved: readonly Reserved[] = [],
): PoolSpace {
  const slots = smallest(sets.map(sizeOf));
  const size = BigInt(blockSize);
  const grid = { sets, slots, blockSize, gateway };
  return {
    slots,
    blockSize,
    blocks: (slots + size - 1n) / size,
    slotsIn: (block) => slotsIn(grid, block),
    isNetworkAddress: ({ family, value }) =>
      networkAddresses(sets.flat()).some((one) => overlaps(one, { family, first: value, last: value })),
    ...usableSlots(grid, excluded, reserved),
    ...slotAddresses(grid),
  };
}

const ordinal = ({ blockSize }: Grid, block: bigint, slot: number): bigint => block * BigInt(blockSize) + BigInt(slot);

function slotsIn(grid: Grid, block: bigint): number {
  const rest = grid.slots - ordinal(grid, block, 0);
  const size = BigInt(grid.blockSize);
  return Number(rest < 0n ? 0n : rest < size ? rest : size);
}

function usableSlots(
  grid: Grid,
  excluded: readonly Span[],
  reserved: readonly Reserved[],
): Pick<PoolSpace, 'capacity' | 'reserved' | 'isUsable' | 'reservedFor'> {
  const { sets, slots, blockSize, gateway } = grid;
  const unusable = covering(unusableOf(sets, slots, excluded));
  const slotsWith = (spans: readonly Span[]) =>
    covering(sets.flatMap((set) => spans.flatMap((one) => slotsOf(set, one, slots))));
  const withheld = covering([...unusable, ...slotsWith(reserved.flatMap(({ spans }) => spans))]);
  const layout = gateway === 'block' ? subnetBlocks(sets, blockSize) : { blockSize, head: 0, tail: 0 };
  const sizeOfAll = (intervals: readonly Interval[]) => total(intervals.map((one) => sizeWithin(layout, one)));
  return {
    capacity: sizeWithin(layout, { from: 0n, to: slots - 1n }) - sizeOfAll(unusable),
    reserved: sizeOfAll(withheld) - sizeOfAll(unusable),
    isUsable(block, slot) {
      const k = ordinal(grid, block, slot);
      const inBlock = block >= 0n && slot >= layout.head && slot < blockSize - layout.tail;
      return inBlock && k < slots && !covers(withheld, k);
    },
    reservedFor(name) {
      const spans = reserved.flatMap(({ reservation, spans }) => (reservation.name === name ? spans : []));
      return slotsWith(spans).flatMap((one) => difference(one, unusable));
    },
  };
}

function slotAddresses(grid: Grid): Pick<PoolSpace, 'addresses' | 'blockPrefixes' | 'find'> {
  const { sets, slots, blockSize, gateway } = grid;
  const size = BigInt(blockSize);
  const ensureWithin = (block: bigint, slot: number): bigint => {
    const k = ordinal(grid, block, slot);
    if (k < slots) return k;
    throw new RangeError(`slot ${slot} of block ${block.toString(16)} lies beyond the pool's ${slots} slots`);
  };
  return {
    addresses(block, slot) {
      const k = ensureWithin(block, slot);
      return sets.map((set) => {
        const { range, value } = addressAt(set, k);
        const text = (address: bigint) => formatAddress({ family: range.family, value: address });
        if (gateway === 'pool') {
          return { address: `${text(value)}/${range.subnet.length}`, gateway: text(range.gateway) };
        }
        const network = value - BigInt(slot);
        return { address: `${text(value)}/${blockLength(range.family, blockSize)}`, gateway: text(network + 1n) };
      });
    },
    blockPrefixes(block) {
      const from = ensureWithin(block, 0);
      const to = from + BigInt(slotsIn(grid, block)) - 1n;
      if (gateway === 'pool') return sets.flatMap((set) => spansOf(set, { from, to }).map(spanText));
      return sets.map((set) => {
        const { range, value } = addressAt(set, from);
        return `${formatAddress({ family: range.family, value })}/${blockLength(range.family, blockSize)}`;
      });
    },
    find({ family, value }) {
      const [found] = sets.flatMap((set) => slotsOf(set, { family, first: value, last: value }, slots));
      return found && { block: found.from / size, slot: Number(found.from % size) };
    },
  };
}

// Math.min() takes no bigint.
const smallest = (sizes: readonly bigint[]): bigint => [...sizes].sort((a, b) => (a < b ? -1 : 1))[0] ?? 0n;

/** Network and gateway come first; IPv6 has no broadcast address, but beside an IPv4 one its slot cannot be used either. */
function subnetBlocks(sets: readonly (readonly Range[])[], blockSize: number) {
  return { blockSize, head: 2, tail: sets.some(([range]) => range?.family === 4) ? 1 : 0 };
}

/**
 * host-local never hands out a gateway, but a network or broadcast address where a range holds it. Here none of them is handed
 * out, nor a gateway that lies in another range.
 */
function unusableOf(sets: readonly (readonly Range[])[], slots: bigint, excluded: readonly Span[]): Interval[] {
  const gateways = sets.flat().map(({ family, gateway }) => ({ family, first: gateway, last: gateway }));
  const unusable = [...gateways, ...networkAddresses(sets.flat()), ...excluded];
  return sets.flatMap((set) => unusable.flatMap((one) => slotsOf(set, one, slots)));
}
