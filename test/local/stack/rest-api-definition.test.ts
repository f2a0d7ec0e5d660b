/** A template with a REST API, as CDK writes one. */
import { describe, expect, it } from 'vitest';
import { apiIn } from '../../../local/stack/api-definition.ts';
import type { Resource } from '../../../local/stack/intrinsics.ts';
import { templateReader } from '../../../local/stack/template-reader.ts';

const surroundings = { stack: 'Lessor', region: 'us-east-1', account: '000000000000', endpoint: 'http://127.0.0.1:1' };
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:Lessor-operate';
const functions = [{ name: 'operate', arn: functionArn }] as unknown as Parameters<typeof apiIn>[1];

const root = { 'Fn::GetAtt': ['Api', 'RootResourceId'] };
const resource = (ParentId: unknown, PathPart: string): Resource => ({
  Type: 'AWS::ApiGateway::Resource',
  Properties: { ParentId, PathPart, RestApiId: { Ref: 'Api' } },
});
const uri = (arn: unknown) => ({
  'Fn::Join': [
    '',
    ['arn:', { Ref: 'AWS::Partition' }, ':apigateway:us-east-1:lambda:path/2015-03-31/functions/', arn, '/invocations'],
  ],
});
const method = (HttpMethod: string, ResourceId: unknown, over: object = {}, integration: object = {}): Resource => ({
  Type: 'AWS::ApiGateway::Method',
  Properties: {
    HttpMethod,
    ResourceId,
    RestApiId: { Ref: 'Api' },
    AuthorizationType: 'AWS_IAM',
    Integration: { Type: 'AWS_PROXY', Uri: uri({ 'Fn::GetAtt': ['Operate', 'Arn'] }), ...integration },
    ...over,
  },
});

const resources: Record<string, Resource> = {
  Operate: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'Lessor-operate' } },
  Api: { Type: 'AWS::ApiGateway::RestApi' },
  V1: resource(root, 'v1'),
  Pools: resource({ Ref: 'V1' }, 'pools'),
  Pool: resource({ Ref: 'Pools' }, '{pool}'),
  List: method('GET', { Ref: 'Pools' }),
  Change: method('PATCH', { Ref: 'Pool' }, {}, { TimeoutInMillis: 10_000 }),
  Deployment: { Type: 'AWS::ApiGateway::Deployment' },
  Stage: {
    Type: 'AWS::ApiGateway::Stage',
    Properties: {
      RestApiId: { Ref: 'Api' },
      DeploymentId: { Ref: 'Deployment' },
      StageName: 'prod',
      MethodSettings: [
        { HttpMethod: '*', ResourcePath: '/*', ThrottlingRateLimit: 0, ThrottlingBurstLimit: 0, LoggingLevel: 'OFF' },
      ],
    },
  },
};
const read = (changes: Record<string, Resource> = {}) =>
  apiIn(templateReader({ Resources: { ...resources, ...changes } }, surroundings), functions);

describe('a REST API', () => {
  it('is read with its stage, its throttle, and each method as a route', () => {
    expect(read()).toEqual({
      kind: 'rest',
      id: 'api',
      stage: 'prod',
      throttle: { rate: 0, burst: 0 },
      routes: [
        { key: 'GET /v1/pools', function: 'operate', timeoutMs: 29_000 },
        { key: 'PATCH /v1/pools/{pool}', function: 'operate', timeoutMs: 10_000 },
      ],
    });
  });

  it.each<[string, Record<string, Resource>, string]>([
    [
      'a method that IAM does not guard',
      { List: method('GET', root, { AuthorizationType: 'NONE' }) },
      'List has not AuthorizationType AWS_IAM',
    ],
    [
      'another integration',
      { List: method('GET', root, {}, { Type: 'MOCK' }) },
      'List has not the integration AWS_PROXY',
    ],
    [
      'a longer time-out than a REST API has',
      { List: method('GET', root, {}, { TimeoutInMillis: 29_001 }) },
      'List.TimeoutInMillis is 29001: a REST API takes 50 to 29000',
    ],
    [
      'a function that is not there',
      { List: method('GET', root, {}, { Uri: uri('arn:aws:lambda:us-east-1:000000000000:function:x') }) },
      'List leads to arn:aws:lambda:us-east-1:000000000000:function:x, which is no function',
    ],
  ])('with %s is refused, by name', (_, changes, says) => {
    expect(() => read(changes)).toThrow(says);
  });
});
