/** The event bus of a deployment: who may put on it, and which changes of the pools table are told. */
import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from 'vitest';
import { environment } from '../../core/contract/environment.ts';
import { Lessor } from '../../infra/lessor.ts';
import type { LessorProps } from '../../infra/lessor-props.ts';
import { matcherOf } from '../../local/aws/event-pattern.ts';
import { stackOf, templateOf } from './deployments.ts';

const of = (props: Partial<LessorProps> = {}) =>
  templateOf(
    stackOf((stack) => new Lessor(stack, 'Ipam', { nodeRoles: { nodes: {} }, ...props })),
    'Network',
  );
type Template = ReturnType<typeof of>;
const propertiesOf = (template: Template, type: string) =>
  template.ofType(type).map(([, { Properties }]) => Properties);
const variables = (template: Template) =>
  Object.fromEntries(
    propertiesOf(template, 'AWS::Lambda::Function').map(({ FunctionName, Environment }) => [
      String(FunctionName).replace(/^.*-/, ''),
      Environment.Variables,
    ]),
  );
const puts = (template: Template) =>
  propertiesOf(template, 'AWS::IAM::Policy').flatMap(({ PolicyDocument, Roles }) =>
    PolicyDocument.Statement.filter(({ Action }: { Action: unknown }) =>
      [Action].flat().includes('events:PutEvents'),
    ).map(({ Resource }: { Resource: unknown }) => [
      String(Roles[0].Ref)
        .replace(/^Ipam(Evidence(?=Ev))?/, '')
        .replace(/Role.*$/, ''),
      Resource,
    ]),
  );

describe('the event bus', () => {
  it('is the deployment’s own, and exactly the functions that tell something may put on it, and on no other', () => {
    const template = of();
    const [[id = ''] = []] = template.ofType('AWS::Events::EventBus');
    const arn = { 'Fn::GetAtt': [id, 'Arn'] };
    expect(puts(template).sort()).toEqual(['Allocate', 'Count', 'Evidence', 'Release'].map((name) => [name, arn]));
    const told = Object.entries(variables(template)).filter(([, one]) => one[environment.eventBus] !== undefined);
    expect(told.map(([name]) => name).sort()).toEqual(['allocate', 'changes', 'evidence', 'release']);
  });

  it('is not there where it is not wanted: no right, no reader, no alarm', () => {
    const template = of({ events: 'none' });
    expect(template.ofType('AWS::Events::EventBus')).toEqual([]);
    expect(puts(template)).toEqual([]);
    expect(template.text).not.toContain('events-failing');
    const streams = propertiesOf(template, 'AWS::DynamoDB::GlobalTable').filter((table) => table.StreamSpecification);
    expect(streams).toHaveLength(1);
  });

  it.each([
    [{}, 'false'],
    [{ events: { leases: true } }, 'true'],
  ])('of %o is told of each lease: %s', (props, told) => {
    expect(variables(of(props)).changes[environment.leaseEvents]).toBe(told);
  });

  const arnOf = (table: string) => `arn:aws:dynamodb:eu-central-1:123456789012:table/${table}`;
  const tables = {
    pools: arnOf('Pools'),
    leases: arnOf('Leases'),
    leasesStreamArn: `${arnOf('Leases')}/stream/2026-01-01T00:00:00.000`,
  };
  const sources = (template: Template) =>
    propertiesOf(template, 'AWS::Lambda::EventSourceMapping').map(({ EventSourceArn }) => EventSourceArn);

  it('hears of nodes, blocks and pools in an attached table where its stream is given', () => {
    const poolsStreamArn = `${arnOf('Pools')}/stream/2026-01-01T00:00:00.000`;
    expect(sources(of({ tables }))).not.toContain(poolsStreamArn);
    expect(sources(of({ tables: { ...tables, poolsStreamArn } }))).toContain(poolsStreamArn);
  });

  it.each<[string, Partial<LessorProps>, string]>([
    ['another word', { events: 'off' as 'none' }, 'Ipam: events is "off"'],
    ['leases by number', { events: { leases: 1 as never } }, 'Ipam: events.leases is 1'],
    [
      'the stream of another table',
      { tables: { ...tables, poolsStreamArn: tables.leasesStreamArn } },
      'tables.poolsStreamArn is',
    ],
  ])('is refused with %s, by name', (_, props, message) => {
    expect(() => of(props)).toThrow(message);
  });
});

describe('of the changes of the pools table', () => {
  const mapping = propertiesOf(of(), 'AWS::Lambda::EventSourceMapping').find(({ FilterCriteria }) => FilterCriteria);
  const filters = mapping.FilterCriteria.Filters as { Pattern: string }[];
  const isTold = (keys: object, item: object, eventName = 'MODIFY') =>
    filters.some(({ Pattern }) =>
      matcherOf(
        JSON.parse(Pattern),
        'filter',
      )({
        eventName,
        dynamodb: { Keys: marshall(keys), NewImage: marshall({ ...keys, ...item }) },
      }),
    );

  it.each<[string, object, object]>([
    ['a node that is dead', { pk: 'N#i-1', sk: 'N' }, { st: 'dead' }],
    ['what was freed of it', { pk: 'DEATHS', sk: '1#i-1' }, { freed: 3 }],
    ['a block that is claimed', { pk: 'P#a#0', sk: '1' }, { st: 'claimed' }],
    ['a block that is free again', { pk: 'P#a#0', sk: '1' }, { st: 'free' }],
    ['how full a pool is', { pk: 'FILL#a', sk: 'FILL' }, { level: 'near' }],
  ])('%s is told', (_, keys, item) => expect(isTold(keys, item)).toBe(true));

  it.each<[string, object, object, string?]>([
    ['a counter', { pk: 'U', sk: 'a' }, { held: 3 }],
    ['a counter of a namespace', { pk: 'U#a', sk: 'ns#shop' }, { held: 3 }],
    ['a node that joins a block', { pk: 'N#i-1', sk: 'N' }, { st: 'alive' }],
    ['a heartbeat', { pk: 'NODES#3', sk: 'i-1' }, { seen: 1 }],
    ['a block that is being taken back', { pk: 'P#a#0', sk: '1' }, { st: 'releasing' }],
    ['a pool', { pk: 'C#a', sk: 'CFG' }, { st: 'active' }],
    ['a record of a death, which its node tells', { pk: 'DEATHS', sk: '1#i-1' }, { freed: 0 }, 'INSERT'],
  ])('%s costs no run of the function', (_, keys, item, eventName) => {
    expect(isTold(keys, item, eventName)).toBe(false);
  });
});
