/** Pools as part of a CDK app: each is a custom resource, behind which is a function with the operators' use cases. */
import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
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

  /** @throws LessorError request.invalid, pool.overlap: it names the field, the value and the remedy */
  constructor(scope: Construct, id: string, { lessor, adopt = false, removalPolicy, ...pool }: LessorPoolProps) {
    super(scope, id);
    lessor.poolService.declare(pool, this.node.path);
    const resource = new CustomResource(this, 'Resource', {
      serviceToken: lessor.poolService.arn(),
      resourceType: 'Custom::LessorPool',
      serviceTimeout: SERVICE_TIMEOUT,
      // As one text: CloudFormation would make texts of numbers and truth values.
      properties: { Pool: Stack.of(this).toJsonString(pool), Adopt: String(adopt) },
      ...(removalPolicy === undefined ? {} : { removalPolicy }),
    });
    this.poolId = resource.getAttString('PoolId');
  }
}
