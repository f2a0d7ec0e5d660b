/** An operator creates a pool; the same pool again is found. */
import type { CreatePoolResult, PoolDefinition, PoolInput } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { overlapProblem } from '../../../core/pools/overlap-problem.ts';
import { resolvePoolShape } from '../../../core/pools/pool-shape.ts';
import type { Overlap, RegisteredPool } from '../../../core/pools/registry.ts';
import type { Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { canonicalText } from './canonical-text.ts';
import { storedPool } from './named-pool.ts';
import { ordinaryRanges } from './ordinary-ranges.ts';
import { valueText } from './pool-text.ts';
import { viewOf } from './pool-view.ts';
import { registerPool } from './register-pool.ts';
import { warningsOf } from './warnings.ts';

/** @throws LessorError request.invalid, pool.conflict, pool.overlap, pool.draining, vrf.full, service.busy */
export async function createPool(deps: Dependencies, input: PoolInput, dryRun: boolean): Promise<CreatePoolResult> {
  const shape = resolvePoolShape(input);
  if (!shape.ok) throw new LessorError('request.invalid', `Pool ${input.name}: ${shape.problem}`);
  const ranges = ordinaryRanges(input.name, shape.value.ranges);
  const definition = {
    ...input,
    ...shape.value,
    id: deps.newPoolId(),
    createdAt: new Date(deps.now()).toISOString(),
  };
  const { vrf, name } = definition;
  const registering = {
    wanted: () => definition,
    found: async (entry: RegisteredPool) => ensureSame(await storedPool(deps, entry), definition),
    overlapping: (overlap: Overlap) => overlapProblem(overlap, name, vrf),
  };
  const { pool, created } = await registerPool(deps, vrf, registering, dryRun);
  const effect = created
    ? `pool ${name} of VRF ${vrf} is created with a capacity of ${pool.space.capacity}`
    : `nothing changes: pool ${name} of VRF ${vrf} is there with the same definition`;
  return {
    created,
    dryRun,
    effects: [effect],
    pool: viewOf(pool),
    ...warningsOf(deps, { ranges, asked: input, definition }),
  };
}

function ensureSame(pool: KnownPool, wanted: PoolDefinition): KnownPool {
  const { name, vrf } = wanted;
  const fields = Object.keys(wanted) as (keyof PoolDefinition)[];
  const differing = fields.filter(
    (field) =>
      field !== 'id' && field !== 'createdAt' && canonicalText(pool.definition[field]) !== canonicalText(wanted[field]),
  );
  if (differing.length > 0) {
    const differences = differing.map(
      (field) => `${field} is ${valueText(pool.definition[field])}, not ${valueText(wanted[field])}`,
    );
    throw new LessorError(
      'pool.conflict',
      `Pool ${name} in VRF ${vrf} exists with another definition: its ${differences.join('; its ')}. Change it with PATCH, or choose another name`,
      { facts: { pool: name, vrf, fields: differing } },
    );
  }
  if (pool.state !== 'closing') return pool;
  throw new LessorError('pool.draining', `Pool ${name} in VRF ${vrf} is being deleted`, {
    remedy: `repeat DELETE /v1/pools/${name} until it is gone, then create it`,
    facts: { pool: name, vrf, state: pool.state },
  });
}
