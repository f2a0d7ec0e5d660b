/** What operators ask: which pools there are, and what one of them is. */
import type { ListPoolsResult, PoolView } from '../../../core/contract/pool.ts';
import type { RegisteredPool } from '../../../core/pools/registry.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { freshPool } from '../known-pools.ts';
import { pageOf } from '../pages.ts';
import { entryNamed, type PoolName, storedPool } from './named-pool.ts';
import { viewOf } from './pool-view.ts';

/** Pools in the order of their names, so that pages fit together while others are created and deleted. */
export async function listPools(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  { vrf, cursor = '', limit }: { vrf: string; cursor?: string | undefined; limit: number },
): Promise<ListPoolsResult> {
  const { pools } = await deps.store.pools.readRegistry(vrf);
  const sorted = pools.filter(({ name }) => name > cursor).sort((a, b) => (a.name < b.name ? -1 : 1));
  const { rows, nextCursor } = await pageOf<RegisteredPool, PoolView>(call, {
    keys: sorted,
    read: async ({ id }) => {
      const pool = await freshPool(deps, id);
      return pool ? [viewOf(pool)] : [];
    },
    after: ({ name }) => name,
    keysAPage: limit,
  });
  return { pools: [...rows], ...(nextCursor === undefined ? {} : { nextCursor }) };
}

/** @throws LessorError pool.unknown */
export async function readPoolNamed(deps: Dependencies, { vrf, name }: PoolName): Promise<PoolView> {
  const registry = await deps.store.pools.readRegistry(vrf);
  return viewOf(await storedPool(deps, entryNamed(registry, name)));
}
