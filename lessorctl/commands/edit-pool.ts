/** A change of a pool that is made of what the pool is: for the version that was read, and for no other. */
import type { ChangePoolResult, PoolPatch, PoolView } from '../../core/contract/pool.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Service } from '../api/service.ts';

/** Somebody else may have changed it meanwhile: then it is read again. */
const MOST_TRIES = 4;

interface Pool {
  readonly name: string;
  readonly vrf: string;
}

export async function editPool(
  api: Service,
  { name, vrf }: Pool,
  patchOf: (pool: PoolView) => PoolPatch,
  dryRun: boolean,
): Promise<ChangePoolResult> {
  const path = { pool: name };
  for (let tries = 1; ; tries++) {
    const pool = await api.ask('readPool', { path, query: { vrf } });
    const query = { vrf, dryRun: dryRun ? 'true' : 'false' } as const;
    try {
      return await api.ask('changePool', { path, query, ifMatch: `"${pool.version}"`, body: patchOf(pool) });
    } catch (error) {
      const wasOvertaken = error instanceof LessorError && error.code === 'pool.changed';
      if (!wasOvertaken || tries === MOST_TRIES) throw error;
    }
  }
}
