import { describe, expect, it } from 'vitest';
import { terminatedEvent } from '../../../functions/evidence/event.ts';

/** As the EC2 user guide has it. */
const event = {
  version: '0',
  id: '7bf73129-1428-4cd3-a780-95db273d1602',
  'detail-type': 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  account: '123456789012',
  time: '2026-11-11T21:29:54Z',
  region: 'us-east-1',
  resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111'],
  detail: { 'instance-id': 'i-abcd1111', state: 'terminated' },
};
const read = (over: object) => terminatedEvent(JSON.stringify({ ...event, ...over }));

describe('an event of EC2', () => {
  it('names the instance, and whose it is as AWS says it', () => {
    expect(read({})).toEqual({
      id: event.id,
      time: event.time,
      account: '123456789012',
      region: 'us-east-1',
      instance: 'i-abcd1111',
    });
    expect(read({ resources: [] })).toMatchObject({ instance: 'i-abcd1111' });
  });

  it.each<[string, object]>([
    ['another source', { source: 'my.ec2' }],
    ['another kind', { 'detail-type': 'EC2 Spot Instance Interruption Warning' }],
    ['another state', { detail: { ...event.detail, state: 'stopped' } }],
    [
      'an instance with another account before it',
      { detail: { ...event.detail, 'instance-id': '210987654321/i-abcd1111' } },
    ],
    ['a list of instances', { detail: { ...event.detail, 'instance-id': ['i-abcd1111'] } }],
    ['no account', { account: undefined }],
    ['an account that is none', { account: '123456789012/i-0' }],
    ['a Region that is none', { region: 'http://evil' }],
    ['a resource of another account', { resources: ['arn:aws:ec2:us-east-1:999999999999:instance/i-abcd1111'] }],
    ['a resource that is another instance', { resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-abcd2222'] }],
    ['two resources', { resources: [event.resources[0], event.resources[0]] }],
  ])('with %s is refused', (_, over) =>
    expect(() => read(over)).toThrow('No event of EC2 about one terminated instance'),
  );

  it.each(['', '[]', 'null', '{'])('is not %j', (text) =>
    expect(() => terminatedEvent(text)).toThrow('No event of EC2'),
  );
});
