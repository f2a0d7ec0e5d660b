/** How a pool comes to be, written inline or created by an operator: its item first, then its entry in the registry. */
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { admit, type RegisteredPool } from '../../../core/pools/registry.ts';
import type { PoolState } from '../../../core/store.ts';
import type { Dependencies } from '../dependencies.ts';
import { remember, withSpace } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { changeRegistry, ensureRoom, overlapProblem } from './change-registry.ts';
import { newPool } from './open-blocks.ts';
import { ensureFits } from './pool-size.ts';

export interface Registration {
  readonly pool: KnownPool;
  readonly created: boolean;
}

/**
 * @param found what to make of a pool that has the name already; it may refuse
 * @param dryRun decides everything and writes nothing
 * @throws LessorError request.invalid, pool.overlap, vrf.full, service.busy, and what `found` throws
 */
export async function registerPool(
  deps: Dependencies,
  definition: PoolDefinition,
  found: (pool: RegisteredPool, fits: boolean) => Promise<KnownPool>,
  dryRun = false,
): Promise<Registration> {
  ensureFits(definition);
  const { id, name, vrf, ranges } = definition;
  const state = newPool(definition);
  let stored = dryRun;
  const result = await changeRegistry<KnownPool | PoolState>(deps, vrf, async (registry) => {
    const admission = admit(registry, { id, name, ranges });
    if (admission.kind === 'overlap') throw overlapProblem(admission, name, vrf);
    if (admission.kind !== 'admitted') return { result: await found(admission.pool, admission.kind === 'exists') };
    const grown = ensureRoom(admission.registry);
    // The item first: whoever finds the pool in the registry finds its item too. One that no registry names is never used.
    if (!stored) stored = await deps.store.pools.createPool(state);
    return dryRun ? { result: state } : { registry: grown, result: state };
  });
  if ('space' in result) return { pool: result, created: false };
  // What is not stored must not be remembered either.
  return { pool: dryRun ? withSpace(result) : remember(deps, result), created: true };
}
