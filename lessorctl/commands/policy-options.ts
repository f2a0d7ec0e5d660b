/** The policy of a pool, as options of `pool create` and `pool set`. */
import type { PoolPatch } from '../../core/contract/pool.ts';
import { wrong } from '../settings/wrong.ts';
import { readSpan } from './times.ts';

export const policyOptions = {
  exclude: {
    kind: 'value',
    value: 'SPANS',
    help: 'what is not handed out: 10.1.0.5,10.1.0.0/28,10.1.0.5-10.1.0.9; none',
  },
  cooldown: { kind: 'value', value: 'SPAN', help: 'for so long a released address is not handed out again: 30s' },
  sticky: {
    kind: 'value',
    value: 'SPAN',
    help: 'for so long it is kept for a pod of the same name: 1h; 0s: not at all',
  },
  identity: {
    kind: 'value',
    value: 'SPAN',
    help: 'for so long it is kept for the identity that a pod names: 24h; 0s: pods with one get none here',
  },
  clusters: { kind: 'value', value: 'NAMES', help: 'whose nodes may lease here: a,b; none: all of them' },
  namespaces: {
    kind: 'value',
    value: 'NAMES',
    help: 'whose pods lease here where the configuration names no pool, and may choose it by annotation: a,b; none',
  },
  'node-labels': { kind: 'value', value: 'LABELS', help: 'so do pods on nodes with all these labels: a=b,c=d; none' },
  default: { kind: 'value', value: 'YES|NO', choices: ['yes', 'no'], help: 'so do pods that no other pool asks for' },
  order: { kind: 'value', value: 'NUMBER', help: 'of several pools that fit, the lowest comes first' },
  'max-blocks-per-node': { kind: 'value', value: 'NUMBER', help: 'blocks that one node may own' },
  leasing: {
    kind: 'value',
    value: 'HOW',
    choices: ['online', 'delegated'],
    help: 'delegated: nodes lease from their own blocks by themselves',
  },
  'tell-within': {
    kind: 'value',
    value: 'SPAN',
    help: 'where leasing is delegated, for so long a node gathers what it tells',
  },
  quota: { kind: 'value', value: 'NUMBER', help: 'leases that each namespace may hold; none: no limit' },
} as const;

export type PolicyValues = { readonly [K in keyof typeof policyOptions]: string | undefined };

/** The fields that are given. @throws LessorError `request.invalid` */
export function policyOf(values: PolicyValues): PoolPatch {
  const given = <T>(name: keyof PolicyValues, read: (option: string, text: string) => T): T | undefined => {
    const text = values[name];
    return text === undefined ? undefined : read(`--${name}`, text);
  };
  const patch: Partial<Record<keyof PoolPatch, unknown>> = {
    exclude: given('exclude', readList),
    cooldownSeconds: given('cooldown', readSeconds),
    stickySeconds: given('sticky', readSeconds),
    identitySeconds: given('identity', readSeconds),
    clusters: given('clusters', readList),
    namespaces: given('namespaces', readList),
    nodeLabels: given('node-labels', readLabels),
    default: given('default', (_, text) => text === 'yes'),
    order: given('order', readWhole),
    maxBlocksPerNode: given('max-blocks-per-node', readWhole),
    leasing: values.leasing,
    tellWithinSeconds: given('tell-within', readSeconds),
    quota: given('quota', readQuota),
  };
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as PoolPatch;
}

const readSeconds = (option: string, text: string): number => readSpan(option, text) / 1_000;

/** Separated by commas. `none` is a word of the options, and no address; a namespace of that name is written `none,none`. */
export const readList = (_: string, text: string): string[] => (text === 'none' ? [] : text.split(',').filter(Boolean));

export function readWhole(option: string, text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw wrong(`${option} ${JSON.stringify(text)} is no whole number`, 'write it like 64');
}

/** Null: no limit. */
export const readQuota = (option: string, text: string): number | null =>
  text === 'none' ? null : readWhole(option, text);

export function readLabels(option: string, text: string): Record<string, string> {
  return Object.fromEntries(
    readList(option, text).map((label) => {
      const [, key, value = ''] = /^([^=]+)=(.*)$/.exec(label) ?? [];
      if (key === undefined)
        throw wrong(`${option} ${JSON.stringify(label)} is no label`, 'write it like zone=a,tier=web');
      return [key, value];
    }),
  );
}
