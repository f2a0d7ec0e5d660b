/** Which slots the addresses of a range set are: slot k is the k-th address of the set, its ranges one after the other. */
import { bits, type Family } from '../addresses/address.ts';
import type { Range, Span } from '../addresses/range.ts';
import { type Interval, intersection } from '../addresses/slot-intervals.ts';

export const total = (sizes: readonly bigint[]): bigint => sizes.reduce((sum, size) => sum + size, 0n);

/** Addresses of the set. */
export const sizeOf = (set: readonly Range[]): bigint => total(set.map(({ first, last }) => last - first + 1n));

/** The prefix length of a block that is a subnet. */
export const blockLength = (family: Family, blockSize: number): number => bits(family) - Math.log2(blockSize);

/** @throws RangeError beyond the set's end */
export function addressAt(set: readonly Range[], k: bigint): { range: Range; value: bigint } {
  let rest = k;
  for (const range of set) {
    const size = sizeOf([range]);
    if (rest < size) return { range, value: range.first + rest };
    rest -= size;
  }
  throw new RangeError(`ordinal ${k} lies beyond the range set`);
}

/** The slots whose address of this set lies in the span. */
export function slotsOf(set: readonly Range[], { family, first, last }: Span): Interval[] {
  let before = 0n;
  return set.flatMap((range) => {
    const shift = before - range.first;
    const own = { from: before, to: before + sizeOf([range]) - 1n };
    before = own.to + 1n;
    if (range.family !== family) return [];
    return intersection({ from: first + shift, to: last + shift }, own);
  });
}

/** The addresses of the slots. */
export function spansOf(set: readonly Range[], slots: Interval): Span[] {
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
