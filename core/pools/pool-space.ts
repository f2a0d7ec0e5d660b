/**
 * A pool's arithmetic: slot k of a pool is the k-th address of every range set together, and a block is `blockSize`
 * consecutive slots. Nothing is enumerated, so an IPv6 /48 costs what a /24 costs.
 */
import { type Address, bits, type Family, formatAddress } from '../addresses/address.ts';
import { outsideOf, parseExclusions } from '../addresses/exclusions.ts';
import {
  parseRangeSets,
  type Range,
  type RangeOutcome,
  rangesToText,
  type Span,
  spanText,
} from '../addresses/range.ts';
import { covering, covers, difference, type Interval, intersection, sizeWithin } from '../addresses/slot-intervals.ts';
import type { PoolDefinition, RangeText } from '../contract/pool.ts';
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
  /** False beyond the pool's end, and where an address of the slot is a gateway, excluded or reserved. */
  isUsable(block: bigint, slot: number): boolean;
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

function spaceOf(
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

export type PoolShapeInput = Pick<PoolDefinition, 'blockSize' | 'gateway' | 'affinity' | 'exclude'> &
  Partial<Pick<PoolDefinition, 'reservations'>> & {
    readonly ranges: readonly (readonly RangeText[])[];
    readonly stickySeconds?: number;
  };

/**
 * `ranges` with every default filled in and `exclude` in one spelling, if the pool can hand out anything: one that cannot
 * would keep its name and its ranges for ever without a use. `problem` names field, value and remedy.
 */
export function resolvePoolShape({
  ranges,
  blockSize,
  gateway,
  affinity,
  exclude,
  stickySeconds = 0,
  reservations = [],
}: PoolShapeInput): RangeOutcome<Pick<PoolDefinition, 'ranges' | 'exclude'>> {
  if (stickySeconds > 0 && affinity !== 'shared')
    return refuse(
      `stickySeconds ${stickySeconds} keeps an address for a pod on whichever node: it needs affinity "shared", or has to be 0`,
    );
  if (gateway === 'block' && affinity !== 'node')
    return refuse('gateway "block" gives each block to one node to route: it needs affinity "node"');
  const parsed = parseRangeSets(ranges, gateway);
  if (!parsed.ok) return parsed;
  const excluded = parseExclusions(exclude);
  if (!excluded.ok) return excluded;
  if (reservations.length > 0 && affinity !== 'shared')
    return refuse('reservations keep addresses for pods on whichever node: they need affinity "shared"');
  const twice = reservations.find(({ name }, index) => reservations.findIndex((one) => one.name === name) !== index);
  if (twice) return refuse(`reservations has ${twice.name} twice: give each a name of its own`);
  const reserved = parseReservations(reservations, parsed.value.flat());
  if (!reserved.ok) return reserved;
  const stray = outsideOf(excluded.value, parsed.value.flat());
  if (stray !== undefined) return refuse(stray);
  const small = gateway === 'block' && parsed.value.flat().find((range) => sizeOf([range]) % BigInt(blockSize) !== 0n);
  if (small) {
    const length = blockLength(small.family, blockSize);
    return refuse(
      `subnet ${formatAddress(small.subnet.address)}/${small.subnet.length} holds no whole block: with blockSize ${blockSize} and gateway "block" a subnet needs a prefix length of ${length} or less`,
    );
  }
  const text = { ranges: rangesToText(parsed.value), exclude: excluded.value.map((one) => one.text) };
  if (spaceOf(parsed.value, blockSize, gateway, excluded.value).capacity > 0n) return { ok: true, value: text };
  if (exclude.length > 0 || gateway === 'block') {
    return refuse(
      `no address is left to hand out once gateways${gateway === 'block' ? ', network and broadcast addresses of the blocks' : ''} and what is excluded (${text.exclude.join(', ') || 'nothing'}) are taken away: exclude less, or widen the smallest range set${gateway === 'block' ? ' or the blocks' : ''}`,
    );
  }
  const gateways = [...new Set(text.ranges.flat().map((range) => range.gateway))].join(', ');
  return refuse(
    `ranges hold no address to hand out: each of their slots has a gateway (${gateways}) in it; widen the smallest range set, or name another gateway`,
  );
}

/** The ranges of a pool that is written inline: shared, its gateways as host-local has them. */
export function resolvePoolRanges(
  ranges: readonly (readonly RangeText[])[],
): { ok: true; ranges: PoolDefinition['ranges'] } | { ok: false; problem: string } {
  const shape = resolvePoolShape({
    ranges,
    blockSize: 1,
    gateway: 'pool',
    affinity: 'shared',
    exclude: [],
    reservations: [],
  });
  return shape.ok ? { ok: true, ranges: shape.value.ranges } : shape;
}

const refuse = (problem: string): { ok: false; problem: string } => ({ ok: false, problem });
const total = (sizes: readonly bigint[]): bigint => sizes.reduce((sum, size) => sum + size, 0n);

// Math.min() takes no bigint.
const smallest = (sizes: readonly bigint[]): bigint => [...sizes].sort((a, b) => (a < b ? -1 : 1))[0] ?? 0n;

const sizeOf = (set: readonly Range[]): bigint => total(set.map(({ first, last }) => last - first + 1n));

const blockLength = (family: Family, blockSize: number): number => bits(family) - Math.log2(blockSize);

/** Network and gateway come first; IPv6 has no broadcast address, but beside an IPv4 one its slot cannot be used either. */
function subnetBlocks(sets: readonly (readonly Range[])[], blockSize: number) {
  return { blockSize, head: 2, tail: sets.some(([range]) => range?.family === 4) ? 1 : 0 };
}

function addressAt(set: readonly Range[], k: bigint): { range: Range; value: bigint } {
  let rest = k;
  for (const range of set) {
    const size = sizeOf([range]);
    if (rest < size) return { range, value: range.first + rest };
    rest -= size;
  }
  throw new RangeError(`ordinal ${k} lies beyond the range set`);
}

/** host-local never hands out a gateway; here no range's gateway is handed out, whichever range it lies in. */
function unusableOf(sets: readonly (readonly Range[])[], slots: bigint, excluded: readonly Span[]): Interval[] {
  const gateways = sets.flat().map(({ family, gateway }) => ({ family, first: gateway, last: gateway }));
  return sets.flatMap((set) => [...gateways, ...excluded].flatMap((one) => slotsOf(set, one, slots)));
}

/** The slots below `slots` whose address of this set lies in the span. */
function slotsOf(set: readonly Range[], { family, first, last }: Span, slots: bigint): Interval[] {
  let before = 0n;
  return set.flatMap((range) => {
    const shift = before - range.first;
    const own = { from: before, to: before + sizeOf([range]) - 1n };
    before = own.to + 1n;
    if (range.family !== family) return [];
    const inRange = intersection({ from: first + shift, to: last + shift }, own);
    return inRange.flatMap((one) => intersection(one, { from: 0n, to: slots - 1n }));
  });
}

/** The addresses of the slots. */
function spansOf(set: readonly Range[], slots: Interval): Span[] {
  let before = 0n;
  return set.flatMap((range) => {
    const shift = range.first - before;
    const own = { from: before, to: before + sizeOf([range]) - 1n };
    before = own.to + 1n;
    return intersection(slots, own).map(({ from, to }) => ({
      family: range.family,
      first: from + shift,
      last: to + shift,
    }));
  });
}
