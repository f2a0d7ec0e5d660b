/** That a deployment's settings are ones: what is wrong is said in one line, with the field, its value and the remedy. */
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { isName, most } from '../core/contract/limits.ts';
import { LessorError } from '../core/contract/problems.ts';
import type { functionNames } from './function-names.ts';
import type { AttachedTables, FunctionProps, HttpEndpoint, LessorProps, NodeRole, Throttle } from './lessor-props.ts';
import { instanceRoles, roleClusters } from './node-roles.ts';
import { privateEndpoint } from './private-endpoint-rule.ts';
import { byKind, fields, flag, oneOf, type PropRule, record, value, whole, words } from './prop-rules.ts';

/** AWS's own limits: Lambda's memory and environment variables, and what the API Gateway of an account can be raised to. */
const aws = { memoryMb: { least: 128, most: 10_240 }, environmentBytes: 3_500, requests: 100_000, concurrency: 10_000 };

/** IAM's rule, without what would part a list of roles. A path or an ARN would never match a caller's session. */
const roleName = { pattern: /^[\w+.@-]{1,64}$/, called: 'name of a role', remedy: 'leave out path and ARN' };

const nodeRole = fields<NodeRole>(
  {},
  {
    cluster: value(
      (given) => typeof given === 'string' && isName(given),
      `give a name: letters, digits, dots, hyphens, at most ${most.name}`,
    ),
    sessions: oneOf('instances', 'others'),
  },
);

const NODE_ROLES = `name the roles of your nodes, { 'my-node-role': { cluster: 'production' } }, or say 'none'`;
const rolesByName = record(roleName, nodeRole, NODE_ROLES);
const someRole = value(
  (given) => typeof given === 'object' && given !== null && Object.keys(given).length > 0,
  NODE_ROLES,
);
const nodeRoles: PropRule = (given) => (given === 'none' ? undefined : (someRole(given) ?? rolesByName(given)));

const table = words(
  /^([\w.-]{3,255}|arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]{3,255})$/,
  'give the name of a table, or its ARN',
);

/** A construct of CDK, or its ARN. */
const construct = (arn: RegExp, remedy: string): PropRule =>
  value(
    (given) =>
      typeof given === 'string' ? arn.test(given) : typeof given === 'object' && given !== null && 'node' in given,
    remedy,
  );

const functionProps = fields<FunctionProps>(
  {},
  {
    memoryMb: whole(aws.memoryMb.least, aws.memoryMb.most),
    reservedConcurrency: whole(0, aws.concurrency),
    provisionedConcurrency: whole(1, aws.concurrency),
  },
);

/** Of every prop. */
export const propRules = {
  required: { nodeRoles },
  optional: {
    inlinePools: flag,
    inlinePoolCooldownSeconds: whole(0, most.cooldown),
    countWithinSeconds: whole(1, most.countWithin),
    tables: fields<AttachedTables>(
      {
        pools: table,
        leases: table,
        leasesStreamArn: words(
          /^arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]+\/stream\/.+$/,
          "give the ARN of the leases table's stream",
        ),
      },
      {},
    ),
    endpoint: byKind({ http: fields<HttpEndpoint>({ kind: oneOf('http') }, {}), private: privateEndpoint }),
    throttle: fields<Throttle>({ rate: whole(0, aws.requests), burst: whole(0, aws.requests) }, {}),
    functions: fields<Partial<Record<(typeof functionNames)[number], FunctionProps>>>({}, perFunction(functionProps)),
    canaryMinutes: oneOf(0, 5, 10, 15, 30),
    alarmTopic: construct(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/, 'give an SNS topic, or its ARN'),
    dashboard: flag,
    tracing: flag,
    logRetention: oneOf(...Object.values(RetentionDays).filter((days) => typeof days === 'number')),
    encryptionKey: construct(
      /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/(mrk-)?[0-9a-f-]{32,36}$/,
      'give a KMS key, or its ARN',
    ),
    tags: record(
      {
        pattern: /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$/u,
        called: 'key of a tag',
        remedy: 'give at most 128 characters, not beginning with aws:',
      },
      words(/^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u, 'give a text of at most 256 characters'),
      "give an object of texts: { team: 'network' }",
    ),
  },
} as const;

function perFunction(rule: PropRule): Record<(typeof functionNames)[number], PropRule> {
  return { allocate: rule, release: rule, operate: rule, reclaim: rule, count: rule };
}

/**
 * @param where what the settings are of, as a message begins with it
 * @throws LessorError request.invalid
 */
export function check(rule: PropRule, given: unknown, where: string): void {
  const found = rule(given);
  if (found === undefined) return;
  const { path, what, remedy } = found;
  const at = path.length === 0 ? where : `${where}: ${path.join('.')}`;
  throw new LessorError('request.invalid', `${at} ${what}`, { remedy });
}

const lessorProps = fields<LessorProps>(propRules.required, propRules.optional);

/** @throws LessorError request.invalid that names the prop, its value and the remedy */
export function checkProps(props: LessorProps, where: string): void {
  check(lessorProps, props, where);
  checkRoleNames(props.nodeRoles, `${where}: nodeRoles`);
}

/** @throws LessorError request.invalid where a function cannot be told all of them */
export function checkRoleNames(nodeRoles: LessorProps['nodeRoles'], where: string): void {
  const told = [...instanceRoles(nodeRoles), ...roleClusters(nodeRoles).flat()].join(',').length;
  if (told <= aws.environmentBytes) return;
  throw new LessorError('request.invalid', `${where} has ${told} characters of names`, {
    remedy: `Lambda takes ${aws.environmentBytes} in a function's environment: use fewer roles, or shorter names`,
  });
}
