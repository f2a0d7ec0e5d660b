/** Several pools were tried, and none has an address. */
import { LessorError } from '../../../core/contract/problems.ts';

/** Each pool has its reason; one that only cools makes the whole worth another try. */
export function nowhere(refusals: readonly LessorError[]): LessorError {
  const worth = refusals.find(({ code }) => code === 'pool.cooling') ?? refusals[0];
  if (worth === undefined) throw new RangeError('no pool was tried');
  if (refusals.length === 1) return worth;
  const remedies = new Set(refusals.flatMap(({ remedy }) => remedy ?? []));
  return new LessorError(worth.code, refusals.map(({ what }) => what).join('; '), {
    ...(remedies.size === 0 ? {} : { remedy: [...remedies].join('; ') }),
    facts: worth.facts,
  });
}
