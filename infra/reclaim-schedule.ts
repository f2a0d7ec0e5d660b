/** The clock of the reclaim function. */
import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as Target } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export class ReclaimSchedule extends Construct {
  constructor(scope: Construct, id: string, lambda: LambdaFunction) {
    super(scope, id);
    new Rule(this, 'Rule', {
      description: 'Frees the leases of nodes that were declared dead',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new Target(lambda, { event: RuleTargetInput.fromObject({ source: 'lessor.schedule' }) })],
    });
  }
}
