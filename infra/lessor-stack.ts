/** The stack of the ready-made app: one Lessor, and what whoever deployed it needs to know. */
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { LessorError } from '../core/contract/problems.ts';
import { Lessor } from './lessor.ts';
import { LessorPool } from './pools-resource.ts';
import type { StackSettings } from './settings.ts';

export class LessorStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { env, terminationProtection = true, pools = [], ...props }: StackSettings,
  ) {
    super(scope, id, {
      description: 'Lessor: IP address management for Kubernetes pods',
      terminationProtection,
      ...(env === undefined ? {} : { env }),
    });
    // CDK leaves this id out of logical ids: they are those of the stack that had no construct in between.
    const lessor = new Lessor(this, 'Default', props);
    for (const pool of pools) {
      const id = `Pool ${pool.vrf ?? 'default'} ${pool.name}`;
      if (this.node.tryFindChild(id) !== undefined) {
        throw new LessorError(
          'request.invalid',
          `${this.node.path}: pools has ${pool.name} of VRF ${pool.vrf ?? 'default'} twice`,
          {
            remedy: 'declare it once',
          },
        );
      }
      new LessorPool(this, id, { lessor, ...pool });
    }
    new CfnOutput(this, 'ApiEndpoint', { value: lessor.endpoint });
    for (const [name, value] of Object.entries(lessor.restoreOutputs)) new CfnOutput(this, name, { value });
    new CfnOutput(this, 'NodePolicyArn', { value: lessor.nodePolicy.managedPolicyArn });
    new CfnOutput(this, 'OperatorPolicyArn', { value: lessor.operatorPolicy.managedPolicyArn });
    const { bus } = lessor.evidence ?? {};
    if (bus) new CfnOutput(this, 'EvidenceBusArn', { value: bus.eventBusArn });
    if (lessor.events) new CfnOutput(this, 'EventBusArn', { value: lessor.events.bus.eventBusArn });
  }
}
