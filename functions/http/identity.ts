/** Who calls, as API Gateway's IAM authorizer proved it; nothing that a caller writes is believed. */
import { LessorError } from '../../core/contract/problems.ts';

/** The cluster to which the role of the caller's session belongs, by `clusters`: role name to cluster. */
export function clusterOf(userArn: string | undefined, clusters: ReadonlyMap<string, string>): string | undefined {
  const [, role = ''] = /^arn:[^:]+:sts::\d{12}:assumed-role\/([^/]+)\/[^/]+$/.exec(userArn ?? '') ?? [];
  return clusters.get(role);
}

/**
 * `i-…` for a session of a role that only EC2 may assume (there the session's name is the instance id),
 * `role/<role>/<session>` for any other role, `user/<name>` for a user. The three never meet: they differ in their slashes.
 * @param userArn `requestContext.authorizer.iam.userArn` of the payload format 2.0
 * @throws LessorError auth.denied
 */
export function callerOf(userArn: string | undefined, instanceRoles: readonly string[]): string {
  const [, service, resource] = /^arn:[^:]+:(sts|iam)::\d{12}:(.+)$/.exec(userArn ?? '') ?? [];
  const parts = resource?.split('/') ?? [];
  if (service === 'sts' && parts[0] === 'assumed-role' && parts.length === 3) {
    const [, role = '', session = ''] = parts;
    if (!instanceRoles.includes(role)) return `role/${role}/${session}`;
    if (/^i-[0-9a-f]{8,17}$/.test(session)) return session;
    throw new LessorError('auth.denied', `Session ${session} of instance role ${role} is no EC2 instance id`, {
      remedy: 'only EC2 may assume a role in instanceRoles',
    });
  }
  if (service === 'iam' && parts[0] === 'user' && parts.length > 1) return `user/${parts.at(-1)}`;
  throw new LessorError('auth.denied', `The caller ${userArn || '(unsigned)'} is neither a role's session nor a user`);
}
