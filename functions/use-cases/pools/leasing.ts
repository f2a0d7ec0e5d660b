/** Whether nodes may lease in a pool by themselves at present. */
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import type { KnownPool } from '../memory.ts';

/** Where leases are counted against a quota, or none is to be given, the service has to be asked. */
export function leasingOf({ definition, state }: Pick<KnownPool, 'definition' | 'state'>): PoolDefinition['leasing'] {
  const { leasing, quota, quotas } = definition;
  const isLimited = quota !== undefined || Object.keys(quotas).length > 0;
  return state === 'active' && !isLimited ? leasing : 'online';
}
