/** That a deployment's settings are ones: what is wrong is said in one line, with the field, its value and the remedy. */
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { isName, leastSilence, most, patterns } from '../core/contract/limits.ts';
import { LessorError } from '../core/contract/problems.ts';
import { attachedTables } from './attached-tables-rule.ts';
import type {
  EventsProps,
  EvidenceProps,
  FunctionProps,
  HttpEndpoint,
  LessorProps,
  NodeRole,
  Throttle,
} from './lessor-props.ts';
import { instanceRoles, roleClusters } from './node-roles.ts';
import { privateEndpoint } from './private-endpoint-rule.ts';
import {
  both,
  byKind,
  fields,
  flag,
  list,
  oneOf,
  type PropRule,
  record,
  value,
  whole,
  words,
  wrong,
} from './prop-rules.ts';

/** AWS's own limits: Lambda's memory and environment variables, what the API Gateway of an account can be raised to, tags. */
const aws = {
  memoryMb: { least: 128, most: 10_240 },
  environmentBytes: 3_500,
  requests: 100_000,
  concurrency: 10_000,
  tags: 50,
};

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

/** A construct of CDK, or its ARN. */
const construct = (arn: RegExp, remedy: string): PropRule =>
  value(
    (given) =>
      typeof given === 'string' ? arn.test(given) : typeof given === 'object' && given !== null && 'node' in given,
    remedy,
  );

const throttle = both(
  fields<Throttle>({ rate: whole(0, aws.requests), burst: whole(0, aws.requests) }, {}),
  // A bucket that holds nothing refuses all; one that is never filled again lets its first tokens through.
  value((given) => {
    const { rate, burst } = given as Throttle;
    return (rate === 0) === (burst === 0);
  }, 'give both as 0, which closes the API, or both as more'),
);

const withinReserved: PropRule = (given) => {
  const { reservedConcurrency: reserved, provisionedConcurrency: provisioned } = given as FunctionProps;
  return reserved === undefined || provisioned === undefined || provisioned <= reserved
    ? undefined
    : wrong(provisioned, `give at most reservedConcurrency, ${reserved}`, 'provisionedConcurrency');
};

const sizes = fields<FunctionProps>(
  {},
  {
    memoryMb: whole(aws.memoryMb.least, aws.memoryMb.most),
    reservedConcurrency: whole(0, aws.concurrency),
    provisionedConcurrency: whole(1, aws.concurrency),
  },
);
const functionProps = both(sizes, withinReserved);

const EVIDENCE = "name the other accounts, { accounts: ['123456789012'] }, or say 'none'";
const someEvidence = fields<EvidenceProps>(
  {},
  { accounts: list(words(/^\d{12}$/, 'give the id of an account, 12 digits'), EVIDENCE) },
);
const evidence: PropRule = (given) => (given === 'none' ? undefined : someEvidence(given));

const someEvents = fields<EventsProps>({}, { leases: flag });
const events: PropRule = (given) => (given === 'none' ? undefined : someEvents(given));

/** What a tag's key and value are made of. */
const TAG = 'letters, digits, spaces and _ . : / = + - @';
const tags = both(
  record(
    {
      pattern: /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$/u,
      called: 'key of a tag',
      remedy: `give at most 128 characters, not beginning with aws: (${TAG})`,
    },
    words(/^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u, `give a text of at most 256 characters (${TAG})`),
    "give an object of texts: { team: 'network' }",
  ),
  value((given) => Object.keys(Object(given)).length <= aws.tags, `give at most ${aws.tags} tags`),
);

/** By cluster, in minutes: agents say that they are up every 10. */
const silenceByCluster = record(
  { pattern: patterns.name, called: 'name of a cluster', remedy: 'give the cluster of a role of nodeRoles' },
  whole(leastSilence, most.silence),
  "give minutes by cluster: { 'on-prem-1': 240 }",
);

/** Of every prop. */
export const propRules = {
  required: { nodeRoles },
  optional: {
    inlinePools: flag,
    inlinePoolCooldownSeconds: whole(0, most.cooldown),
    countWithinSeconds: whole(1, most.countWithin),
    massDeath: whole(1, most.massDeath),
    historyDays: whole(1, most.historyDays),
    deadAfterSilence: silenceByCluster,
    tables: attachedTables,
    endpoint: byKind({ http: fields<HttpEndpoint>({ kind: oneOf('http') }, {}), private: privateEndpoint }),
    throttle,
    functions: fields<NonNullable<LessorProps['functions']>>({}, perFunction(functionProps)),
    evidence,
    events,
    canaryMinutes: oneOf(0, 5, 10, 15, 30),
    alarmTopic: construct(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/, 'give an SNS topic, or its ARN'),
    dashboard: flag,
    tracing: flag,
    logRetention: oneOf(...Object.values(RetentionDays).filter((days) => typeof days === 'number')),
    encryptionKey: construct(
      /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/(mrk-)?[0-9a-f-]{32,36}$/,
      'give a KMS key, or its ARN with :key/ (not an id or alias)',
    ),
    tags,
  },
} as const;

function perFunction(rule: PropRule): Record<keyof NonNullable<LessorProps['functions']>, PropRule> {
  return { allocate: rule, release: rule, operate: rule, reclaim: rule, changes: rule, evidence: rule };
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
  checkEvidence(props, where);
  checkSilence(props, where);
}

/** @throws LessorError request.invalid where a cluster has no role: none of its nodes would ever be declared dead, and nobody told */
function checkSilence({ deadAfterSilence = {}, nodeRoles }: LessorProps, where: string): void {
  const clusters = [...new Set(roleClusters(nodeRoles).map(([, cluster]) => cluster))];
  const unknown = Object.keys(deadAfterSilence).find((cluster) => !clusters.includes(cluster));
  if (unknown === undefined) return;
  throw new LessorError('request.invalid', `${where}: deadAfterSilence has ${unknown}, a cluster of no role`, {
    remedy: `give one of nodeRoles (${clusters.join(', ') || 'which has none'})`,
  });
}

/** @throws LessorError request.invalid where evidence is wanted of nodes that cannot be there */
function checkEvidence({ evidence, nodeRoles, functions }: LessorProps, where: string): void {
  if (functions?.evidence !== undefined && (evidence === 'none' || instanceRoles(nodeRoles).length === 0))
    throw new LessorError('request.invalid', `${where}: functions.evidence is given, and there is no such function`, {
      remedy: 'leave it out: no evidence is collected here',
    });
  if (evidence === undefined || evidence === 'none' || instanceRoles(nodeRoles).length > 0) return;
  throw new LessorError('request.invalid', `${where}: evidence is given, and nodeRoles has no role of EC2 instances`, {
    remedy: 'name the roles of your instances in nodeRoles, or leave evidence out',
  });
}

/** @throws LessorError request.invalid where a function cannot be told all of them */
export function checkRoleNames(nodeRoles: LessorProps['nodeRoles'], where: string): void {
  const told = [...instanceRoles(nodeRoles), ...roleClusters(nodeRoles).flat()].join(',').length;
  if (told <= aws.environmentBytes) return;
  throw new LessorError('request.invalid', `${where} has ${told} characters of names`, {
    remedy: `Lambda takes ${aws.environmentBytes} in a function's environment: use fewer roles, or shorter names`,
  });
}
