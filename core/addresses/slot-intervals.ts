/** Slots of a pool one after the other, by their ordinals: what is unusable is counted and found without a list of it. */

/** Both ends are inclusive. */
export interface Interval {
  readonly from: bigint;
  readonly to: bigint;
}

/** The slots that are in both: one interval, or none. */
export function intersection(a: Interval, b: Interval): Interval[] {
  const from = greater(a.from, b.from);
  const to = smaller(a.to, b.to);
  return from <= to ? [{ from, to }] : [];
}

// Math.max() takes no bigint.
export function greater(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

export const smaller = (a: bigint, b: bigint): bigint => -greater(-a, -b);

/** The same slots as intervals in ascending order that neither overlap nor touch. */
export function covering(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const next of [...intervals].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))) {
    const last = merged.at(-1);
    if (last === undefined || next.from > last.to + 1n) merged.push(next);
    else if (next.to > last.to) merged[merged.length - 1] = { from: last.from, to: next.to };
  }
  return merged;
}

/** @param intervals as `covering` makes them */
export function covers(intervals: readonly Interval[], k: bigint): boolean {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle]?.to ?? k) < k) low = middle + 1;
    else high = middle;
  }
  const found = intervals[low];
  return found !== undefined && found.from <= k;
}

/** Of each block the first `head` slots and the last `tail` are set aside. */
export interface BlockLayout {
  readonly blockSize: number;
  readonly head: number;
  readonly tail: number;
}

/** Slots of the interval that are not set aside. */
export function sizeWithin(layout: BlockLayout, { from, to }: Interval): bigint {
  return countBelow(layout, to + 1n) - countBelow(layout, from);
}

function countBelow({ blockSize, head, tail }: BlockLayout, k: bigint): bigint {
  const size = BigInt(blockSize);
  const each = Math.max(0, blockSize - head - tail);
  const inLast = Math.min(each, Math.max(0, Number(k % size) - head));
  return (k / size) * BigInt(each) + BigInt(inLast);
}

/** What of the interval is in none of `intervals`, which are as `covering` makes them. */
export function difference({ from, to }: Interval, intervals: readonly Interval[]): Interval[] {
  const left: Interval[] = [];
  let next = from;
  for (const one of intervals) {
    if (one.to < next) continue;
    if (one.from > to) break;
    if (one.from > next) left.push({ from: next, to: one.from - 1n });
    next = one.to + 1n;
  }
  if (next <= to) left.push({ from: next, to });
  return left;
}
