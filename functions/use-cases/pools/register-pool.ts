/** How a pool comes to be, written inline or created by an operator: its item first, then its entry in the registry. */
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import type { LessorError } from '../../../core/contract/problems.ts';
import { admit, entryOf, type Overlap, type RegisteredPool, type Registry } from '../../../core/pools/registry.ts';
import type { Dependencies } from '../dependencies.ts';
import { remember, withSpace } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { changeRegistry, type Decision, ensureRoom } from './change-registry.ts';
import { newPool } from './open-blocks.ts';
import { ensureFits } from './pool-size.ts';

export interface Registration {
  readonly pool: KnownPool;
  readonly created: boolean;
}

export interface Registering {
  /** The pool that is to be, by the registry as it is read: another name is another pool, with an id of its own. */
  readonly wanted: (registry: Registry) => PoolDefinition;
  /** What to make of a pool that has the name already; it may refuse. */
  readonly found: (pool: RegisteredPool, fits: boolean) => Promise<KnownPool>;
  readonly overlapping: (overlap: Overlap, definition: PoolDefinition) => LessorError;
}

/**
 * @param dryRun decides everything and writes nothing
 * @throws LessorError request.invalid, vrf.full, service.busy, what `found` throws and what `overlapping` makes
 */
export async function registerPool(
  deps: Dependencies,
  vrf: string,
  { wanted, found, overlapping }: Registering,
  dryRun = false,
): Promise<Registration> {
  let stored: PoolDefinition | undefined;
  const registration = await changeRegistry(deps, vrf, async (registry): Promise<Decision<Registration>> => {
    const own = stored;
    // Nobody else makes a pool of this id: it is there by an earlier write of this request, which was not answered.
    if (own !== undefined && registry.pools.some(({ id }) => id === own.id))
      return { result: { pool: withSpace(newPool(own)), created: true } };
    const definition = wanted(registry);
    ensureFits(definition);
    const state = newPool(definition);
    const admission = admit(registry, entryOf(definition, state.state));
    if (admission.kind === 'overlap') throw overlapping(admission, definition);
    if (admission.kind !== 'admitted')
      return { result: { pool: await found(admission.pool, admission.kind === 'exists'), created: false } };
    ensureRoom(deps, admission.registry);
    const result = { pool: withSpace(state), created: true };
    if (dryRun) return { result };
    // The item first: whoever finds the pool in the registry finds its item too. One that no registry names is never used.
    if (own?.id !== definition.id) await deps.store.pools.createPool(state, deps.newToken());
    stored = definition;
    return { registry: admission.registry, result };
  });
  // What is not stored must not be remembered either.
  if (registration.created && !dryRun) remember(deps, registration.pool);
  return registration;
}
