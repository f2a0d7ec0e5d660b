import { describe, expect, it } from 'vitest';
import { type Resource, resolver } from '../../../local/stack/intrinsics.ts';
import { stackOf } from '../../../local/stack/stack-definition.ts';

const surroundings = {
  stack: 'Lessor',
  region: 'us-east-1',
  account: '000000000000',
  endpoint: 'http://127.0.0.1:8470',
};

const attribute = (id: string, name = 'Arn') => ({ 'Fn::GetAtt': [id, name] });
const document = (Action: string, target: unknown, more: object = {}) => ({
  Statement: [{ Effect: 'Allow', Action, Resource: target, ...more }],
});

const resources: Record<string, Resource> = {
  Leases: {
    Type: 'AWS::DynamoDB::GlobalTable',
    Properties: {
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    },
  },
  Role: { Type: 'AWS::IAM::Role' },
  OtherRole: { Type: 'AWS::IAM::Role' },
  Rights: {
    Type: 'AWS::IAM::Policy',
    Properties: { PolicyDocument: document('dynamodb:PutItem', attribute('Leases')), Roles: [{ Ref: 'Role' }] },
  },
  OtherRights: {
    Type: 'AWS::IAM::Policy',
    Properties: { PolicyDocument: document('dynamodb:Query', attribute('Leases')), Roles: [{ Ref: 'OtherRole' }] },
  },
  Allocate: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: 'Lessor-allocate',
      Code: { S3Key: 'abc.zip' },
      Handler: 'index.handler',
      Role: attribute('Role'),
      Timeout: 10,
      MemorySize: 256,
      Environment: { Variables: { TABLE: { Ref: 'Leases' }, FIXED: 'text' } },
    },
  },
  Api: { Type: 'AWS::ApiGatewayV2::Api' },
  Stage: {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: {
      ApiId: { Ref: 'Api' },
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 50 },
    },
  },
  Integration: {
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: { IntegrationUri: attribute('Allocate'), PayloadFormatVersion: '2.0' },
  },
  Route: {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      RouteKey: 'POST /v1/leases',
      AuthorizationType: 'AWS_IAM',
      Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
    },
  },
  Clock: {
    Type: 'AWS::Events::Rule',
    Properties: {
      ScheduleExpression: 'rate(5 minutes)',
      Targets: [{ Arn: attribute('Allocate'), Input: '{"source":"clock"}' }],
    },
  },
  Changes: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: attribute('Leases', 'StreamArn'),
      FunctionName: { Ref: 'Allocate' },
      BatchSize: 50,
      StartingPosition: 'TRIM_HORIZON',
      TumblingWindowInSeconds: 900,
    },
  },
  Node: {
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: {
      PolicyDocument: document('execute-api:Invoke', {
        'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':execute-api:', { Ref: 'Api' }, '/*']],
      }),
    },
  },
  Operator: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: document('execute-api:Invoke', 'x') } },
};

const assets = { files: { abc: { source: { path: 'asset.abc' } } } };
const Outputs = { NodePolicyArn: { Value: { Ref: 'Node' } }, OperatorPolicyArn: { Value: { Ref: 'Operator' } } };
const read = (changes: Record<string, Resource> = {}) =>
  stackOf({ Resources: { ...resources, ...changes }, Outputs }, assets, '/assembly', surroundings);

/** The resource with some properties changed. */
function changed(id: string, properties: Record<string, unknown>): Record<string, Resource> {
  const { Type, Properties } = resources[id] as Resource;
  return { [id]: { Type, Properties: { ...Properties, ...properties } } };
}

describe('a synthesized template', () => {
  it('tells what the stack is made of', () => {
    const arn = 'arn:aws:dynamodb:us-east-1:000000000000:table/Lessor-Leases';
    expect(read()).toEqual({
      tables: [
        {
          name: 'Lessor-Leases',
          arn,
          keySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          attributes: [{ AttributeName: 'pk', AttributeType: 'S' }],
          stream: 'NEW_AND_OLD_IMAGES',
        },
      ],
      functions: [
        {
          name: 'allocate',
          functionName: 'Lessor-allocate',
          arn: 'arn:aws:lambda:us-east-1:000000000000:function:Lessor-allocate',
          code: '/assembly/asset.abc',
          handler: 'index.handler',
          environment: { TABLE: 'Lessor-Leases', FIXED: 'text' },
          timeoutMs: 10_000,
          memoryMb: 256,
          roleArn: 'arn:aws:iam::000000000000:role/Lessor-Role',
          rights: [{ effect: 'Allow', actions: ['dynamodb:PutItem'], resources: [arn] }],
        },
      ],
      api: {
        kind: 'http',
        id: 'api',
        stage: '$default',
        throttle: { rate: 100, burst: 50 },
        routes: [{ key: 'POST /v1/leases', function: 'allocate', timeoutMs: 30_000 }],
      },
      schedules: [{ function: 'allocate', everyMs: 300_000, input: { source: 'clock' } }],
      changes: [{ table: 'Lessor-Leases', function: 'allocate', batchSize: 50, hasWindow: true }],
      events: { buses: [], rules: [], queues: [], queueSources: [] },
      customResources: [],
      policies: {
        node: [{ effect: 'Allow', actions: ['execute-api:Invoke'], resources: ['arn:aws:execute-api:api/*'] }],
        operator: [{ effect: 'Allow', actions: ['execute-api:Invoke'], resources: ['x'] }],
      },
    });
  });

  it('with an alias of a function leads to that function, as routes, schedules and streams call it', () => {
    const live = { Ref: 'Live' };
    const name = { 'Fn::Join': ['', [{ 'Fn::Select': [6, { 'Fn::Split': [':', live] }] }, ':live']] };
    const { api, schedules, changes } = read({
      Live: { Type: 'AWS::Lambda::Alias', Properties: { FunctionName: { Ref: 'Allocate' }, Name: 'live' } },
      ...changed('Integration', { IntegrationUri: live }),
      ...changed('Clock', { Targets: [{ Arn: live, Input: '{"source":"clock"}' }] }),
      ...changed('Changes', { FunctionName: name }),
    });
    const { api: direct, ...others } = read();
    expect({ api, schedules, changes }).toEqual({
      api: direct,
      schedules: others.schedules,
      changes: others.changes,
    });
  });

  it('tells some changes only, without a window, where a source has a filter', () => {
    const FilterCriteria = { Filters: [{ Pattern: '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"N#"}]}}}}' }] };
    const [source] = read(changed('Changes', { FilterCriteria, TumblingWindowInSeconds: undefined })).changes;
    const isTold = (S: string) => source?.isTold?.({ dynamodb: { Keys: { pk: { S } } } });
    expect([source?.hasWindow, isTold('N#i-1'), isTold('U')]).toEqual([false, true, false]);
  });

  it("has the account's throttle where its stage has none", () => {
    const { api } = read(changed('Stage', { DefaultRouteSettings: undefined }));
    expect(api.throttle).toEqual({ rate: 10_000, burst: 5000 });
  });

  const variables = (value: unknown) => changed('Allocate', { Environment: { Variables: { TABLE: value } } });
  it.each<[string, Record<string, Resource>, string]>([
    [
      'an intrinsic that is not known',
      variables({ 'Fn::ImportValue': 'x' }),
      'Allocate.Environment.Variables.TABLE has the intrinsic {"Fn::ImportValue":"x"}',
    ],
    [
      'an attribute that is not known',
      variables(attribute('Leases', 'StreamLabel')),
      'Allocate.Environment.Variables.TABLE has the intrinsic {"Fn::GetAtt":["Leases","StreamLabel"]}',
    ],
    [
      'a resource that is not there',
      variables({ Ref: 'Pools' }),
      'Allocate.Environment.Variables.TABLE refers to Pools, which is not in the template',
    ],
    [
      'a resource of a type that is not known',
      { ...variables({ Ref: 'Topic' }), Topic: { Type: 'AWS::SNS::Topic' } },
      'refers to Topic of type AWS::SNS::Topic',
    ],
    [
      'an asset that is not in the manifest',
      changed('Allocate', { Code: { S3Key: 'def.zip' } }),
      'Allocate.Code names the asset def',
    ],
    [
      'changes of a table that has no stream',
      changed('Leases', { StreamSpecification: undefined }),
      "Changes.EventSourceArn is arn:aws:dynamodb:us-east-1:000000000000:table/Lessor-Leases/stream/local, which is no table's",
    ],
    [
      'a statement with a condition',
      changed('Node', { PolicyDocument: document('a', 'b', { Condition: {} }) }),
      'Node has a statement with Condition',
    ],
    ['a property that should be text', changed('Allocate', { Handler: 1 }), 'Allocate.Handler is 1 and not text'],
    [
      'two stages',
      { Stage2: resources.Stage as Resource },
      'The template has not exactly one AWS::ApiGatewayV2::Stage',
    ],
  ])('with %s is refused, by name', (_, changes, message) => {
    expect(() => read(changes)).toThrow(message);
  });

  it.each([
    ['a route that IAM does not guard', 'Route', { AuthorizationType: 'NONE' }, ' has not AuthorizationType AWS_IAM'],
    [
      'a longer time-out than an HTTP API has',
      'Integration',
      { TimeoutInMillis: 30_001 },
      '.TimeoutInMillis is 30001: an HTTP API takes 50 to 30000',
    ],
    ['another payload format', 'Integration', { PayloadFormatVersion: '1.0' }, ' has not PayloadFormatVersion 2.0'],
    [
      'a schedule that is no rate',
      'Clock',
      { ScheduleExpression: 'cron(0 * * * ? *)' },
      '.ScheduleExpression is cron(0 * * * ? *)',
    ],
    [
      'changes for a function that is not there',
      'Changes',
      { FunctionName: 'Lessor-other' },
      '.FunctionName is Lessor-other, which is no function',
    ],
    ['changes from now on only', 'Changes', { StartingPosition: 'LATEST' }, ' has not StartingPosition TRIM_HORIZON'],
    ['changes without a window', 'Changes', { TumblingWindowInSeconds: undefined }, ' has no TumblingWindowInSeconds'],
  ])('with %s is refused, by the name of %s', (_, id, properties, says) => {
    expect(() => read(changed(id, properties))).toThrow(`${id}${says}`);
  });
});

describe('an intrinsic function', () => {
  const resolve = resolver(resources, surroundings);

  it('is resolved wherever it stands', () => {
    const value = { list: [{ Ref: 'AWS::Region' }, 1, null], deep: { Ref: 'plain text', other: true } };
    expect(resolve(value, 'here')).toEqual({ list: ['us-east-1', 1, null], deep: { Ref: 'plain text', other: true } });
    expect(resolve(attribute('Api', 'ApiEndpoint'), 'here')).toBe('http://127.0.0.1:8470');
  });
});
