/**
 * A pool's arithmetic: slot k of a pool is the k-th address of every range set that has one, and a block is `blockSize`
 * consecutive slots. Slots that have an address of every set are whole, and they alone are handed out. Those beyond the end
 * of the smallest set are partial: they have addresses of the larger sets only, which can be asked for and reserved. Nothing
 * is enumerated, so an IPv6 /48 costs what a /24 costs.
 */
import { type Address, formatAddress } from '../addresses/address.ts';
import { parseExclusions } from '../addresses/exclusions.ts';
import { networkAddresses, overlaps, parseRangeSets, type Range, type Span, spanText } from '../addresses/range.ts';
import { covering, covers, difference, type Interval, intersection, sizeWithin } from '../addresses/slot-intervals.ts';
import type { PoolDefinition } from '../contract/pool.ts';
import { type BlockSet, blocksBeside, usableSlotsIn } from './block-set.ts';
import { addressAt, blockLength, sizeOf, slotsOf, spansOf, total } from './range-set-slots.ts';
import { parseReservations, type Reserved } from './reservations.ts';

export interface PoolSpace {
  /** Whole slots, usable or not: the size of the smallest range set. */
  readonly slots: bigint;
  readonly blockSize: number;
  /** Blocks that have whole slots. */
  readonly blocks: bigint;
  /** Addresses (or pairs of them) that can be handed out, those that are reserved included. */
  readonly capacity: bigint;
  /** Those of the capacity that are reserved. */
  readonly reserved: bigint;
  /** Whether it may be handed out: whole, and no address of it is a network, broadcast or gateway address, excluded or reserved. */
  isUsable(block: bigint, slot: number): boolean;
  /** Whether whoever has no reservation may ask for it: the same, partial slots included. */
  isRequestable(block: bigint, slot: number): boolean;
  isWhole(block: bigint, slot: number): boolean;
  /** Why no slot with the address can be had, by the address alone; undefined where nothing of that kind is in the way. */
  barOn(address: Address): Bar | undefined;
  /** Blocks with a slot that can be handed out to anybody. */
  usableBlocks(): BlockSet;
  /** The same, and those whose slots are reserved: whole slots that are in no such block are excluded, gateways or network addresses. */
  leasableBlocks(): BlockSet;
  /** Slots of a block that can be handed out where nothing of it is excluded. */
  readonly mostOfBlock: number;
  /** Slots of the block that can be handed out to anybody. */
  usableIn(block: bigint): number;
  /** Slots of the block that exist, whole and partial, usable or not: fewer than the block size at the end. */
  slotsIn(block: bigint): number;
  /** The slots of a reservation that can be had, by its name, as ordinals; empty where there is none of the name. */
  reservedFor(name: string): readonly Interval[];
  /** One for each range set that the slot has an address of, in their order. Throws RangeError beyond the end of the largest. */
  addresses(block: bigint, slot: number): SlotAddress[];
  /** The slot's address of that range set; undefined where it has none. */
  addressOf(set: number, block: bigint, slot: number): SlotAddress | undefined;
  /**
   * The addresses of the block's whole slots: one subnet for each range set where blocks have gateways of their own, else one
   * span (`first-last`) for each range that the block has a part in. Throws RangeError beyond the end.
   */
  blockPrefixes(block: bigint): string[];
  /** The slot that has the address, usable or not, and the range set whose it is; undefined where none has. */
  find(address: Address): { block: bigint; slot: number; set: number } | undefined;
}

export interface SlotAddress {
  /** With its subnet's prefix length. */
  readonly address: string;
  readonly gateway: string;
}

/** What an address is that is never handed out; it follows "is". IPv6's subnet-router anycast address is a network address. */
export type Bar = 'a network or broadcast address' | 'a gateway' | 'excluded';

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
  /** Whole slots, and all of them. */
  readonly slots: bigint;
  readonly extent: bigint;
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
  const sizes = ascending(sets.map(sizeOf));
  const slots = sizes[0] ?? 0n;
  const size = BigInt(blockSize);
  const grid = { sets, slots, extent: sizes.at(-1) ?? 0n, blockSize, gateway };
  return {
    slots,
    blockSize,
    blocks: (slots + size - 1n) / size,
    slotsIn: (block) => slotsIn(grid, block),
    isWhole: (block, slot) => exists(grid, block, slot) && ordinal(grid, block, slot) < slots,
    ...usableSlots(grid, excluded, reserved),
    ...slotAddresses(grid),
  };
}

const ordinal = ({ blockSize }: Grid, block: bigint, slot: number): bigint => block * BigInt(blockSize) + BigInt(slot);

const exists = (grid: Grid, block: bigint, slot: number): boolean =>
  block >= 0n && slot >= 0 && slot < grid.blockSize && ordinal(grid, block, slot) < grid.extent;

function slotsIn(grid: Grid, block: bigint): number {
  const rest = grid.extent - ordinal(grid, block, 0);
  const size = BigInt(grid.blockSize);
  return Number(rest < 0n ? 0n : rest < size ? rest : size);
}

type CountedByBlock = 'usableBlocks' | 'leasableBlocks' | 'mostOfBlock' | 'usableIn';

