/** Finding a pool by the name that people call it. */
import { LessorError } from '../../../core/contract/problems.ts';
import type { RegisteredPool, Registry } from '../../../core/pools/registry.ts';
import type { Dependencies } from '../dependencies.ts';
import { freshPool } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';

export interface PoolName {
  readonly vrf: string;
  readonly name: string;
}

/** As many as are read in a message. */
const MOST_NAMES = 20;

/** @throws LessorError pool.unknown */
export function entryNamed({ vrf, pools }: Registry, name: string): RegisteredPool {
  const entry = pools.find((pool) => pool.name === name);
  if (entry) return entry;
  const names = pools.slice(0, MOST_NAMES).map((other) => other.name);
  const further = pools.length > MOST_NAMES ? ` and ${pools.length - MOST_NAMES} more` : '';
  throw new LessorError(
    'pool.unknown',
    `VRF ${vrf} has no pool ${name}; its pools are: ${names.join(', ') || 'none'}${further}`,
  );
}

/** The pool as it is now. */
export async function storedPool(deps: Dependencies, { id, name }: RegisteredPool): Promise<KnownPool> {
  const pool = await freshPool(deps, id);
  if (pool) return pool;
  throw new LessorError('service.fault', `Pool ${name} (${id}) is registered but has no definition`);
}

/** The pool as it is now: who asks for one may just have changed it, through another environment. @throws LessorError pool.unknown */
export async function namedPool(deps: Dependencies, vrf: string, name: string): Promise<KnownPool> {
  return storedPool(deps, entryNamed(await deps.store.pools.readRegistry(vrf), name));
}
