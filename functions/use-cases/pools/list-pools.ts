/** What operators ask: which pools there are, and what one of them is. */
import pMap from 'p-map';
import type { ListPoolsResult, PoolView } from '../../../core/contract/pool.ts';
import type { Dependencies } from '../dependencies.ts';
import { READS_AT_ONCE } from '../in-flight.ts';
import { freshPool } from '../known-pools.ts';
import { entryNamed, type PoolName, storedPool } from './named-pool.ts';
import { viewOf } from './pool-view.ts';

/** Pools in the order of their names, so that pages fit together while others are created and deleted. */
export async function listPools(
  deps: Dependencies,
  { vrf, cursor = '', limit }: { vrf: string; cursor?: string | undefined; limit: number },
): Promise<ListPoolsResult> {
  const { pools } = await deps.store.pools.readRegistry(vrf);
  const sorted = pools.filter(({ name }) => name > cursor).sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = sorted.slice(0, limit);
  const found = await pMap(page, ({ id }) => freshPool(deps, id), { concurrency: READS_AT_ONCE });
  const last = page.at(-1);
  return {
    pools: found.flatMap((pool) => (pool ? [viewOf(pool)] : [])),
    ...(last !== undefined && sorted.length > limit ? { nextCursor: last.name } : {}),
  };
}

/** @throws LessorError pool.unknown */
export async function readPoolNamed(deps: Dependencies, { vrf, name }: PoolName): Promise<PoolView> {
  const registry = await deps.store.pools.readRegistry(vrf);
  return viewOf(await storedPool(deps, entryNamed(registry, name)));
}