function usableSlots(
  grid: Grid,
  excluded: readonly Span[],
  reserved: readonly Reserved[],
): Pick<PoolSpace, 'capacity' | 'reserved' | 'isUsable' | 'isRequestable' | 'reservedFor' | 'barOn' | CountedByBlock> {
  const { sets, slots, blockSize, gateway } = grid;
  const whole = { from: 0n, to: slots - 1n };
  const barred = barredSpans(sets.flat(), excluded);
  const slotsWith = (spans: readonly Span[]) =>
    covering(sets.flatMap((set) => spans.flatMap((one) => slotsOf(set, one))));
  const unusable = slotsWith(barred.map(({ span }) => span));
  const withheld = covering([...unusable, ...slotsWith(reserved.flatMap(({ spans }) => spans))]);
  const layout = gateway === 'block' ? subnetBlocks(sets, blockSize) : { blockSize, head: 0, tail: 0 };
  const sizeOfWhole = (intervals: readonly Interval[]) =>
    total(intervals.flatMap((one) => intersection(one, whole)).map((one) => sizeWithin(layout, one)));
  const isRequestable: PoolSpace['isRequestable'] = (block, slot) => {
    const inBlock = slot >= layout.head && slot < blockSize - layout.tail;
    return inBlock && exists(grid, block, slot) && !covers(withheld, ordinal(grid, block, slot));
  };
  return {
    capacity: sizeWithin(layout, whole) - sizeOfWhole(unusable),
    reserved: sizeOfWhole(withheld) - sizeOfWhole(unusable),
    usableBlocks: once(() => blocksBeside(layout, slots, withheld)),
    leasableBlocks: once(() => blocksBeside(layout, slots, unusable)),
    mostOfBlock: blockSize - layout.head - layout.tail,
    usableIn: (block) => usableSlotsIn(layout, slots, withheld, block),
    isRequestable,
    isUsable: (block, slot) => isRequestable(block, slot) && ordinal(grid, block, slot) < slots,
    barOn: ({ family, value }) => barred.find(({ span }) => overlaps(span, { family, first: value, last: value }))?.bar,
    reservedFor(name) {
      const spans = reserved.flatMap(({ reservation, spans }) => (reservation.name === name ? spans : []));
      return slotsWith(spans).flatMap((one) => difference(one, unusable));
    },
  };
}

function slotAddresses(grid: Grid): Pick<PoolSpace, 'addresses' | 'addressOf' | 'blockPrefixes' | 'find'> {
  const { sets, slots, extent, blockSize, gateway } = grid;
  const size = BigInt(blockSize);
  const addressIn = (set: readonly Range[], k: bigint): SlotAddress[] => {
    if (k >= sizeOf(set)) return [];
    const { range, value } = addressAt(set, k);
    const text = (address: bigint) => formatAddress({ family: range.family, value: address });
    if (gateway === 'pool') {
      return [{ address: `${text(value)}/${range.subnet.length}`, gateway: text(range.gateway) }];
    }
    const network = value - (k % size);
    return [{ address: `${text(value)}/${blockLength(range.family, blockSize)}`, gateway: text(network + 1n) }];
  };
  return {
    addresses(block, slot) {
      if (!exists(grid, block, slot))
        throw new RangeError(`slot ${slot} of block ${block.toString(16)} lies beyond the pool's ${extent} slots`);
      return sets.flatMap((set) => addressIn(set, ordinal(grid, block, slot)));
    },
    addressOf(set, block, slot) {
      if (!exists(grid, block, slot)) return undefined;
      return addressIn(sets[set] ?? [], ordinal(grid, block, slot))[0];
    },
    blockPrefixes(block) {
      const from = ordinal(grid, block, 0);
      if (from >= slots)
        throw new RangeError(`block ${block.toString(16)} lies beyond the pool's ${slots} whole slots`);
      const [span = { from, to: from }] = intersection({ from, to: from + size - 1n }, { from, to: slots - 1n });
      if (gateway === 'pool') return sets.flatMap((set) => spansOf(set, span).map(spanText));
      return sets.map((set) => {
        const { range, value } = addressAt(set, from);
        return `${formatAddress({ family: range.family, value })}/${blockLength(range.family, blockSize)}`;
      });
    },
    find({ family, value }) {
      const [found] = sets.flatMap((set, index) =>
        slotsOf(set, { family, first: value, last: value }).map(({ from }) => ({ from, set: index })),
      );
      return found && { block: found.from / size, slot: Number(found.from % size), set: found.set };
    },
  };
}

/** Most who compute with a pool never ask. */
function once<T>(compute: () => T): () => T {
  let value: T | undefined;
  return () => {
    value ??= compute();
    return value;
  };
}

// Math.min() takes no bigint.
const ascending = (sizes: readonly bigint[]): bigint[] => [...sizes].sort((a, b) => (a < b ? -1 : 1));

/** Network and gateway come first; IPv6 has no broadcast address, but beside an IPv4 one its slot cannot be used either. */
function subnetBlocks(sets: readonly (readonly Range[])[], blockSize: number) {
  return { blockSize, head: 2, tail: sets.some(([range]) => range?.family === 4) ? 1 : 0 };
}

/**
 * host-local never hands out a gateway, but a network or broadcast address where a range holds it. Here none of them is handed
 * out, nor a gateway that lies in another range.
 */
function barredSpans(ranges: readonly Range[], excluded: readonly Span[]): { span: Span; bar: Bar }[] {
  const gateways = ranges.map(({ family, gateway }) => ({ family, first: gateway, last: gateway }));
  const as = (bar: Bar) => (span: Span) => ({ span, bar });
  return [
    ...networkAddresses(ranges).map(as('a network or broadcast address')),
    ...gateways.map(as('a gateway')),
    ...excluded.map(as('excluded')),
  ];
}
