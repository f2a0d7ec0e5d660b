/** Which blocks of a pool have a slot that can be handed out, by arithmetic: a block that is wholly excluded is never looked into. */
import {
  type BlockLayout,
  covering,
  difference,
  greater,
  type Interval,
  intersection,
  sizeWithin,
} from '../addresses/slot-intervals.ts';
import { total } from './range-set-slots.ts';

/** Blocks in ascending order, numbered from 0. It costs what its intervals cost, however many blocks there are. */
export interface BlockSet {
  readonly size: bigint;
  /** Both ends are inclusive. */
  readonly intervals: readonly Interval[];
  /** How many of them lie below `end`: the number of the first one from there on. */
  countBelow(end: bigint): bigint;
  /** @throws RangeError where there is none of that number */
  at(number: bigint): bigint;
}

/** @param intervals ascending, without overlaps */
export function blockSet(intervals: readonly Interval[]): BlockSet {
  const before = [0n];
  for (const { from, to } of intervals) before.push((before.at(-1) ?? 0n) + to - from + 1n);
  const size = before.at(-1) ?? 0n;
  return {
    size,
    intervals,
    countBelow(end) {
      const index = firstFrom(intervals.length, (one) => (intervals[one]?.to ?? end) >= end);
      const inside = intervals[index];
      return (before[index] ?? size) + (inside !== undefined && inside.from < end ? end - inside.from : 0n);
    },
    at(number) {
      const index = firstFrom(intervals.length, (one) => (before[one + 1] ?? size) > number);
      const found = intervals[index];
      if (found === undefined || number < 0n)
        throw new RangeError(`there are ${size} blocks, and none of number ${number}`);
      return found.from + number - (before[index] ?? 0n);
    },
  };
}

/** The blocks of `set` that lie below `end`. */
export const blocksBelow = (set: BlockSet, end: bigint): BlockSet =>
  end <= 0n ? blockSet([]) : blockSet(set.intervals.flatMap((one) => intersection(one, { from: 0n, to: end - 1n })));

/** The most blocks in a row that are not in the set, but have blocks of it, or of what is open, on either side. */
export function widestGap(set: BlockSet, open: readonly Interval[] = []): bigint {
  const all = covering([...set.intervals, ...open]);
  const gaps = all.slice(1).map(({ from }, index) => from - (all[index]?.to ?? from) - 1n);
  return gaps.reduce(greater, 0n);
}

/**
 * The blocks that are not wholly unusable: what of a block is not set aside is one stretch of slots, so one interval covers it
 * or nothing does.
 * @param unusable as `covering` makes them
 */
export function blocksBeside(layout: BlockLayout, slots: bigint, unusable: readonly Interval[]): BlockSet {
  const [size, head, tail] = [layout.blockSize, layout.head, layout.tail].map(BigInt) as [bigint, bigint, bigint];
  const last = (slots - 1n) / size;
  const covered = unusable.flatMap(({ from, to }) => {
    const first = from <= head ? 0n : (from - head + size - 1n) / size;
    const end = to >= slots - 1n ? last : (to + tail + 1n) / size - 1n;
    return first <= end ? [{ from: first, to: end }] : [];
  });
  return blockSet(difference({ from: 0n, to: last }, covered));
}

/** How many slots of the block are neither set aside nor unusable. @param unusable as `covering` makes them */
export function usableSlotsIn(
  layout: BlockLayout,
  slots: bigint,
  unusable: readonly Interval[],
  block: bigint,
): number {
  const size = BigInt(layout.blockSize);
  const [whole] = intersection({ from: block * size, to: (block + 1n) * size - 1n }, { from: 0n, to: slots - 1n });
  if (whole === undefined) return 0;
  const left = difference(
    whole,
    unusable.slice(firstFrom(unusable.length, (one) => (unusable[one]?.to ?? 0n) >= whole.from)),
  );
  return Number(total(left.map((one) => sizeWithin(layout, one))));
}

/** The first index from 0 up to `count` of which `holds` is true, as it is of all that follow. */
function firstFrom(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
