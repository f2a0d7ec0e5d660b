/** The two kinds of events say the same request; what differs between them ends here. */
import type { APIGatewayProxyEvent, APIGatewayProxyEventV2WithIAMAuthorizer } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { type GatewayEvent, type GatewayRequest, requestOf } from '../../../functions/http/gateway-request.ts';

const ARN = 'arn:aws:sts::123456789012:assumed-role/lessor-node/i-0123456789abcdef0';

/** Of a REST API: as its developer guide shows it, without what nobody reads. */
const rest = (over: Partial<APIGatewayProxyEvent> = {}): GatewayEvent =>
  ({
    resource: '/v1/pools/{pool}/usage',
    path: '/v1/pools/blue/usage',
    httpMethod: 'GET',
    headers: { Host: 'a.example', 'Lessor-Contract': '1.3' },
    multiValueHeaders: { Host: ['a.example'], 'Lessor-Contract': ['1.3'] },
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: { pool: 'blue' },
    stageVariables: null,
    requestContext: { requestId: 'r-1', stage: 'prod', path: '/prod/v1/pools/blue/usage', identity: { userArn: ARN } },
    body: null,
    isBase64Encoded: false,
    ...over,
  }) as unknown as GatewayEvent;

/** Of an HTTP API. */
const http = (over: Partial<APIGatewayProxyEventV2WithIAMAuthorizer> = {}): GatewayEvent =>
  ({
    version: '2.0',
    routeKey: 'GET /v1/pools/{pool}/usage',
    rawPath: '/v1/pools/blue/usage',
    rawQueryString: '',
    headers: { host: 'a.example', 'lessor-contract': '1.3' },
    pathParameters: { pool: 'blue' },
    requestContext: {
      requestId: 'r-1',
      routeKey: 'GET /v1/pools/{pool}/usage',
      authorizer: { iam: { userArn: ARN } },
    },
    isBase64Encoded: false,
    ...over,
  }) as unknown as GatewayEvent;

const plain: GatewayRequest = {
  requestId: 'r-1',
  routeKey: 'GET /v1/pools/{pool}/usage',
  userArn: ARN,
  headers: { host: 'a.example', 'lessor-contract': '1.3' },
  query: {},
  path: { pool: 'blue' },
  body: '',
  isBase64Encoded: false,
};

describe('a request', () => {
  it.each([
    ['of an HTTP API', http()],
    ['of a REST API', rest()],
  ])('is the same %s', (_, event) => {
    expect(requestOf(event)).toEqual(plain);
  });

  it.each<[string, GatewayEvent]>([
    ['HTTP', http({ queryStringParameters: { vrf: 'a b,c', by: 'node' } })],
    [
      'REST',
      rest({
        queryStringParameters: { vrf: 'c', by: 'node' },
        multiValueQueryStringParameters: { vrf: ['a b', 'c'], by: ['node'] },
      }),
    ],
  ])('has each value of a repeated parameter, joined with commas: %s', (_, event) => {
    expect(requestOf(event).query).toEqual({ vrf: 'a b,c', by: 'node' });
  });

  it.each<[string, GatewayEvent]>([
    ['HTTP', http({ headers: { 'if-match': '"1","2"' } })],
    ['REST', rest({ headers: { 'If-Match': '"2"' }, multiValueHeaders: { 'If-Match': ['"1"'], 'if-match': ['"2"'] } })],
  ])('has headers by their names in lower case, repeated ones joined with commas: %s', (_, event) => {
    expect(requestOf(event).headers).toEqual({ 'if-match': '"1","2"' });
  });

  it('of a REST API has its path decoded once, as an HTTP API does', () => {
    const address = (text: string) => requestOf(rest({ pathParameters: { address: text } })).path.address;
    expect(['fd00%3A%3A5', 'fd00::5', 'a%2520b', '%', 'a+b'].map(address)).toEqual([
      'fd00::5',
      'fd00::5',
      'a%20b',
      '%',
      'a+b',
    ]);
  });

  it.each([
    ['HTTP', http],
    ['REST', rest],
  ])('has its body as it was sent, in base64 where it is no text: %s', (_, event) => {
    expect(requestOf(event({ body: '{"a":1}' }))).toMatchObject({ body: '{"a":1}', isBase64Encoded: false });
    expect(requestOf(event({ body: 'eyJhIjoxfQ==', isBase64Encoded: true }))).toMatchObject({
      body: 'eyJhIjoxfQ==',
      isBase64Encoded: true,
    });
  });

  it.each<[string, GatewayEvent]>([
    ['HTTP', http({ requestContext: { requestId: 'r-1' } } as never)],
    ['REST', rest({ requestContext: { requestId: 'r-1', identity: { userArn: null } } } as never)],
  ])('that nobody signed is of nobody: %s', (_, event) => {
    expect(requestOf(event).userArn).toBeUndefined();
  });
});
