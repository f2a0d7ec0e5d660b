/** The local API Gateway as a REST API: the stage in the path, the event, the refusals; and the plugin's own client in front of it. */
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiClient } from '../../../cni-shim/api/client.ts';
import { machine } from '../../../cni-shim/machine/surroundings.ts';
import { type LocalFunction, localFunction } from '../../../local/aws/function.ts';
import { type GatewayParts, serve } from '../../../local/aws/gateway.ts';
import { ec2Node, type Identity, newAccessKeys, operatorUser } from '../../../local/aws/identities.ts';
import { listen, portOf } from '../../../local/aws/loopback-server.ts';
import { type Signing, send, signed } from './sigv4.ts';

const [region, account] = ['us-east-1', '000000000000'];
const node = ec2Node(account, 'lessor-node', 'i-0123456789abcdef0');
const stranger = { ...operatorUser(account), name: 'stranger' };
const callers = new Map([[node.accessKeyId, node]]);
const allowed = ['GET/v1/addresses/*', 'POST/answers', 'POST/breaks', 'POST/hangs', 'POST/v1/releases'].map(
  (route) => `arn:aws:execute-api:${region}:${account}:api/prod/${route}`,
);

const functions = new Map(['echo.telling', 'echo.answering', 'trouble.handler'].map((name) => [name, fixture(name)]));
const servers: Server[] = [];
let endpoint: string;

function fixture(handler: string): LocalFunction {
  const definition = {
    name: handler,
    functionName: `Lessor-${handler}`,
    arn: `arn:aws:lambda:${region}:${account}:function:${handler}`,
    code: fileURLToPath(new URL('fixtures', import.meta.url)),
    handler,
    environment: {},
    timeoutMs: 10_000,
    memoryMb: 256,
    roleArn: `arn:aws:iam::${account}:role/fixture`,
    rights: [],
  };
  const surroundings = { region, dynamodb: 'http://127.0.0.1:1', credentials: newAccessKeys(), environments: 1 };
  return localFunction(definition, surroundings);
}

const route = (key: string, name: string, timeoutMs = 29_000) => ({ key, function: name, timeoutMs });

async function gateway(changes: Partial<GatewayParts['api']> = {}): Promise<string> {
  const server = await listen(0);
  servers.push(server);
  serve(server, {
    api: {
      kind: 'rest',
      id: 'api',
      stage: 'prod',
      throttle: { rate: 1000, burst: 1000 },
      routes: [
        route('GET /v1/addresses/{address}', 'echo.telling'),
        route('POST /v1/releases', 'echo.answering'),
        route('POST /v1/pools', 'echo.telling'),
        route('POST /answers', 'echo.answering'),
        route('POST /breaks', 'trouble.handler'),
        route('POST /hangs', 'trouble.handler', 50),
      ],
      ...changes,
    },
    region,
    account,
    callerOf: (accessKeyId) => callers.get(accessKeyId),
    rightsOf: () => [{ effect: 'Allow', actions: ['execute-api:Invoke'], resources: allowed }],
    invoke: (name, event) => {
      const fn = functions.get(name) as LocalFunction;
      return fn.invoke(name === 'trouble.handler' ? JSON.parse((event as { body: string }).body) : event);
    },
  });
  return `http://127.0.0.1:${portOf(server)}`;
}

beforeAll(async () => {
  endpoint = await gateway();
});
afterAll(async () => {
  for (const server of servers) server.close().closeAllConnections();
  await Promise.all([...functions.values()].map((fn) => fn.stop()));
});

const call = (identity: Identity, signing: Signing, at = endpoint): Promise<Response> =>
  send(at, signed(identity, { ...signing, headers: { host: new URL(at).host, ...signing.headers } }));
const post = (path: string, body: unknown): Signing => ({ method: 'POST', path, body: JSON.stringify(body) });

describe('the event of a request to a REST API', () => {
  it('has the caller, the request id, and the path as it was sent, without the stage', async () => {
    const path = '/prod/v1/addresses/fd00%3A1%3A%3A5';
    const response = await call(node, { path, query: 'vrf=a%20b&vrf=c', headers: { 'x-some': 'one' } });
    const { event } = (await response.json()) as { event: Record<string, never> };
    expect(event).toMatchObject({
      resource: '/v1/addresses/{address}',
      path: '/v1/addresses/fd00%3A1%3A%3A5',
      httpMethod: 'GET',
      pathParameters: { address: 'fd00%3A1%3A%3A5' },
      queryStringParameters: { vrf: 'c' },
      multiValueQueryStringParameters: { vrf: ['a b', 'c'] },
      multiValueHeaders: { 'x-some': ['one'] },
      body: null,
      isBase64Encoded: false,
      requestContext: {
        stage: 'prod',
        path,
        requestId: response.headers.get('x-amzn-requestid'),
        identity: { userArn: node.userArn, accessKey: node.accessKeyId, sourceIp: '127.0.0.1' },
      },
    });
    expect(event).not.toHaveProperty('version');
  });
});

