/** Who calls, as API Gateway's IAM authorizer proved it; nothing that a caller writes is believed. */

import type { Account } from '../../core/contract/limits.ts';
import { LessorError } from '../../core/contract/problems.ts';

/**
 * The deployment's own account: that of the function which answers.
 * @param functionArn `invokedFunctionArn` of Lambda's context
 * @throws Error where it is no function's ARN
 */
export function accountOf(functionArn: string): Account {
  const [, partition, id] = /^arn:([^:]+):lambda:[^:]+:(\d{12}):function:/.exec(functionArn) ?? [];
  if (partition === undefined || id === undefined) throw new Error(`${functionArn} is not the ARN of a function`);
  return { partition, id };
}

interface Principal {
  readonly account: Account;
  /** `assumed-role/<role>/<session>`, `user/<path>/<name>`: what follows the account. */
  readonly resource: readonly string[];
}

function principalOf(userArn: string | undefined): Principal | undefined {
  const [, partition, service, id, resource] = /^arn:([^:]+):(sts|iam)::(\d{12}):(.+)$/.exec(userArn ?? '') ?? [];
  if (partition === undefined || id === undefined || resource === undefined) return undefined;
  const parts = resource.split('/');
  const isKnown =
    service === 'sts' ? parts[0] === 'assumed-role' && parts.length === 3 : parts[0] === 'user' && parts.length > 1;
  return isKnown ? { account: { partition, id }, resource: parts } : undefined;
}

/**
 * The cluster to which the role of the caller's session belongs. Only the deployment's own account has a say in it: another
 * account may give any of its roles the same name, and would have that cluster's pools.
 * @param clusters role name to cluster
 */
export function clusterOf(
  userArn: string | undefined,
  clusters: ReadonlyMap<string, string>,
  own: Account,
): string | undefined {
  const { account, resource: [kind, role = ''] = [] } = principalOf(userArn) ?? {};
  if (account === undefined || kind !== 'assumed-role' || !isSame(account, own)) return undefined;
  return clusters.get(role);
}

/** The account of whoever calls. */
export const callersAccount = (userArn: string | undefined): Account | undefined => principalOf(userArn)?.account;

/**
 * `i-…` for a session of a role that only EC2 may assume (there the session's name is the instance id),
 * `role/<role>/<session>` for any other role, `user/<name>` for a user. What is not of the deployment's own account has the
 * account before it, `123456789012/i-…`, and with another partition that too, `aws-cn:123456789012/i-…`: names are each
 * account's own. None of them ever meet: they differ in their slashes, and no kind of caller begins with digits or a colon.
 * @param userArn as API Gateway's IAM authorizer says it
 * @throws LessorError auth.denied
 */
export function callerOf(userArn: string | undefined, instanceRoles: readonly string[], own: Account): string {
  const principal = principalOf(userArn);
  if (principal === undefined)
    throw new LessorError(
      'auth.denied',
      `The caller ${userArn || '(unsigned)'} is neither a role's session nor a user`,
    );
  const { account, resource } = principal;
  return `${accountText(account, own)}${nameIn(resource, instanceRoles)}`;
}

function nameIn(resource: readonly string[], instanceRoles: readonly string[]): string {
  const [kind, role = '', session = ''] = resource;
  if (kind === 'user') return `user/${resource.at(-1)}`;
  if (!instanceRoles.includes(role)) return `role/${role}/${session}`;
  if (/^i-[0-9a-f]{8,17}$/.test(session)) return session;
  throw new LessorError('auth.denied', `Session ${session} of instance role ${role} is no EC2 instance id`, {
    remedy: 'only EC2 may assume a role whose sessions are instances (nodeRoles of the deployment)',
  });
}

const isSame = (one: Account, other: Account): boolean => one.partition === other.partition && one.id === other.id;

function accountText(account: Account, own: Account): string {
  if (isSame(account, own)) return '';
  return account.partition === own.partition ? `${account.id}/` : `${account.partition}:${account.id}/`;
}
