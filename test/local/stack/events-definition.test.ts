/** Buses, rules and queues of a template, as CDK writes them. */
import { describe, expect, it } from 'vitest';
import { eventsIn } from '../../../local/stack/events-definition.ts';
import type { Resource } from '../../../local/stack/intrinsics.ts';
import { templateReader } from '../../../local/stack/template-reader.ts';

const surroundings = { stack: 'Lessor', region: 'us-east-1', account: '000000000000', endpoint: 'http://127.0.0.1:1' };
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:Lessor-evidence';
const functions = [{ name: 'evidence', functionName: 'Lessor-evidence', arn: functionArn }] as unknown as Parameters<
  typeof eventsIn
>[1];

const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const pattern = { source: ['aws.ec2'] };
const resources: Record<string, Resource> = {
  Evidence: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'Lessor-evidence' } },
  Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'Lessor-others' } },
  Queue: {
    Type: 'AWS::SQS::Queue',
    Properties: {
      DelaySeconds: 45,
      VisibilityTimeout: 60,
      RedrivePolicy: { deadLetterTargetArn: arnOf('Dead'), maxReceiveCount: 3 },
    },
  },
  Dead: { Type: 'AWS::SQS::Queue' },
  Policy: {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: 'sqs:SendMessage',
            Principal: { Service: 'events.amazonaws.com' },
            Resource: arnOf('Queue'),
            Condition: { ArnEquals: { 'aws:SourceArn': arnOf('Rule') } },
          },
        ],
      },
    },
  },
  Rule: {
    Type: 'AWS::Events::Rule',
    Properties: { EventPattern: pattern, Targets: [{ Id: 'Queue', Arn: arnOf('Queue') }] },
  },
  Other: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventBusName: { Ref: 'Bus' },
      EventPattern: pattern,
      Targets: [{ Id: 'Fn', Arn: arnOf('Evidence') }],
    },
  },
  Clock: { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression: 'rate(1 hour)', Targets: [] } },
  Told: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: arnOf('Queue'),
      FunctionName: arnOf('Evidence'),
      BatchSize: 5,
      MaximumBatchingWindowInSeconds: 2,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    },
  },
};

function read(id?: string, properties: Readonly<Record<string, unknown>> = {}) {
  const { Type, Properties } = resources[id ?? 'Rule'] as Resource;
  const changed = id === undefined ? {} : { [id]: { Type, Properties: { ...Properties, ...properties } } };
  return eventsIn(templateReader({ Resources: { ...resources, ...changed } }, surroundings), functions);
}

describe('the events of a template', () => {
  it('are its buses, the rules with a pattern, the queues, and the functions that are told them', () => {
    const [queue, dead] = ['Queue', 'Dead'].map((id) => `arn:aws:sqs:us-east-1:000000000000:Lessor-${id}`);
    expect(read()).toEqual({
      buses: ['Lessor-others'],
      rules: [
        { id: 'Rule', bus: 'default', pattern, targets: [{ kind: 'queue', arn: queue }] },
        { id: 'Other', bus: 'Lessor-others', pattern, targets: [{ kind: 'function', name: 'evidence' }] },
      ],
      queues: [
        { arn: queue, delayMs: 45_000, visibilityMs: 60_000, redrive: { arn: dead, mostReceives: 3 } },
        { arn: dead, delayMs: 0, visibilityMs: 30_000 },
      ],
      queueSources: [
        { queue, function: 'evidence', batchSize: 5, windowMs: 2000, reportsFailures: true, concurrency: 2 },
      ],
    });
  });

  it.each([
    ['a queue to which EventBridge may not send', 'Policy', { PolicyDocument: { Statement: [] } }, 'Rule leads to'],
    ['a target with an input of its own', 'Rule', { Targets: [{ Arn: arnOf('Queue'), InputPath: '$' }] }, 'InputPath'],
    ['a target that is no function', 'Rule', { Targets: [{ Arn: 'arn:aws:sns:x' }] }, 'Rule leads to arn:aws:sns:x'],
    ['a rule that is disabled', 'Rule', { State: 'DISABLED' }, 'Rule is disabled'],
    ['a FIFO queue', 'Queue', { FifoQueue: true }, 'Queue is a FIFO queue'],
    ['a filter before a function', 'Told', { FilterCriteria: {} }, 'Told has FilterCriteria'],
    ['a function that is not there', 'Told', { FunctionName: 'other' }, 'Told.FunctionName is other'],
    ['a queue that is not there', 'Told', { EventSourceArn: 'arn:aws:sqs:x' }, 'Told reads arn:aws:sqs:x'],
  ])('with %s are refused, by name', (_, id, properties, message) => {
    expect(() => read(id, properties)).toThrow(message);
  });
});
