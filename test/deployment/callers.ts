/** Who calls the deployed API: sessions of roles, as STS gives them, and the one who deploys. */
import type { AccessKeys } from '../../local/aws/identities.ts';
import type { Aws } from './aws.ts';
import type { Ministack } from './ministack.ts';

export const NODE_ROLE = 'lessor-node';
const OPERATOR_ROLE = 'network-operators';
const STRANGER_ROLE = 'strangers';

/** The roles that are there before anything is deployed. The test assumes them itself: no instance metadata is here. */
export async function makeRoles(aws: Aws, { account }: Ministack): Promise<void> {
  const principal = { Service: 'ec2.amazonaws.com', AWS: `arn:aws:iam::${account}:root` };
  const statement = { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  for (const RoleName of [NODE_ROLE, OPERATOR_ROLE, STRANGER_ROLE])
    await aws.ask('iam', 'CreateRole', { RoleName, AssumeRolePolicyDocument });
}

/** A user who has one right: to assume the roles that `cdk bootstrap` makes. */
export async function makeDeployer(aws: Aws, { account }: Ministack): Promise<AccessKeys> {
  const UserName = 'deployer';
  const statement = { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: `arn:aws:iam::${account}:role/cdk-*` };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await aws.ask('iam', 'CreateUser', { UserName });
  await aws.ask('iam', 'PutUserPolicy', { UserName, PolicyName: 'deploy', PolicyDocument });
  const { AccessKey } = await aws.ask('iam', 'CreateAccessKey', { UserName });
  return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
}

export interface Caller extends AccessKeys {
  /** The session's. */
  readonly name: string;
}

export interface Callers {
  readonly node: Caller;
  readonly operator: Caller;
  /** Whose role has no policy at all. */
  readonly stranger: Caller;
}

/** The instance that the node is, as EC2 has it. */
export async function runInstance(aws: Aws): Promise<string> {
  const asked = { ImageId: 'ami-0123456789abcdef0', InstanceType: 't4g.small', MinCount: 1, MaxCount: 1 };
  return (await aws.ask('ec2', 'RunInstances', asked)).Instances[0].InstanceId;
}

/** Sessions of the roles; operators get the policy that was deployed for them, nodes got theirs by the deployment. */
export async function makeCallers(
  aws: Aws,
  { account }: Ministack,
  { operatorPolicy, instance }: { operatorPolicy: string; instance: string },
): Promise<Callers> {
  await aws.ask('iam', 'AttachRolePolicy', { RoleName: OPERATOR_ROLE, PolicyArn: operatorPolicy });
  const session = async (role: string, name: string): Promise<Caller> => {
    const asked = { RoleArn: `arn:aws:iam::${account}:role/${role}`, RoleSessionName: name };
    const { AccessKeyId, SecretAccessKey, SessionToken } = (await aws.ask('sts', 'AssumeRole', asked)).Credentials;
    return { name, accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  };
  return {
    node: await session(NODE_ROLE, instance),
    operator: await session(OPERATOR_ROLE, 'ada'),
    stranger: await session(STRANGER_ROLE, 'eve'),
  };
}
