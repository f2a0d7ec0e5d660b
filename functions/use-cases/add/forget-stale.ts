/** Looking again at what this process remembers of a VRF's pools. */

import pMap from 'p-map';
import type { Dependencies } from '../dependencies.ts';
import { READS_AT_ONCE } from '../in-flight.ts';
import { freshPool, readRegistry } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';

/** Reads all of it again; true if anything of it is different. */
export async function forgetStale(deps: Dependencies, vrf: string): Promise<boolean> {
  const old = deps.memory.pools.setBefore(deps.now()).filter(({ definition }) => definition.vrf === vrf);
  deps.memory.registries.delete(vrf);
  const registered = new Set((await readRegistry(deps, vrf)).pools.map(({ id }) => id));
  const hasChanged = async (pool: KnownPool): Promise<boolean> => {
    const { id } = pool.definition;
    const fresh = registered.has(id) ? await freshPool(deps, id) : undefined;
    if (fresh === undefined) deps.memory.pools.delete(id);
    return fresh?.version !== pool.version || fresh.open !== pool.open;
  };
  return (await pMap(old, hasChanged, { concurrency: READS_AT_ONCE })).includes(true);
}
