/** What an operator does to a pool and seldom means: a sentence each. */
import type { Range } from '../../../core/addresses/range.ts';
import { doubtfulRanges } from '../../../core/addresses/special-ranges.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import type { Dependencies } from '../dependencies.ts';

/** With this, quotas are as strict as they can be (docs/quotas.md). */
const STRICT_SECONDS = 1;

/** What is new: ranges that come to be the pool's, and limits of namespaces. */
interface Added {
  readonly ranges: readonly Range[];
  readonly quota: PoolDefinition['quota'] | null;
  readonly quotas: PoolDefinition['quotas'] | undefined;
}

export function warningsOf(
  { settings: { countWithinSeconds } }: Pick<Dependencies, 'settings'>,
  { ranges, quota, quotas = {} }: Added,
): { warnings?: string[] } {
  const warnings = doubtfulRanges(ranges);
  const hasQuota = typeof quota === 'number' || Object.keys(quotas).length > 0;
  if (hasQuota && countWithinSeconds > STRICT_SECONDS)
    warnings.push(
      `quota: leases are counted within ${countWithinSeconds} s here, and a namespace may exceed its quota by what it is granted meanwhile; where that matters, deploy with countWithinSeconds: ${STRICT_SECONDS}`,
    );
  return warnings.length === 0 ? {} : { warnings };
}
