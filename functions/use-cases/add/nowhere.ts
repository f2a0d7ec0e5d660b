/** Several pools were tried, and none has an address. */
import { LessorError } from '../../../core/contract/problems.ts';

/** Of several pools each has its reason; they are read in a pod's events. */
const MOST_REASONS = 5;

export function firstReasons(reasons: readonly string[]): string {
  const further = reasons.length - MOST_REASONS;
  return [...reasons.slice(0, MOST_REASONS), ...(further > 0 ? [`${further} more pools`] : [])].join('; ');
}

/** Each pool has its reason; one that only cools makes the whole worth another try. */
export function nowhere(refusals: readonly LessorError[]): LessorError {
  const worth = refusals.find(({ code }) => code === 'pool.cooling') ?? refusals[0];
  if (worth === undefined) throw new RangeError('no pool was tried');
  if (refusals.length === 1) return worth;
  const remedies = new Set(refusals.flatMap(({ remedy }) => remedy ?? []));
  return new LessorError(worth.code, firstReasons(refusals.map(({ what }) => what)), {
    ...(remedies.size === 0 ? {} : { remedy: [...remedies].slice(0, MOST_REASONS).join('; ') }),
    facts: worth.facts,
  });
}
