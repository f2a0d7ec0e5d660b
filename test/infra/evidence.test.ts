/** Whose word counts: the props of a deployment, and what they come to. */
import { describe, expect, it } from 'vitest';
import { Lessor } from '../../infra/lessor.ts';
import type { LessorProps } from '../../infra/lessor-props.ts';
import { stackOf, templateOf } from './deployments.ts';

const of = (props: Partial<LessorProps>) =>
  templateOf(
    stackOf((stack) => new Lessor(stack, 'Ipam', { nodeRoles: { nodes: {} }, ...props })),
    'Network',
  );
const evidenceFunctions = (template: ReturnType<typeof of>) =>
  template.ofType('AWS::Lambda::Function').filter(([, { Properties }]) => /-evidence$/.test(Properties.FunctionName));

describe('evidence', () => {
  it.each<[string, Partial<LessorProps>]>([
    ['is switched off', { evidence: 'none' }],
    ['is of no use, since there are no nodes by role', { nodeRoles: 'none' }],
    ['is of no use, since no node is an EC2 instance', { nodeRoles: { racks: { sessions: 'others' } } }],
  ])('that %s is not collected: nothing is made for it', (_, props) => {
    const template = of(props);
    expect(evidenceFunctions(template)).toEqual([]);
    expect(template.ofType('AWS::SQS::Queue')).toEqual([]);
    expect(template.text).not.toContain('ec2:DescribeInstances');
    expect(template.text).not.toContain('evidence-');
  });

  it('of other accounts comes over a bus of its own, to which they alone may put, and as they alone', () => {
    const accounts = ['210987654321', '321098765432'];
    const template = of({ evidence: { accounts } });
    const buses = template
      .ofType('AWS::Events::EventBus')
      .filter(([, { Properties }]) => /-evidence$/.test(Properties.Name));
    expect(buses).toHaveLength(1);
    const policies = template.ofType('AWS::Events::EventBusPolicy').map(([, { Properties }]) => Properties);
    expect(policies).toHaveLength(2);
    for (const [index, { EventBusName, Statement }] of policies.entries()) {
      expect(EventBusName).toEqual({ Ref: buses[0]?.[0] });
      expect(Statement).toMatchObject({ Effect: 'Allow', Action: 'events:PutEvents' });
      expect(JSON.stringify(Statement.Principal)).toContain(`:iam::${accounts[index]}:root`);
    }
    const rules = template.ofType('AWS::Events::Rule').map(([, { Properties }]) => Properties);
    const [elsewhere, ...others] = rules.filter(({ EventBusName }) => EventBusName !== undefined);
    expect(others).toEqual([]);
    expect(elsewhere.EventPattern).toMatchObject({ source: ['aws.ec2'], account: accounts });
    const told = evidenceFunctions(template).map(([, { Properties }]) => Properties.Environment.Variables);
    expect(told).toMatchObject([{ LESSOR_EVIDENCE_ACCOUNTS: accounts.join() }]);
  });

  it('is collected by a function that has settings of its own like the others', () => {
    const [[, { Properties }] = ['', { Properties: undefined }]] = evidenceFunctions(
      of({ functions: { evidence: { memoryMb: 1769 } } }),
    );
    expect(Properties).toMatchObject({ MemorySize: 1769, Timeout: 60 });
  });

  it('is waited for by whoever judges silence', () => {
    const waits = (props: Partial<LessorProps>) =>
      of(props)
        .ofType('AWS::Lambda::Function')
        .filter(([, { Properties }]) => Properties.Environment?.Variables?.LESSOR_EVIDENCE === 'true')
        .map(([, { Properties }]) => /-([a-z]+)$/.exec(Properties.FunctionName)?.[1])
        .sort();
    expect([waits({}), waits({ evidence: 'none' })]).toEqual([['operate', 'reclaim'], []]);
  });

  it.each<[string, Partial<LessorProps>, string]>([
    [
      'settings of a function that is not there',
      { evidence: 'none', functions: { evidence: { memoryMb: 512 } } },
      'Ipam: functions.evidence is given, and there is no such function',
    ],
    ['an account by its name', { evidence: { accounts: ['prod'] } }, 'Ipam: evidence.accounts.0 is "prod"'],
    ['no account', { evidence: { accounts: [] } }, 'Ipam: evidence.accounts is []'],
    ['another word', { evidence: 'off' as 'none' }, 'Ipam: evidence is "off"'],
    ['evidence of no instances', { nodeRoles: 'none', evidence: {} }, 'nodeRoles has no role of EC2 instances'],
  ])('is refused with %s, by name', (_, props, message) => {
    expect(() => of(props)).toThrow(message);
  });
});
