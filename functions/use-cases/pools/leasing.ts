/** Whether nodes may lease in a pool by themselves at present. */
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import type { Call } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';

/** Where leases are counted against a quota, or none is to be given here, the service has to be asked. */
export function leasingOf(
  { definition, state }: Pick<KnownPool, 'definition' | 'state'>,
  cluster: Call['cluster'],
): PoolDefinition['leasing'] {
  const { leasing, quota, quotas } = definition;
  const isLimited = quota !== undefined || Object.keys(quotas).length > 0;
  return state === 'active' && !isLimited && admits(definition, cluster) ? leasing : 'online';
}

/** Whether nodes of that cluster may lease in the pool. */
export const admits = ({ clusters }: Pick<PoolDefinition, 'clusters'>, cluster: Call['cluster']): boolean =>
  clusters.length === 0 || clusters.includes(cluster ?? '');
