/** Changing a VRF's list of pools: read, decide, write if nobody wrote meanwhile, and so on until that succeeds. */

import { LessorError } from '../../../core/contract/problems.ts';
import type { Overlap, RegisteredPool, Registry } from '../../../core/pools/registry.ts';
import { type BackOff, pauseOf } from '../../../core/protocol/back-off.ts';
import type { Dependencies } from '../dependencies.ts';
import { freshPool } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';

/** Each write that fails is another's success, so that 64 at the same moment need no more than 64. */
const ATTEMPTS = 80;
/** By so much those who failed together are spread. */
const PAUSES: BackOff = { first: 20, longest: 200 };

/** What to do about the registry as it was read: `registry` is written, if there is one; then `result` is the outcome. */
export interface Decision<T> {
  readonly registry?: Registry;
  readonly result: T;
}

/** @throws LessorError service.busy, and whatever `decide` throws */
export async function changeRegistry<T>(
  { store, random }: Dependencies,
  vrf: string,
  decide: (registry: Registry) => Promise<Decision<T>>,
): Promise<T> {
  for (let repeats = 0; repeats < ATTEMPTS; repeats += 1) {
    const { registry, result } = await decide(await store.pools.readRegistry(vrf));
    if (registry === undefined || (await store.pools.writeRegistry(registry))) return result;
    await pause(random(pauseOf(PAUSES, repeats)));
  }
  throw new LessorError('service.busy', `The registry of VRF ${vrf} is being changed by many at once`, {
    remedy: 'try again',
  });
}

/** DynamoDB holds items of 400 KB; JSON is longer than what DynamoDB counts. */
const LONGEST_REGISTRY = 390_000;

/** @throws LessorError vrf.full */
export function ensureRoom(registry: Registry): Registry {
  if (JSON.stringify(registry.pools).length <= LONGEST_REGISTRY) return registry;
  throw new LessorError(
    'vrf.full',
    `VRF ${registry.vrf} has ${registry.pools.length} pools, whose list is as long as it can be`,
    { remedy: 'delete pools, or use another VRF', facts: { vrf: registry.vrf } },
  );
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** @throws LessorError pool.unknown */
export function entryNamed({ vrf, pools }: Registry, name: string): RegisteredPool {
  const entry = pools.find((pool) => pool.name === name);
  if (entry) return entry;
  const names = pools.map((other) => other.name).join(', ') || 'none';
  throw new LessorError('pool.unknown', `VRF ${vrf} has no pool ${name}; its pools are: ${names}`);
}

/** The pool as it is now. */
export async function storedPool(deps: Dependencies, { id, name }: RegisteredPool): Promise<KnownPool> {
  const pool = await freshPool(deps, id);
  if (pool) return pool;
  throw new LessorError('service.fault', `Pool ${name} (${id}) is registered but has no definition`);
}

export function overlapProblem({ pool, theirs, ours, gateway }: Overlap, name: string, vrf: string): LessorError {
  if (gateway !== undefined) {
    const remedy = 'take it out of the ranges, or give both pools the same gateway';
    return new LessorError(
      'pool.overlap',
      `One of pool ${name} and pool ${pool.name} in VRF ${vrf} would hand out ${gateway}, the gateway of the other`,
      { remedy, facts: { pool: pool.name, theirs, ours, gateway } },
    );
  }
  return new LessorError(
    'pool.overlap',
    `Range ${ours} of pool ${name} overlaps range ${theirs} of pool ${pool.name} in VRF ${vrf}`,
    { remedy: `choose other ranges, or use pool ${pool.name}`, facts: { pool: pool.name, theirs, ours } },
  );
}
