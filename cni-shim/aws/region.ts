/** The AWS Region in which this node is, as far as it knows without asking anybody; for people, never evidence of anything. */
import { most, patterns } from '../../core/contract/limits.ts';
import type { Surroundings } from '../machine/surroundings.ts';

/** EC2's own names of instances (EC2 User Guide, "EC2 instance hostnames"): those of us-east-1 do not have it. */
const NAMED = /^[a-z0-9-]+\.(?:(?<region>[a-z0-9-]+)\.compute|ec2)\.internal$/;

/**
 * By the name that EC2 gave the node, else by AWS_REGION or AWS_DEFAULT_REGION, which the runtimes of AWS set. Not by the Region of the
 * API, which may be another one.
 * @param name what the cluster calls the node
 */
export function regionOfNode({ env }: Pick<Surroundings, 'env'>, name: string | undefined): string | undefined {
  const named = NAMED.exec(name ?? '');
  const region = named ? (named.groups?.region ?? 'us-east-1') : env.AWS_REGION || env.AWS_DEFAULT_REGION;
  // What is none would have the heartbeat refused.
  return region !== undefined && region.length <= most.region && patterns.region.test(region) ? region : undefined;
}
