/** Pools as part of a CDK app: each is a custom resource, behind which is a function with the operators' use cases. */
import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { poolInput } from '../core/contract/pool.ts';
import { parse } from '../core/contract/request-schema.ts';
import type { Lessor } from './lessor.ts';
import type { DeclaredPool } from './pool-props.ts';

/** Longer than the function may take, and far less than the hour that CloudFormation waits by itself. */
const SERVICE_TIMEOUT = Duration.minutes(20);

/** A pool, and whose it is. */
export interface LessorPoolProps extends DeclaredPool {
  /** Whose pool it is. */
  readonly lessor: Lessor;
}

/** A pool that the template declares. */
export class LessorPool extends Construct {
  /** 16 hex digits. */
  readonly poolId: string;

  /** @throws LessorError request.invalid that names the field, the value and the remedy */
  constructor(scope: Construct, id: string, { lessor, adopt = false, removalPolicy, ...pool }: LessorPoolProps) {
    super(scope, id);
    // What is wrong with it by itself; what depends on other pools, the service decides.
    parse(poolInput, pool, this.node.path, false);
    const resource = new CustomResource(this, 'Resource', {
      serviceToken: lessor.poolService(pool.vrf ?? 'default', pool.name, this.node.path),
      resourceType: 'Custom::LessorPool',
      serviceTimeout: SERVICE_TIMEOUT,
      // As one text: CloudFormation would make texts of numbers and truth values.
      properties: { Pool: Stack.of(this).toJsonString(pool), Adopt: String(adopt) },
      ...(removalPolicy === undefined ? {} : { removalPolicy }),
    });
    this.poolId = resource.getAttString('PoolId');
  }
}
