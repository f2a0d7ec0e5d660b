/** A pool as spans of addresses: where it lies, what of it is never handed out, what is kept for some. */
import type { PoolView } from '../../../core/contract/pool.ts';
import { type AddressSpan, addressOf, spanOf } from './numbers.ts';

/** A range: so many slots of the pool come before it in its set. */
export interface MappedRange extends AddressSpan {
  readonly set: number;
  readonly offset: bigint;
}

export interface Mark extends AddressSpan {
  readonly kind: 'excluded' | 'reserved';
  readonly why: string;
}

export interface MappedPool {
  readonly pool: PoolView;
  readonly ranges: readonly MappedRange[];
  readonly marks: readonly Mark[];
}

const one = (text: string): AddressSpan | undefined => spanOf(text);

export function poolSpaceOf(pool: PoolView): MappedPool {
  const ranges: MappedRange[] = [];
  const marks: Mark[] = [];
  const mark = (kind: Mark['kind'], why: string, text: string) => {
    const span = one(text);
    if (span !== undefined) marks.push({ ...span, kind, why });
  };
  pool.ranges.forEach((set, index) => {
    let offset = 0n;
    for (const { rangeStart, rangeEnd, subnet, gateway } of set) {
      const [first, last, net] = [addressOf(rangeStart), addressOf(rangeEnd), spanOf(subnet)];
      if (first === undefined || last === undefined || net === undefined) continue;
      ranges.push({ set: index, family: first.family, first: first.value, last: last.value, offset });
      offset += last.value - first.value + 1n;
      if (pool.gateway === 'pool') {
        if (net.family === 4 && net.last - net.first > 1n)
          for (const end of [net.first, net.last])
            marks.push({ family: net.family, first: end, last: end, kind: 'excluded', why: 'network or broadcast' });
        mark('excluded', 'gateway', gateway);
      }
    }
  });
  for (const text of pool.exclude) mark('excluded', 'excluded', text);
  for (const { name, addresses } of pool.reservations) for (const text of addresses) mark('reserved', name, text);
  return { pool, ranges, marks };
}

/** The block in which an address lies, or undefined where the pool has it not. */
export function blockOf({ pool, ranges }: MappedPool, family: 4 | 6, value: bigint): bigint | undefined {
  const range = ranges.find((each) => each.family === family && each.first <= value && value <= each.last);
  return range && (range.offset + value - range.first) / BigInt(pool.blockSize);
}

/** The addresses of a block, of the first range that has it; undefined beyond the end. */
export function spanOfBlock({ pool, ranges }: MappedPool, block: bigint, family: 4 | 6): AddressSpan | undefined {
  const [from, size] = [block * BigInt(pool.blockSize), BigInt(pool.blockSize)];
  const range = ranges.find(
    (each) => each.family === family && each.offset <= from && from <= each.offset + each.last - each.first,
  );
  if (range === undefined) return undefined;
  const first = range.first + from - range.offset;
  const end = first + size - 1n;
  return { family, first, last: end < range.last ? end : range.last };
}
