import { afterEach, describe, expect, it } from 'vitest';
import { type EventBus, type RuleTarget, startEventBus } from '../../../local/aws/event-bus.ts';
import { matcherOf } from '../../../local/aws/event-pattern.ts';

const region = 'us-east-1';
const account = '000000000000';
const bus = 'Lessor-events';
const rights = [
  {
    effect: 'Allow' as const,
    actions: ['events:PutEvents'],
    resources: [`arn:aws:events:${region}:${account}:event-bus/${bus}`],
  },
];
const target: RuleTarget = { kind: 'function', name: 'told' };

let server: EventBus | undefined;
afterEach(() => server?.stop());

async function started(pattern: unknown = { source: ['lessor'] }, on = bus) {
  const delivered: unknown[] = [];
  const rules = [{ id: 'Rule', bus: on, pattern, targets: [target] }];
  const principals = [{ accessKeyId: 'KEY', rights }];
  server = await startEventBus({
    region,
    account,
    buses: [bus],
    rules,
    principals,
    deliver: (to, event) => delivered.push({ to, event }),
  });
  const { endpoint } = server;
  const post = async (Entries: unknown, key = 'KEY') => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/${region}/events/aws4_request`,
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AWSEvents.PutEvents',
      },
      body: JSON.stringify({ Entries }),
    });
    return { status: response.status, body: await response.json() };
  };
  return { server, delivered, post };
}

const entry = { EventBusName: bus, Source: 'lessor', DetailType: 'Node dead', Detail: '{"node":"i-1"}' };

describe('the event bus', () => {
  it('passes an event on to the targets of the rules that match it, with what EventBridge says of it', async () => {
    const { post, delivered, server } = await started();
    const { status, body } = await post([entry, { ...entry, Source: 'somebody' }]);
    expect(status).toBe(200);
    expect(body).toEqual({
      FailedEntryCount: 0,
      Entries: [{ EventId: expect.any(String) }, { EventId: expect.any(String) }],
    });
    const event = {
      version: '0',
      id: (body as { Entries: { EventId: string }[] }).Entries[0]?.EventId,
      'detail-type': 'Node dead',
      source: 'lessor',
      account,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      region,
      resources: [],
      detail: { node: 'i-1' },
    };
    expect(delivered).toEqual([{ to: target, event }]);
    expect(server.taken(bus)).toHaveLength(2);
    expect(server.taken()).toEqual([]);
  });

  it('answers for each entry by itself, and lets nobody speak as a service of AWS', async () => {
    const { post, delivered } = await started({ source: [{ prefix: '' }] });
    const { Source: _, ...unsigned } = entry;
    const { body } = await post([entry, unsigned, { ...entry, Source: 'aws.ec2' }, { ...entry, Detail: '[1' }]);
    expect(body).toMatchObject({
      FailedEntryCount: 3,
      Entries: [
        { EventId: expect.any(String) },
        { ErrorCode: 'InvalidArgument', ErrorMessage: expect.stringContaining('Source is a required argument') },
        { ErrorCode: 'NotAuthorizedForSourceException' },
        { ErrorCode: 'MalformedDetail' },
      ],
    });
    expect(delivered).toHaveLength(1);
  });

  it.each([
    ['none', []],
    ['eleven', Array.from({ length: 11 }, () => entry)],
    ['more than 256 KB', [{ ...entry, Detail: JSON.stringify({ text: 'x'.repeat(256 * 1024) }) }]],
  ])('refuses a request with %s', async (_, entries) => {
    const { post, delivered } = await started();
    expect(await post(entries)).toMatchObject({ status: 400, body: { __type: 'ValidationException' } });
    expect(delivered).toEqual([]);
  });

  it('refuses whoever it does not know, and whose role does not allow it', async () => {
    const { post } = await started();
    expect(await post([entry], 'OTHER')).toMatchObject({
      status: 400,
      body: { __type: 'UnrecognizedClientException' },
    });
    const onDefault = [{ ...entry, EventBusName: 'default' }];
    expect(await post(onDefault)).toMatchObject({ status: 400, body: { __type: 'AccessDeniedException' } });
  });

  it('takes what a service of AWS puts, and what is forwarded from another account', async () => {
    const { server, delivered } = await started({ source: ['aws.ec2'], detail: { state: ['terminated'] } }, 'default');
    const said = { source: 'aws.ec2', 'detail-type': 'EC2 Instance State-change Notification' };
    server.put({ ...said, detail: { state: 'running' } });
    server.put({ ...said, detail: { state: 'terminated' }, account: '123456789012' });
    expect(delivered).toMatchObject([{ event: { account: '123456789012', detail: { state: 'terminated' } } }]);
  });

  it('does not start with a rule on a bus that is not there, or with a pattern that it does not understand', async () => {
    await expect(started({ source: ['lessor'] }, 'other')).rejects.toThrow('Rule is on the bus other');
    await expect(started({ $or: [] })).rejects.toThrow('Rule.EventPattern has "$or"');
  });
});

describe('a pattern', () => {
  const event = { source: 'aws.ec2', count: 5, tags: ['a', 'b'], detail: { state: 'terminated', none: null } };

  it.each([
    [{ source: ['aws.ec2', 'other'] }, true],
    [{ source: ['AWS.EC2'] }, false],
    [{ source: [{ prefix: 'aws.' }] }, true],
    [{ source: [{ suffix: '.ec2' }] }, true],
    [{ source: [{ 'equals-ignore-case': 'AWS.EC2' }] }, true],
    [{ source: [{ 'anything-but': 'aws.ec2' }] }, false],
    [{ source: [{ 'anything-but': { prefix: 'aws.' } }] }, false],
    [{ missing: [{ 'anything-but': 'x' }] }, false],
    [{ missing: [{ exists: false }] }, true],
    [{ source: [{ exists: true }] }, true],
    [{ count: [{ numeric: ['>', 4, '<=', 5] }] }, true],
    [{ count: [{ numeric: ['=', 4] }] }, false],
    [{ count: ['5'] }, false],
    [{ tags: ['b'] }, true],
    [{ detail: { state: ['terminated'], none: [null] } }, true],
    [{ detail: { state: ['terminated'], other: ['x'] } }, false],
  ])('%j: %s', (pattern, matches) => expect(matcherOf(pattern, 'Pattern')(event)).toBe(matches));

  it.each([
    [{}],
    [{ source: 'aws.ec2' }],
    [{ source: [] }],
    [{ source: [{ cidr: '10.0.0.0/8' }] }],
    [{ source: [{ prefix: 'a', suffix: 'b' }] }],
    [{ count: [{ numeric: ['>'] }] }],
    [{ source: [{ prefix: 5 }] }],
  ])('%j is not understood', (pattern) => expect(() => matcherOf(pattern, 'Pattern')).toThrow(/^Pattern/));
});
