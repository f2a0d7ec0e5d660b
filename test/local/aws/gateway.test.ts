import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalFunction, localFunction } from '../../../local/aws/function.ts';
import { serve } from '../../../local/aws/gateway.ts';
import { ec2Node, type Identity, newAccessKeys, operatorUser } from '../../../local/aws/identities.ts';
import { listen, portOf } from '../../../local/aws/loopback-server.ts';
import { type Signing, send, signed } from './sigv4.ts';

const account = '000000000000';
const region = 'us-east-1';
const node = ec2Node(account, 'lessor-node', 'i-0123456789abcdef0');
const operator = operatorUser(account);
const stranger = { ...operatorUser(account), name: 'stranger' };
const callers = new Map([node, operator].map((identity) => [identity.accessKeyId, identity]));

const allowed = (...routes: string[]) => [
  {
    effect: 'Allow' as const,
    actions: ['execute-api:Invoke'],
    resources: routes.map((route) => `arn:aws:execute-api:${region}:${account}:api/$default/${route}`),
  },
];
const policies = {
  node: allowed('POST/v1/leases', 'POST/answers', 'POST/hangs', 'POST/breaks'),
  operator: allowed('GET/v1/pools', 'GET/v1/pools/*/leases'),
};

const route = (key: string, name: string, timeoutMs = 30_000) => ({ key, function: name, timeoutMs });

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

const functions = new Map(['echo.handler', 'echo.answering', 'trouble.handler'].map((name) => [name, fixture(name)]));
let server: Server;
let endpoint: string;

beforeAll(async () => {
  server = await listen(0);
  endpoint = `http://127.0.0.1:${portOf(server)}`;
  serve(server, {
    api: {
      kind: 'http',
      id: 'api',
      stage: '$default',
      throttle: { rate: 1000, burst: 1000 },
      routes: [
        route('POST /v1/leases', 'echo.handler'),
        route('GET /v1/pools', 'echo.handler'),
        route('GET /v1/pools/{pool}/leases', 'echo.handler'),
        route('POST /answers', 'echo.answering'),
        route('POST /breaks', 'trouble.handler'),
        route('POST /hangs', 'trouble.handler', 20),
      ],
    },
    region,
    account,
    callerOf: (accessKeyId) => callers.get(accessKeyId),
    rightsOf: ({ policy }) => policies[policy],
    invoke: (name, event) => {
      const fn = functions.get(name);
      if (fn === undefined) throw new Error(`no fixture ${name}`);
      // The misbehaving fixture takes its orders from the event itself.
      return fn.invoke(name === 'trouble.handler' ? JSON.parse(String((event as { body: string }).body)) : event);
    },
  });
});

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await Promise.all([...functions.values()].map((fn) => fn.stop()));
});

function call(identity: Identity, signing: Signing): Promise<Response> {
  const host = new URL(endpoint).host;
  return send(endpoint, signed(identity, { ...signing, headers: { host, ...signing.headers } }));
}

