/**
 * A pool's arithmetic: slot k of a pool is the k-th address of every range set together, and a block is `blockSize`
 * consecutive slots. Nothing is enumerated, so an IPv6 /48 costs what a /24 costs.
 */
import { type Family, formatAddress } from './address.ts';
import type { PoolDefinition, RangeText } from './contract/messages.ts';
import { parseRangeSets, type Range, rangesToText, type resolveRangeSets } from './range.ts';

export interface PoolSpace {
  /** Slots of the pool, usable or not: the size of its smallest range set. */
  readonly slots: bigint;
  readonly blockSize: number;
  readonly blocks: bigint;
  /** Addresses (or pairs of them) that can be handed out. */
  readonly capacity: bigint;
  /** False beyond the pool's end and where an address of the slot is a gateway. */
  isUsable(block: bigint, slot: number): boolean;
  /** One for each range set: address with its subnet's prefix length, and the gateway. Throws RangeError beyond the end. */
  addresses(block: bigint, slot: number): { address: string; gateway: string }[];
}

/** @throws RangeError where `ranges` was not made by `resolveRangeSets`. */
export function poolSpace({ ranges, blockSize }: Pick<PoolDefinition, 'ranges' | 'blockSize'>): PoolSpace {
  const parsed = parseRangeSets(ranges);
  if (!parsed.ok) throw new RangeError(parsed.problem);
  return spaceOf(parsed.value, blockSize);
}

function spaceOf(sets: readonly (readonly Range[])[], blockSize: number): PoolSpace {
  const slots = smallest(sets.map(sizeOf));
  const size = BigInt(blockSize);
  const unusable = gatewayOrdinals(sets, slots);
  const ordinal = (block: bigint, slot: number) => block * size + BigInt(slot);
  return {
    slots,
    blockSize,
    blocks: (slots + size - 1n) / size,
    capacity: slots - BigInt(unusable.size),
    isUsable(block, slot) {
      const k = ordinal(block, slot);
      return block >= 0n && slot >= 0 && slot < blockSize && k < slots && !unusable.has(k);
    },
    addresses(block, slot) {
      const k = ordinal(block, slot);
      if (k >= slots)
        throw new RangeError(`slot ${slot} of block ${block.toString(16)} lies beyond the pool's ${slots} slots`);
      return sets.map((set) => {
        const { range, value } = at(set, k);
        const text = (address: bigint) => formatAddress({ family: range.family, value: address });
        return { address: `${text(value)}/${range.subnet.length}`, gateway: text(range.gateway) };
      });
    },
  };
}

/**
 * What `resolveRangeSets` makes of `sets`, if it can hand out anything: a pool that cannot would keep its name and its
 * ranges for ever without a use.
 */
export function resolvePoolRanges(sets: readonly (readonly RangeText[])[]): ReturnType<typeof resolveRangeSets> {
  const parsed = parseRangeSets(sets);
  if (!parsed.ok) return parsed;
  const ranges = rangesToText(parsed.value);
  if (spaceOf(parsed.value, 1).capacity > 0n) return { ok: true, ranges };
  const gateways = [...new Set(ranges.flat().map(({ gateway }) => gateway))].join(', ');
  return {
    ok: false,
    problem: `ranges hold no address to hand out: each of their slots has a gateway (${gateways}) in it; widen the smallest range set, or name another gateway`,
  };
}

/** A block index as it is written in keys and on the wire. */
export const blockToText = (block: bigint): string => block.toString(16);
export const blockFromText = (text: string): bigint => BigInt(`0x${text}`);

// Math.min() takes no bigint.
const smallest = (sizes: readonly bigint[]): bigint => [...sizes].sort((a, b) => (a < b ? -1 : 1))[0] ?? 0n;

const sizeOf = (set: readonly Range[]): bigint => set.reduce((sum, range) => sum + range.last - range.first + 1n, 0n);

function at(set: readonly Range[], k: bigint): { range: Range; value: bigint } {
  let rest = k;
  for (const range of set) {
    const size = range.last - range.first + 1n;
    if (rest < size) return { range, value: range.first + rest };
    rest -= size;
  }
  throw new RangeError(`ordinal ${k} lies beyond the range set`);
}

/** host-local never hands out a gateway; here no range's gateway is handed out, whichever range it lies in. */
function gatewayOrdinals(sets: readonly (readonly Range[])[], slots: bigint): ReadonlySet<bigint> {
  const gateways = sets.flat().map(({ family, gateway }) => ({ family, gateway }));
  const ordinals = sets.flatMap((set) => gateways.map(({ family, gateway }) => ordinalOf(set, family, gateway)));
  return new Set(ordinals.filter((k): k is bigint => k !== undefined && k < slots));
}

function ordinalOf(set: readonly Range[], family: Family, value: bigint): bigint | undefined {
  let before = 0n;
  for (const range of set) {
    if (range.family === family && value >= range.first && value <= range.last) return before + value - range.first;
    before += range.last - range.first + 1n;
  }
  return undefined;
}
