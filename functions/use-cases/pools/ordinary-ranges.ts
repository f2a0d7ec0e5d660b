/** Ranges that come to be a pool's: not such as no pod can have, and said where somebody has to have a reason for them. */
import { parseRangeSets, type Range } from '../../../core/addresses/range.ts';
import { unusableRange } from '../../../core/addresses/special-ranges.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';

/**
 * What is new of `ranges`. A pool that has unusable ones already can still be changed, drained and deleted.
 * @param before the ranges that the pool has, which `ranges` begin with
 * @throws LessorError request.invalid
 */
export function ordinaryRanges(
  pool: string,
  ranges: PoolDefinition['ranges'],
  before: PoolDefinition['ranges'] = [],
): Range[] {
  const parsed = parseRangeSets(ranges);
  if (!parsed.ok) throw new LessorError('request.invalid', `Pool ${pool}: ${parsed.problem}`);
  const added = parsed.value.flatMap((set, index) => set.slice(before[index]?.length ?? 0));
  const problem = unusableRange(added);
  if (problem !== undefined) throw new LessorError('request.invalid', `Pool ${pool}: ${problem}`);
  return added;
}
