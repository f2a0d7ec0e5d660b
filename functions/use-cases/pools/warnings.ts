/** What an operator does to a pool and seldom means: a sentence each. */
import type { Range } from '../../../core/addresses/range.ts';
import { doubtfulRanges } from '../../../core/addresses/special-ranges.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import type { Dependencies } from '../dependencies.ts';

/** With this, quotas are as strict as they can be (docs/quotas.md). */
const STRICT_SECONDS = 1;

/** What is asked for, and the pool as it will be. */
interface Added {
  /** That come to be the pool's. */
  readonly ranges: readonly Range[];
  readonly asked: { readonly [field in LimitingField]?: unknown };
  readonly definition: PoolDefinition;
}
type LimitingField = 'quota' | 'quotas' | 'stickySeconds' | 'identitySeconds' | 'namespaces';

export function warningsOf(
  { settings: { countWithinSeconds } }: Pick<Dependencies, 'settings'>,
  { ranges, asked, definition }: Added,
): { warnings?: string[] } {
  const { quota, quotas, stickySeconds, identitySeconds, namespaces } = definition;
  const warnings = doubtfulRanges(ranges);
  const hasQuota = quota !== undefined || Object.keys(quotas).length > 0;
  const isOfQuota = asked.quota !== undefined || asked.quotas !== undefined;
  if (hasQuota && isOfQuota && countWithinSeconds > STRICT_SECONDS)
    warnings.push(
      `quota: leases are counted within ${countWithinSeconds} s here, and a namespace may exceed its quota by what it is granted meanwhile; where that matters, deploy with countWithinSeconds: ${STRICT_SECONDS}`,
    );
  const keptSeconds = Math.max(stickySeconds, identitySeconds);
  const isOfKeeping = asked.stickySeconds !== undefined || asked.identitySeconds !== undefined;
  if (
    hasQuota &&
    keptSeconds > 0 &&
    namespaces.length !== 1 &&
    (isOfQuota || isOfKeeping || asked.namespaces !== undefined)
  )
    warnings.push(
      `quota: it counts what is held, and released addresses are kept for up to ${keptSeconds} s here: so a namespace may keep all of them from others by pods that are gone; where namespaces do not trust each other, give each a pool of its own`,
    );
  return warnings.length === 0 ? {} : { warnings };
}
