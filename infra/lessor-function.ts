/** One Lambda function of Lessor, with a role and a log of its own. */
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  Architecture,
  type IFunction,
  type IVersion,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { environment } from '../core/contract/environment.ts';
import { codeOf } from './function-code.ts';
import type { BundleName } from './function-names.ts';
import type { FunctionProps } from './lessor-props.ts';
import { type LogProps, logGroup } from './log-group.ts';

export interface LessorFunctionProps extends FunctionProps {
  /** What all the deployment's names begin with. */
  readonly prefix: string;
  readonly logs: LogProps;
  readonly tracing: boolean;
  /** 10 s if left out. */
  readonly timeout?: Duration;
}

const LIVE = 'live';

/** Of a function that was once called otherwise: another logical id would be another log, and the old one nobody's. */
const FIRST_CALLED: Partial<Record<BundleName, string>> = { changes: 'count' };

const UNTRACED = {
  id: 'Serverless-LambdaTracing',
  reason: 'Tracing needs a right on every resource; the request id is in the access log, the log and the answer',
};
const TRACED = {
  id: 'AwsSolutions-IAM5[Resource::*]',
  reason: 'X-Ray has no resources to which sending traces could be limited; the deployment asked for tracing',
};

export class LessorFunction extends LambdaFunction {
  /** What everybody calls: the version that is live, and for a while the next one beside it. */
  readonly live: Alias & IFunction;

  /** @param name its folder under functions/; the function is called `<prefix>-<name>` */
  constructor(scope: Construct, name: BundleName, props: LessorFunctionProps) {
    const {
      prefix,
      logs,
      tracing,
      memoryMb = 1024,
      reservedConcurrency,
      provisionedConcurrency,
      timeout = Duration.seconds(10),
    } = props;
    const called = FIRST_CALLED[name] ?? name;
    const id = `${called.charAt(0).toUpperCase()}${called.slice(1)}`;
    const log = logGroup(scope, `${id}Log`, logs);
    // A role of our own: the one CDK makes may write to every log group of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    log.grantWrite(role);
    super(scope, id, {
      functionName: `${prefix}-${name}`,
      code: codeOf(name),
      handler: 'index.handler',
      role,
      logGroup: log,
      loggingFormat: LoggingFormat.JSON,
      // Two lines of Lambda's own for each invocation cost as much as the writes of a lease do by half; failures are told.
      systemLogLevelV2: SystemLogLevel.WARN,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: memoryMb,
      timeout,
      ...(tracing ? { tracing: Tracing.ACTIVE } : {}),
      environment: { [environment.deployment]: prefix },
      ...(reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: reservedConcurrency }),
      // The version before stays, to go back to at once.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    });
    // CDK's classes and interfaces differ in what may be undefined.
    this.live = new Alias(this, 'Live', {
      aliasName: LIVE,
      version: this.currentVersion as IVersion,
      ...(provisionedConcurrency === undefined ? {} : { provisionedConcurrentExecutions: provisionedConcurrency }),
    }) as Alias & IFunction;
    this.#acknowledge(tracing);
    if (tracing) Validations.of(role).acknowledge(TRACED);
  }

  /** Errors of the version that is being deployed, where the alias leads to it and to the one before. */
  get errorsOfNew(): Metric {
    return this.metricErrors({
      period: Duration.minutes(1),
      statistic: 'Sum',
      dimensionsMap: {
        FunctionName: this.functionName,
        Resource: `${this.functionName}:${LIVE}`,
        ExecutedVersion: this.currentVersion.version,
      },
    });
  }

  #acknowledge(tracing: boolean): void {
    Validations.of(this).acknowledge(
      {
        id: 'Serverless-LambdaDLQ',
        reason:
          'The API waits for its answer, and what a lost event of the schedule would have done, the next one does',
      },
      ...(tracing ? [] : [UNTRACED]),
    );
  }
}