describe('the answer of a REST API', () => {
  const failed = [502, 'InternalServerErrorException', { message: 'Internal server error' }];
  const outcome = async (response: Response) => [
    response.status,
    response.headers.get('x-amzn-errortype'),
    await response.json(),
  ];

  it("is the function's", async () => {
    const response = await call(node, post('/prod/answers', { statusCode: 201, headers: { ETag: '"1"' }, body: '{}' }));
    expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([201, '"1"', '{}']);
  });

  it.each<[string, string, object]>([
    ['returns no status', '/prod/answers', { any: 'thing' }],
    ['returns what a REST API does not know', '/prod/answers', { statusCode: 200, body: '', cookies: [] }],
    ['fails', '/prod/breaks', { act: 'throw' }],
  ])('is 502 where the function %s', async (_, path, body) => {
    expect(await outcome(await call(node, post(path, body)))).toEqual(failed);
  });

  it('is 504 where the function takes longer than the API waits', async () => {
    const answer = await outcome(await call(node, post('/prod/hangs', { act: 'hang' })));
    expect(answer).toEqual([504, 'InternalServerErrorException', { message: 'Endpoint request timed out' }]);
  });

  it.each<[string, () => Promise<Response>, [number, string, object]]>([
    [
      'a path without the stage',
      () => call(node, { path: '/v1/addresses/10.1.0.5' }),
      [403, 'ForbiddenException', { message: 'Forbidden' }],
    ],
    [
      'a path that is no route',
      () => call(node, { path: '/prod/v2/addresses/10.1.0.5' }),
      [403, 'MissingAuthenticationTokenException', { message: 'Missing Authentication Token' }],
    ],
    [
      'a key that nobody has',
      () => call(stranger, { path: '/prod/v1/addresses/10.1.0.5' }),
      [403, 'InvalidSignatureException', { message: expect.stringContaining('does not match') }],
    ],
    [
      'a caller whose policy does not name the route',
      () => call(node, post('/prod/v1/pools', {})),
      [403, 'AccessDeniedException', { Message: expect.stringContaining(`User: ${node.userArn} is not authorized`) }],
    ],
    [
      'a head of more than a private API takes',
      () => call(node, { path: '/prod/v1/addresses/10.1.0.5', headers: { 'x-long': 'x'.repeat(8_000) } }),
      [431, 'BadRequestException', { message: expect.any(String) }],
    ],
  ])('refuses %s', async (_, ask, expected) => {
    expect(await outcome(await ask())).toEqual(expected);
  });

  it('is 429 to everybody where its throttle is 0', async () => {
    const closed = await gateway({ throttle: { rate: 0, burst: 0 } });
    const answer = await outcome(await call(node, { path: '/prod/v1/addresses/10.1.0.5' }, closed));
    expect(answer).toEqual([429, 'TooManyRequestsException', { message: 'Too Many Requests' }]);
  });
});

describe('the plugin in front of a REST API', () => {
  const attachment = { network: 'net', containerId: 'c1', ifname: 'eth0' };
  const release = (url: string) =>
    apiClient({
      endpoint: new URL(url),
      region,
      credentials: { get: async () => ({ credentials: node, cached: false }) },
      surroundings: machine({}),
      limits: { attempt: 4_000, total: 4_000 },
    }).release({ attachment, acknowledged: false });

  it.each(['/prod', '/prod/'])('signs the path with its stage, where its endpoint ends with %s', async (path) => {
    // The function answers what it was sent, which is no release: the signature was right, and so was the route.
    await expect(release(`${endpoint}${path}`)).rejects.toThrow(/answered 502/);
  });

  it.each([
    ['without a stage', '', 'auth.denied', /check host and stage of endpoint/],
    ['below another path of the stage', '/prod/lessor', 'route.unknown', /check the path of endpoint/],
  ])('says what is wrong with an endpoint %s', async (_, path, code, says) => {
    await expect(release(`${endpoint}${path}`)).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
  });
});
