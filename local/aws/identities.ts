/** Who may call the local API: credentials made at random when the stack starts, and what IAM would say of their owner. */
import { randomBytes } from 'node:crypto';

export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Present for the session of a role. */
  readonly sessionToken?: string;
}

export interface Identity extends AccessKeys {
  readonly name: string;
  /** The id under which Lessor knows this caller as a node. */
  readonly nodeId?: string;
  readonly userArn: string;
  /** IAM's unique id; for a session `<role id>:<session name>`. */
  readonly userId: string;
  /** Which managed policy of the stack it has. */
  readonly policy: 'node' | 'operator';
}

/** No two are alike; the prefix says that they are none of AWS's. */
export function newAccessKeys(): Required<AccessKeys> {
  return {
    accessKeyId: `LOCAL${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
    sessionToken: randomBytes(48).toString('base64url'),
  };
}

/**
 * An EC2 instance that signs with its instance role.
 * @param instanceId the session's name, which is the id that Lessor gives the node
 */
export function ec2Node(account: string, role: string, instanceId: string): Identity {
  return {
    ...newAccessKeys(),
    name: instanceId,
    nodeId: instanceId,
    userArn: `arn:aws:sts::${account}:assumed-role/${role}/${instanceId}`,
    userId: `LOCALROLE:${instanceId}`,
    policy: 'node',
  };
}

/** A person with an access key of her own, without a session. */
export function operatorUser(account: string): Identity {
  const { accessKeyId, secretAccessKey } = newAccessKeys();
  const userArn = `arn:aws:iam::${account}:user/operator`;
  return { accessKeyId, secretAccessKey, name: 'operator', userArn, userId: 'LOCALUSER', policy: 'operator' };
}
