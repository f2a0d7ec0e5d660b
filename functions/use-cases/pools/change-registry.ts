/** Changing a VRF's list of pools, and why it cannot be changed. */
import { LessorError } from '../../../core/contract/problems.ts';
import type { Overlap, Registry } from '../../../core/pools/registry.ts';
import type { Dependencies } from '../dependencies.ts';
import { type Contention, done, overtaken, untilWritten } from './optimistic-write.ts';

/** Each write that fails is another's success, so that 64 at the same moment need no more than 64. */
const contention = (vrf: string): Contention => ({
  subject: `The registry of VRF ${vrf}`,
  attempts: 80,
  pauses: { first: 20, longest: 200 },
});

/** What to do about the registry as it was read: `registry` is written, if there is one; then `result` is the outcome. */
export interface Decision<T> {
  readonly registry?: Registry;
  readonly result: T;
}

/** @throws LessorError service.busy, and whatever `decide` throws */
export function changeRegistry<T>(
  deps: Dependencies,
  vrf: string,
  decide: (registry: Registry) => Promise<Decision<T>>,
): Promise<T> {
  const { pools } = deps.store;
  return untilWritten(deps, contention(vrf), async () => {
    const { registry, result } = await decide(await pools.readRegistry(vrf));
    return registry === undefined || (await pools.writeRegistry(registry)) ? done(result) : overtaken;
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
