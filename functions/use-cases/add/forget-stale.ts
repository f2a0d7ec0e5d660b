/** Looking again at what this process remembers of a VRF's pools. */

import pMap from 'p-map';
import type { Dependencies } from '../dependencies.ts';
import { READS_AT_ONCE } from '../in-flight.ts';
import { freshPool, freshRegistry } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';

/**
 * Reads the list and these pools again, as far as they were remembered; true if anything of them is different. Where nothing is, they are
 * not looked at again for a second: pods that find a pool full are tried again and again.
 */
export async function forgetStale(deps: Dependencies, vrf: string, pools: ReadonlySet<string>): Promise<boolean> {
  const { unchanged } = deps.memory;
  if ([...pools].every((id) => unchanged.get(id, deps.now()))) return false;
  const old = deps.memory.pools.setBefore(deps.now()).filter(({ definition }) => pools.has(definition.id));
  deps.memory.registries.delete(vrf);
  const registry = await freshRegistry(deps, vrf);
  const hasChanged = async (pool: KnownPool): Promise<boolean> => {
    const { id, name } = pool.definition;
    const fresh = registry.get(name)?.id === id ? await freshPool(deps, id) : undefined;
    if (fresh === undefined) deps.memory.pools.delete(id);
    return fresh?.version !== pool.version || fresh.open !== pool.open;
  };
  const isOther = (await pMap(old, hasChanged, { concurrency: READS_AT_ONCE })).includes(true);
  if (!isOther) for (const id of pools) unchanged.set(id, true, deps.now());
  return isOther;
}
