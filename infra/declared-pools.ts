/** The pools that an app declares of one Lessor: each once, and no two of one VRF with the same addresses. */
import { Token } from 'aws-cdk-lib';
import { parseRangeSets } from '../core/addresses/range.ts';
import { unusableRange } from '../core/addresses/special-ranges.ts';
import { type PoolInput, poolInput } from '../core/contract/pool.ts';
import { LessorError } from '../core/contract/problems.ts';
import { parse } from '../core/contract/request-schema.ts';
import { overlapProblem } from '../core/pools/overlap-problem.ts';
import { resolvePoolShape } from '../core/pools/pool-shape.ts';
import { type Registry, register } from '../core/pools/registry.ts';
import type { DeclaredPool } from './pool-props.ts';

/** @throws LessorError request.invalid, pool.overlap: what the service would say, without a deployment that fails */
export type DeclarePool = (pool: Omit<DeclaredPool, 'adopt' | 'removalPolicy'>, path: string) => void;

/** The service decides once more: it knows pools that no app declares. */
export function declaredPools(): DeclarePool {
  const paths = new Map<string, string>();
  const registries = new Map<string, Registry>();
  return (given, path) => {
    const pool = parse(poolInput, given, path, false);
    const { vrf, name } = pool;
    const key = `${vrf}/${name}`;
    const other = paths.get(key);
    if (other !== undefined) {
      throw new LessorError('request.invalid', `${path} declares pool ${name} of VRF ${vrf}, and so does ${other}`, {
        remedy: 'declare it once: whichever of them is deleted would delete the pool',
      });
    }
    paths.set(key, path);
    // What CDK knows only when it deploys is not looked at.
    if (Token.isUnresolved(JSON.stringify(pool))) return;
    const registry = registries.get(vrf) ?? { vrf, version: 0, pools: [] };
    const registered = register(registry, { id: key, name, ranges: rangesOf(pool, path) });
    if (registered.kind === 'overlap') throw overlapProblem(registered, name, vrf);
    registries.set(vrf, registered.registry);
  };
}

function rangesOf(pool: PoolInput, path: string): Registry['pools'][number]['ranges'] {
  const shape = resolvePoolShape(pool);
  const parsed = shape.ok ? parseRangeSets(shape.value.ranges) : shape;
  const problem = parsed.ok ? unusableRange(parsed.value.flat()) : parsed.problem;
  if (!shape.ok || problem !== undefined) throw new LessorError('request.invalid', `${path}: ${problem}`);
  return shape.value.ranges;
}
