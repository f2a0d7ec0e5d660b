/** The clock of the reclaim function. */
import { Duration, Validations } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as Target } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export class ReclaimSchedule extends Construct {
  constructor(scope: Construct, id: string, lambda: IFunction) {
    super(scope, id);
    new Rule(this, 'Rule', {
      description: 'Frees the leases of nodes that were declared dead',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new Target(lambda, { event: RuleTargetInput.fromObject({ source: 'lessor.schedule' }) })],
    });
    Validations.of(this).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason: 'An event that is not delivered is made up for by the next one, five minutes later',
    });
  }
}
