/** What API Gateway and Lambda refuse by size, number or time, and in which words. */
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalFunction, localFunction } from '../../../local/aws/function.ts';
import { type GatewayParts, serve } from '../../../local/aws/gateway.ts';
import { ec2Node, newAccessKeys } from '../../../local/aws/identities.ts';
import { listen, portOf } from '../../../local/aws/loopback-server.ts';
import { quotas } from '../../../local/aws/quotas.ts';
import { type Signing, send, signed } from './sigv4.ts';

const [region, account] = ['us-east-1', '000000000000'];
const node = ec2Node(account, 'lessor-node', 'i-0123456789abcdef0');
const everything = [{ effect: 'Allow' as const, actions: ['execute-api:Invoke'], resources: ['*'] }];
const servers: Server[] = [];
let fn: LocalFunction;

beforeAll(() => {
  const definition = {
    name: 'sizes',
    functionName: 'Lessor-sizes',
    arn: `arn:aws:lambda:${region}:${account}:function:sizes`,
    code: fileURLToPath(new URL('fixtures', import.meta.url)),
    handler: 'sizes.handler',
    environment: {},
    timeoutMs: 10_000,
    memoryMb: 256,
    roleArn: `arn:aws:iam::${account}:role/fixture`,
    rights: [],
  };
  const surroundings = { region, dynamodb: 'http://127.0.0.1:1', credentials: newAccessKeys(), environments: 1 };
  fn = localFunction(definition, surroundings);
});
afterAll(async () => {
  for (const server of servers) server.close().closeAllConnections();
  await fn.stop();
});

async function gateway(changes: Partial<GatewayParts['api']> = {}): Promise<string> {
  const server = await listen(0);
  servers.push(server);
  const routes = ['POST /sizes', 'GET /things/{thing}'].map((key) => ({ key, function: 'sizes', timeoutMs: 30_000 }));
  serve(server, {
    api: { kind: 'http', id: 'api', stage: '$default', throttle: { rate: 1000, burst: 1000 }, routes, ...changes },
    region,
    account,
    callerOf: () => node,
    rightsOf: () => everything,
    invoke: (_, event) => fn.invoke(event),
  });
  return `http://127.0.0.1:${portOf(server)}`;
}

async function ask(
  endpoint: string,
  { headers = {}, ...signing }: Signing,
): Promise<{ status: number; body: unknown }> {
  const all = { host: new URL(endpoint).host, 'content-type': 'application/json', ...headers };
  const response = await send(endpoint, signed(node, { method: 'POST', ...signing, headers: all }));
  expect(response.headers.get('apigw-requestid')).toMatch(/./);
  return { status: response.status, body: await response.json() };
}

const post = (asked: object, padding = 0): Signing => ({
  path: '/sizes',
  body: JSON.stringify({ ...asked, padding: 'x'.repeat(padding) }),
});

describe('an answer', () => {
  it('of just as many bytes as Lambda takes arrives, one of a byte more is a failure', async () => {
    const endpoint = await gateway();
    const fits = await ask(endpoint, post({ answer: quotas.payload }));
    expect([fits.status, (fits.body as { filled: string }).filled.length > 6_000_000]).toEqual([200, true]);
    expect(await ask(endpoint, post({ answer: quotas.payload + 1 }))).toEqual({
      status: 500,
      body: { message: 'Internal Server Error' },
    });
    expect(fn.logs().join('\n')).toContain(
      'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    );
  });

  it('is counted in bytes, not in characters', async () => {
    expect(await ask(await gateway(), post({ answer: quotas.payload - 1_000_000, of: 'é' }))).toMatchObject({
      status: 500,
    });
  });
});

describe('a body', () => {
  const tooLarge = { status: 413, body: { message: 'Request Entity Too Large' } };

  it('that API Gateway takes, but Lambda does not, is refused', async () => {
    const endpoint = await gateway();
    expect(await ask(endpoint, post({}, 6_200_000))).toMatchObject({ status: 200 });
    expect(await ask(endpoint, post({}, quotas.payload))).toEqual(tooLarge);
  });

  it('that is no text counts as base64, a third more', async () => {
    const endpoint = await gateway();
    const headers = { 'content-type': 'application/octet-stream' };
    expect(await ask(endpoint, { ...post({}, 4_800_000), headers })).toEqual(tooLarge);
  });

  it('of more than 10 MB is refused', async () => {
    expect(await ask(await gateway(), post({}, quotas.body))).toEqual(tooLarge);
  });
});

describe('the request line and the headers', () => {
  it('may have 10,240 bytes together, names not counted', async () => {
    const endpoint = await gateway();
    const padded = (size: number) => ask(endpoint, { ...post({}), headers: { 'x-padding': 'x'.repeat(size) } });
    expect(await padded(8500)).toMatchObject({ status: 200 });
    const refused = { status: 431, body: { message: 'Request Header Fields Too Large' } };
    expect(await padded(10_240)).toEqual(refused);
    expect(await padded(60_000)).toEqual(refused);
    expect(await ask(endpoint, { ...post({}), query: `q=${'x'.repeat(10_240)}` })).toEqual(refused);
  });
});

describe('the throttle of the stage', () => {
  it('refuses what comes beyond the burst, whatever the route and whoever asks', async () => {
    // A rate of nearly nothing, so that the test does not depend on how fast it runs.
    const endpoint = await gateway({ throttle: { rate: 0.001, burst: 3 } });
    expect(await ask(endpoint, post({}))).toMatchObject({ status: 200 });
    expect(await ask(endpoint, { path: '/nothing' })).toMatchObject({ status: 404 });
    expect((await fetch(`${endpoint}/sizes`, { method: 'POST' })).status).toBe(403);
    for (const path of ['/sizes', '/nothing'])
      expect(await ask(endpoint, { path })).toEqual({ status: 429, body: { message: 'Too Many Requests' } });
  });
});

describe('a path', () => {
  const get = async (path: string) => ask(await gateway(), { method: 'GET', path });

  it('is decoded once, before a route is looked for', async () => {
    const { body } = await get('/things/a%2520b%3A1');
    expect(body).toMatchObject({ rawPath: '/things/a%20b:1', pathParameters: { thing: 'a%20b:1' } });
    expect(await get('/things/a%2Fb')).toEqual({ status: 404, body: { message: 'Not Found' } });
  });

  it('that cannot be decoded stays as it is', async () => {
    const { body } = await get('/things/%E0%A4%A');
    expect(body).toMatchObject({ pathParameters: { thing: '%E0%A4%A' } });
  });
});
