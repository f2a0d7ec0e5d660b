/** What operators see of a pool, and the version that they want it to have. */
import type { PoolView } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { KnownPool } from '../memory.ts';
import type { PoolName } from './named-pool.ts';
import { openCount } from './open-blocks.ts';

/** Which pool is to be changed, and under which condition. */
export interface PoolChange extends PoolName {
  /** The version that the change was decided on; undefined: whichever there is. */
  readonly ifMatch: number | undefined;
  /** Decides everything and writes nothing. */
  readonly dryRun: boolean;
}

export function viewOf(pool: KnownPool): PoolView {
  const { definition, state, version, space } = pool;
  return { ...definition, state, capacity: String(space.capacity), openBlocks: String(openCount(pool)), version };
}

/** @throws LessorError pool.changed */
export function ensureVersion({ definition, version }: KnownPool, wanted: readonly (number | undefined)[]): void {
  if (wanted.includes(undefined) || wanted.includes(version)) return;
  const { name, vrf } = definition;
  throw new LessorError(
    'pool.changed',
    `Pool ${name} in VRF ${vrf} has version ${version}, the request is for version ${wanted[0]}`,
    { remedy: 'read the pool again and decide anew', facts: { pool: name, vrf, version, ifMatch: wanted[0] ?? 0 } },
  );
}
