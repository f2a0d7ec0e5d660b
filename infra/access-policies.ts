/** Who may call: one managed policy for nodes, one for operators. */
import { Validations } from 'aws-cdk-lib';
import { ManagedPolicy, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { LessorApi } from './http-api.ts';

export class AccessPolicies extends Construct {
  readonly nodePolicy: ManagedPolicy;
  readonly operatorPolicy: ManagedPolicy;

  /** @param instanceRoles names of existing roles, which get the node policy */
  constructor(scope: Construct, id: string, api: LessorApi, instanceRoles: readonly string[]) {
    super(scope, id);
    this.nodePolicy = new ManagedPolicy(this, 'Node', {
      description: 'Lets a node lease and release IP addresses through Lessor',
      statements: [api.invoke('node')],
      roles: instanceRoles.map((name) => Role.fromRoleName(this, `Role-${name}`, name)),
    });
    this.operatorPolicy = new ManagedPolicy(this, 'Operator', {
      description: 'Lets an operator look into Lessor and declare nodes dead',
      statements: [api.invoke('operator')],
    });
    Validations.of(this.operatorPolicy).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<HttpApi9292168F>/$default/GET/v1/pools/*/leases]',
      reason: 'The asterisk is the name of a pool in the path: an operator may look into each of them',
    });
  }
}