async function outcome(response: Response): Promise<[number, unknown]> {
  return [response.status, await response.json()];
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Signing => ({
  method: 'POST',
  path,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

describe('the event of a request', () => {
  it("is API Gateway's payload format 2.0, with the caller as IAM knows it", async () => {
    const response = await call(node, post('/v1/leases', { a: 1 }, { 'user-agent': 'lessor/1' }));
    const { event } = (await response.json()) as { event: Record<string, never> };
    const { headers, requestContext, ...rest } = event as Record<string, Record<string, unknown>>;
    expect(rest).toEqual({
      version: '2.0',
      routeKey: 'POST /v1/leases',
      rawPath: '/v1/leases',
      rawQueryString: '',
      body: '{"a":1}',
      isBase64Encoded: false,
    });
    expect(requestContext).toEqual({
      accountId: account,
      apiId: 'api',
      authorizer: {
        iam: {
          accessKey: node.accessKeyId,
          accountId: account,
          callerId: node.userId,
          cognitoIdentity: null,
          principalOrgId: 'aws:PrincipalOrgID',
          userArn: 'arn:aws:sts::000000000000:assumed-role/lessor-node/i-0123456789abcdef0',
          userId: node.userId,
        },
      },
      domainName: '127.0.0.1',
      domainPrefix: '127',
      http: {
        method: 'POST',
        path: '/v1/leases',
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'lessor/1',
      },
      requestId: response.headers.get('apigw-requestid'),
      routeKey: 'POST /v1/leases',
      stage: '$default',
      time: expect.stringMatching(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      timeEpoch: expect.any(Number),
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '7',
      host: new URL(endpoint).host,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-port': new URL(endpoint).port,
      'x-forwarded-proto': 'http',
    });
  });

  it('has query and path parameters where the request has them, repeated ones joined with commas', async () => {
    const response = await call(operator, { path: '/v1/pools/a.b/leases', query: 'vrf=a%20b&vrf=c' });
    const { event } = (await response.json()) as { event: Record<string, unknown> };
    expect(event).toMatchObject({
      routeKey: 'GET /v1/pools/{pool}/leases',
      rawPath: '/v1/pools/a.b/leases',
      rawQueryString: 'vrf=a%20b&vrf=c',
      pathParameters: { pool: 'a.b' },
      queryStringParameters: { vrf: 'a b,c' },
      isBase64Encoded: false,
    });
    expect(event).not.toHaveProperty('body');
  });

  it('has cookies apart, and a body that is no text in base64', async () => {
    const signing: Signing = { method: 'POST', path: '/v1/leases', body: 'a=1', headers: { cookie: 'x=1; y=2' } };
    const headers = { ...signing.headers, 'content-type': 'application/x-www-form-urlencoded' };
    const { event } = (await (await call(node, { ...signing, headers })).json()) as { event: Record<string, unknown> };
    expect(event).toMatchObject({ cookies: ['x=1', 'y=2'], body: 'YT0x', isBase64Encoded: true });
    expect(event.headers).not.toHaveProperty('cookie');
  });
});

describe('the answer to a request', () => {
  it("is the function's: status, headers, cookies, body", async () => {
    const response = await call(node, post('/v1/leases', {}));
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-custom')).toBe('yes');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it('is decoded from base64 where the function says so', async () => {
    const response = await call(node, post('/answers', { statusCode: 200, body: 'aMOp', isBase64Encoded: true }));
    expect([response.status, await response.text()]).toEqual([200, 'hé']);
  });

  it('is JSON with status 200 where the function returns no status', async () => {
    const response = await call(node, post('/answers', { any: ['thing'] }));
    expect(await outcome(response)).toEqual([200, { any: ['thing'] }]);
    expect(response.headers.get('content-type')).toBe('application/json');
  });

  it.each([
    ['has a status that is none', { statusCode: 'two hundred' }],
    ['has a body that is no text', { statusCode: 200, body: { a: 1 } }],
  ])('is 500 where what the function returns %s', async (_, result) => {
    const response = await call(node, post('/answers', result));
    expect(await outcome(response)).toEqual([500, { message: 'Internal Server Error' }]);
  });

  it.each(['throw', 'exit'])('is 500 without the cause where the function fails (%s)', async (act) => {
    expect(await outcome(await call(node, post('/breaks', { act })))).toEqual([
      500,
      { message: 'Internal Server Error' },
    ]);
  });

  it('is 503 where the function takes longer than the API waits', async () => {
    expect(await outcome(await call(node, post('/hangs', { act: 'hang' })))).toEqual([
      503,
      { message: 'Service Unavailable' },
    ]);
  });
});

describe('access', () => {
  const forbidden = [403, { message: 'Forbidden' }];

  it('is refused to whoever does not sign', async () => {
    expect(await outcome(await fetch(`${endpoint}/v1/pools`))).toEqual(forbidden);
  });

  it('is refused to a key that nobody has', async () => {
    expect(await outcome(await call(stranger, { path: '/v1/pools' }))).toEqual(forbidden);
  });

  it('is refused where the signature is of another request', async () => {
    const request = signed(node, post('/v1/leases', { a: 1 }, { host: new URL(endpoint).host }));
    const changed = { ...request, body: Buffer.from('{"a":2}') };
    expect(await outcome(await send(endpoint, changed))).toEqual(forbidden);
    expect((await send(endpoint, request)).status).toBe(201);
  });

  it("is refused where the caller's policy does not name the route", async () => {
    expect(await outcome(await call(node, { path: '/v1/pools' }))).toEqual(forbidden);
    expect(await outcome(await call(operator, post('/v1/leases', {})))).toEqual(forbidden);
  });

  it.each([
    ['GET', '/v1/leases'],
    ['POST', '/v1/leases/'],
    ['GET', '/v1/pools//leases'],
    ['GET', '/'],
  ])('needs a route: %s %s has none', async (method, path) => {
    expect(await outcome(await fetch(`${endpoint}${path}`, { method }))).toEqual([404, { message: 'Not Found' }]);
  });
});

describe('a port', () => {
  it('that is taken is an error which names it and says what to do', async () => {
    const port = portOf(server);
    await expect(listen(port)).rejects.toThrow(
      `Port ${port} of 127.0.0.1 cannot be used (EADDRINUSE): end the program that has it, or choose another one (--port)`,
    );
  });
});
