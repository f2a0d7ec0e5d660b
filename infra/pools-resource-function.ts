/** The function behind pools that templates declare. It has the rights of the operators' one, and no other. */
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { CountWindow } from './count-window.ts';
import { type DeclarePool, declaredPools } from './declared-pools.ts';
import { DEFINE_POOLS } from './function-names.ts';
import { LessorFunction, type LessorFunctionProps } from './lessor-function.ts';
import type { StoreTable } from './store-table.ts';

export interface PoolService {
  readonly declare: DeclarePool;
  /** The ARN to which CloudFormation sends what it asks of a pool. The function is made with the first pool. */
  arn(): string;
}

export function poolService(
  scope: Construct,
  props: LessorFunctionProps,
  { pools, leases, history }: Readonly<Record<'pools' | 'leases' | 'history', StoreTable>>,
  window: CountWindow,
): PoolService {
  let made: LessorFunction | undefined;
  const make = () => {
    // The longest that Lambda gives: a large pool is deleted in one go.
    const lambda = new LessorFunction(scope, DEFINE_POOLS, { ...props, timeout: Duration.minutes(15) });
    pools.grant(lambda, 'GetItem', 'Query', 'PutItem', 'UpdateItem');
    leases.grant(lambda, 'Query', 'UpdateItem');
    history.grant(lambda, 'PutItem');
    return lambda;
  };
  const declare = declaredPools();
  return {
    declare: (pool, path) => {
      declare(pool, path);
      window.note(pool);
    },
    arn: () => {
      made ??= make();
      return made.functionArn;
    },
  };
}
