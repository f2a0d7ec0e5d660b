/** What operators ask: which pools there are, and what one of them is. */
import type { CountedPool, ListPoolsResult } from '../../../core/contract/list-pools.ts';
import type { PoolView } from '../../../core/contract/pool.ts';
import type { RegisteredPool } from '../../../core/pools/registry.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { freshPool } from '../known-pools.ts';
import { pageOf } from '../pages.ts';
import { entryNamed, type PoolName, storedPool } from './named-pool.ts';
import { viewOf } from './pool-view.ts';

interface Asked {
  readonly vrf: string;
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly held?: boolean;
}

/** Pools in the order of their names, so that pages fit together while others are created and deleted. */
export async function listPools(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  { vrf, cursor = '', limit, held = false }: Asked,
): Promise<ListPoolsResult> {
  const { pools } = await deps.store.pools.readRegistry(vrf);
  const sorted = pools.filter(({ name }) => name > cursor).sort((a, b) => (a.name < b.name ? -1 : 1));
  const { rows, nextCursor } = await pageOf<RegisteredPool, CountedPool>(call, {
    keys: sorted,
    read: async ({ id }) => {
      const [pool, count] = await Promise.all([
        freshPool(deps, id),
        held ? deps.store.counters.read({ pool: id }) : undefined,
      ]);
      // A recount may find late that too many were counted as released.
      return pool ? [{ ...viewOf(pool), ...(held ? { held: Math.max(0, count?.held ?? 0) } : {}) }] : [];
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
