/** What is said of two pools that would hand out the same addresses. */
import { LessorError } from '../contract/problems.ts';
import type { Overlap } from './registry.ts';

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
