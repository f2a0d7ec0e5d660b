/** A pool as an operator would write it, so that it is the same pool. */
import type { PoolView, RangeText } from '../../core/contract/pool.ts';

/** Where each block has a gateway, a range has nothing but its subnet. */
export const writtenRanges = ({ ranges, gateway }: PoolView): RangeText[][] =>
  ranges.map((set) => set.map((range) => (gateway === 'block' ? { subnet: range.subnet } : { ...range })));
