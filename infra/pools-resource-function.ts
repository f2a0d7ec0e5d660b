/** The function behind pools that templates declare. It has the rights of the operators' one, and no other. */
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { LessorError } from '../core/contract/problems.ts';
import { DEFINE_POOLS } from './function-names.ts';
import { LessorFunction, type LessorFunctionProps } from './lessor-function.ts';
import type { StoreTable } from './store-table.ts';

/** A pool's VRF, its name, and the path of the construct that declares it. */
export type PoolService = (vrf: string, name: string, path: string) => string;

/**
 * Made with the first pool that is declared.
 * @returns the ARN to which CloudFormation sends what it asks of a pool; it throws LessorError where the pool is declared twice
 */
export function poolService(
  scope: Construct,
  props: LessorFunctionProps,
  { pools, leases }: { readonly pools: StoreTable; readonly leases: StoreTable },
): PoolService {
  const declared = new Map<string, string>();
  let made: LessorFunction | undefined;
  const make = () => {
    // The longest that Lambda gives: a large pool is deleted in one go.
    const lambda = new LessorFunction(scope, DEFINE_POOLS, { ...props, timeout: Duration.minutes(15) });
    pools.grant(lambda, 'GetItem', 'Query', 'PutItem', 'UpdateItem');
    leases.grant(lambda, 'Query', 'UpdateItem');
    return lambda;
  };
  return (vrf, name, path) => {
    const other = declared.get(`${vrf}/${name}`);
    if (other !== undefined) {
      throw new LessorError('request.invalid', `${path} declares pool ${name} of VRF ${vrf}, and so does ${other}`, {
        remedy: 'declare it once: whichever of them is deleted would delete the pool',
      });
    }
    declared.set(`${vrf}/${name}`, path);
    made ??= make();
    return made.functionArn;
  };
}
