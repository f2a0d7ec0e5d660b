/** What a deployment may choose, as CDK context values: `cdk deploy -c inlinePools=true`. */
import { LessorError } from '../core/contract/problems.ts';

export interface Settings {
  /** Names of roles that only EC2 may assume: their sessions are nodes, named by instance id. */
  readonly instanceRoles: readonly string[];
  /** The cluster to which the nodes of a role belong, by the role's name. */
  readonly clusters: Readonly<Record<string, string>>;
  /** Ranges written in a CNI configuration become a pool on first use. */
  readonly inlinePools: boolean;
  /** Seconds for which a released address of such a pool is not handed out again. */
  readonly inlinePoolCooldownSeconds: number;
}

const DAY = 86_400;

/** @throws LessorError that names the key, the value and the remedy */
export function settingsFrom(context: Readonly<Record<string, unknown>>): Settings {
  const unknown = Object.keys(context).find((key) => !KEYS.includes(key) && !isOfCdk(key));
  if (unknown !== undefined) throw unknownKey(unknown);
  return {
    instanceRoles: roleNames(context.instanceRoles ?? ''),
    clusters: clustersOf(context.clusters ?? ''),
    inlinePools: flag(context.inlinePools ?? false),
    inlinePoolCooldownSeconds: seconds(context.inlinePoolCooldownSeconds ?? 30),
  };
}

const KEYS: readonly string[] = [
  'instanceRoles',
  'clusters',
  'inlinePools',
  'inlinePoolCooldownSeconds',
] satisfies (keyof Settings)[];

/** CDK's own keys are in the same place: feature flags, what the command passes on, what it looked up. */
const isOfCdk = (key: string): boolean => /[:@]/.test(key) || CDK_KEYS.includes(key);
const CDK_KEYS = ['cli-telemetry', 'acknowledged-issue-numbers'];

function unknownKey(key: string): LessorError {
  const letters = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '');
  const given = letters(key);
  const meant = KEYS.find((known) => given !== '' && letters(known).startsWith(given.replace(/s$/, '')));
  const suggestion = meant === undefined ? '' : `did you mean ${meant}? `;
  return new LessorError('request.invalid', `Context key ${JSON.stringify(key)} is unknown`, {
    remedy: `${suggestion}the keys are ${KEYS.join(', ')}`,
  });
}

function roleNames(value: unknown): string[] {
  const names = String(value)
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const name of names) {
    // IAM's own rule for role names; a path or an ARN would never match a caller's session.
    if (!/^[\w+=.@-]{1,64}$/.test(name)) {
      throw refused('instanceRoles', name, 'give role names without path or ARN: -c instanceRoles=nodes-a,nodes-b');
    }
  }
  return [...new Set(names)];
}

function clustersOf(value: unknown): Record<string, string> {
  const pairs = String(value)
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [, role, cluster] = /^([\w+.@-]{1,64})=([a-zA-Z0-9][a-zA-Z0-9_.-]{0,254})$/.exec(pair) ?? [];
      if (role && cluster) return [role, cluster] as const;
      throw refused('clusters', pair, 'give role=cluster pairs: -c clusters=nodes-a=production,nodes-b=test');
    });
  const twice = pairs.find(([role], index) => pairs.findIndex(([other]) => other === role) !== index);
  if (twice) throw refused('clusters', value, `give role ${twice[0]} one cluster only`);
  return Object.fromEntries(pairs);
}

function flag(value: unknown): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw refused('inlinePools', value, 'give true or false: -c inlinePools=true');
}

function seconds(value: unknown): number {
  const text = String(value);
  if (/^\d+$/.test(text) && Number(text) <= DAY) return Number(text);
  const remedy = `give whole seconds from 0 to ${DAY}: -c inlinePoolCooldownSeconds=30`;
  throw refused('inlinePoolCooldownSeconds', value, remedy);
}

function refused(key: keyof Settings, value: unknown, remedy: string): LessorError {
  return new LessorError('request.invalid', `Context value ${key} is ${JSON.stringify(value)}`, { remedy });
}
