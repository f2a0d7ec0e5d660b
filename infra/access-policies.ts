/** Who may call: one managed policy for nodes, one for operators. */
import { Stack, Token, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { routes } from '../core/contract/routes.ts';
import type { LessorApi } from './lessor-api.ts';

export class AccessPolicies extends Construct {
  readonly nodePolicy: ManagedPolicy;
  readonly operatorPolicy: ManagedPolicy;

  /** @param nodeRoles names of existing roles, which get the node policy */
  constructor(scope: Construct, id: string, api: LessorApi, nodeRoles: readonly string[]) {
    super(scope, id);
    this.nodePolicy = new ManagedPolicy(this, 'Node', {
      description: 'Lets a node lease and release IP addresses through Lessor',
      statements: [api.invoke('node')],
      roles: nodeRoles.map((name) => Role.fromRoleName(this, `Role-${name}`, name)),
    });
    this.operatorPolicy = new ManagedPolicy(this, 'Operator', {
      description: 'Lets an operator look into Lessor, keep its pools and declare nodes dead',
      statements: [api.invoke('operator')],
    });
    const { region, account } = Stack.of(this);
    const [where, whose] = [shown(region, 'AWS::Region'), shown(account, 'AWS::AccountId')];
    for (const { method, path, caller } of Object.values(routes)) {
      const resource = path.replaceAll(/\{\w+\}/g, '*');
      if (caller !== 'operator' || resource === path) continue;
      Validations.of(this.operatorPolicy).acknowledge({
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:${where}:${whose}:${api.nameInFindings}/${method}${resource}]`,
        reason: 'The asterisk is a value in the path: an operator may ask for and change each pool and address',
      });
    }
  }
}

/** As cdk-nag's findings have it: a stack may say where it goes, or leave that open. */
const shown = (value: string, parameter: string): string => (Token.isUnresolved(value) ? `<${parameter}>` : value);
