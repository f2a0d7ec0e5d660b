/** How a new version of the functions comes to be live: a tenth of the calls first, and back again if it fails. */
import { Duration, Validations } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { LessorApi } from './lessor-api.ts';
import type { LessorFunction } from './lessor-function.ts';
import type { LessorProps } from './lessor-props.ts';
import { withRunbook } from './monitoring/runbook.ts';

type Minutes = NonNullable<LessorProps['canaryMinutes']>;

const CONFIGURATIONS = {
  5: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
  10: LambdaDeploymentConfig.CANARY_10PERCENT_10MINUTES,
  15: LambdaDeploymentConfig.CANARY_10PERCENT_15MINUTES,
  30: LambdaDeploymentConfig.CANARY_10PERCENT_30MINUTES,
} as const;

const RUNBOOK = 'new-version-failed';
const A_MINUTE = { period: Duration.minutes(1), statistic: 'Sum' };

export interface RolloutProps {
  readonly functions: readonly LessorFunction[];
  readonly api: LessorApi;
  readonly minutes: Exclude<Minutes, 0>;
}

export class Rollout extends Construct {
  constructor(scope: Construct, id: string, { functions, api, minutes }: RolloutProps) {
    super(scope, id);
    const application = new LambdaApplication(this, 'Application');
    const role = this.#role(functions);
    const failing = this.#failing(api);
    for (const lambda of functions) {
      new LambdaDeploymentGroup(this, lambda.node.id, {
        application,
        alias: lambda.live,
        deploymentConfig: CONFIGURATIONS[minutes],
        // CDK would add a managed policy, which may change every alias of the account.
        role: role.withoutPolicyUpdates(),
        alarms: [this.#broken(lambda), failing],
        autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
      });
    }
  }

  #role(functions: readonly LessorFunction[]): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('codedeploy.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['GetAlias', 'UpdateAlias', 'GetProvisionedConcurrencyConfig'].map((action) => `lambda:${action}`),
        resources: functions.flatMap(({ functionArn, live }) => [functionArn, live.functionArn]),
      }),
    );
    role.addToPolicy(new PolicyStatement({ actions: ['cloudwatch:DescribeAlarms'], resources: ['*'] }));
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'DescribeAlarms only reads, and CloudWatch knows alarms by name in it, not by ARN, where some are composite',
    });
    return role;
  }

  /**
   * A function answers whatever it can foresee: an error that Lambda counts is an exception nobody caught, a time-out, or an
   * environment that does not start. While a version is tried, a single one of its own is enough.
   */
  #broken(lambda: LessorFunction): Alarm {
    return new Alarm(this, `${lambda.node.id}Broken`, {
      alarmDescription: withRunbook(
        `${lambda.node.id} fails while a new version of it is tried, and one error is enough: the version before it is live again.`,
        RUNBOOK,
      ),
      metric: lambda.errorsOfNew,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /**
   * A new version that answers 5xx to all that it gets raises their share to a tenth. Below 50 requests a minute a lone 503,
   * which a throttled table makes, would be as much.
   */
  #failing(api: LessorApi): Alarm {
    return new Alarm(this, 'Failing', {
      alarmDescription: withRunbook(
        'More than 5 % of the answers are 5xx while a new version is tried, half of what it makes that fails at all it gets: the one before is live again.',
        RUNBOOK,
      ),
      metric: new MathExpression({
        expression: 'IF(requests >= 50, 100 * failures / requests, 0)',
        usingMetrics: { requests: api.metrics.requests(A_MINUTE), failures: api.metrics.serverErrors(A_MINUTE) },
        period: Duration.minutes(1),
        label: '5xx, in percent',
      }),
      threshold: 5,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
