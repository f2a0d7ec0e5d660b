/** What a caller may send that is too much, too deep, or not what the route takes: refused before anything is done with it. */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { environment } from '../../../core/contract/environment.ts';
import { most } from '../../../core/contract/limits.ts';
import { paths } from '../../../core/contract/paths.ts';
import { routes } from '../../../core/contract/routes.ts';
import { CONTRACT_HEADER } from '../../../core/contract/version.ts';
import type { Handler } from '../../../functions/http/http.ts';
import { addOf, delOf } from '../world.ts';
import { type Answered, ask, NODE, OPERATOR, type Request } from './gateway-event.ts';

const ADD = 'POST /v1/leases';
let handlers: Record<(typeof routes)[keyof typeof routes]['function'], Handler>;

beforeAll(async () => {
  // What gets as far as the tables finds none.
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'LOCAL',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9',
    [environment.poolsTable]: 'Pools',
    [environment.leasesTable]: 'Leases',
    [environment.instanceRoles]: 'lessor-node',
  });
  handlers = {
    allocate: (await import('../../../functions/allocate/handler.ts')).handler,
    release: (await import('../../../functions/release/handler.ts')).handler,
    operate: (await import('../../../functions/operate/handler.ts')).handler,
  };
});
beforeEach(() => {
  vi.spyOn(console, 'info').mockReturnValue(undefined);
  vi.spyOn(console, 'error').mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

const add = (body: string, over: Partial<Request> = {}) =>
  ask(handlers.allocate, { route: ADD, userArn: NODE, body, ...over });
const newer = { headers: { [CONTRACT_HEADER]: '1.9' } };
const refused = ({ status, body, text }: Answered) => {
  // However much was sent, little comes back.
  expect(text.length).toBeLessThan(4_000);
  return [status, body.code];
};
const withFields = (count: number) =>
  JSON.stringify({ ...addOf(1), ...Object.fromEntries(Array.from({ length: count }, (_, k) => [`f${k}`, k])) });
const nested = (levels: number) => `{"future":${'['.repeat(levels)}${']'.repeat(levels)}}`;

describe('a request that is too much', () => {
  it.each<[string, () => Promise<Answered>, object]>([
    ['60,000 fields, from a caller of a later version', () => add(withFields(60_000), newer), { what: 'values' }],
    ['60,000 fields', () => add(withFields(60_000)), { what: 'values' }],
    ['17,000 levels', () => add(nested(17_000), newer), { what: 'levels', actual: 17_001, limit: most.bodyDepth }],
    [
      'a million levels that never end',
      () => add('['.repeat(1_000_000)),
      { what: 'levels', actual: 1_000_000, limit: most.bodyDepth },
    ],
    [
      'a body that is longer than any route takes',
      () => add(JSON.stringify({ text: 'x'.repeat(most.largeBodyBytes) })),
      { what: 'bytes', limit: most.largeBodyBytes },
    ],
    [
      'one in base64',
      () => add('x'.repeat(most.largeBodyBytes + 1), { base64: true }),
      { what: 'bytes', actual: most.largeBodyBytes + 1 },
    ],
    [
      'more than a release needs',
      () =>
        ask(handlers.release, {
          route: 'POST /v1/releases',
          userArn: NODE,
          body: JSON.stringify({ ...delOf(1), text: 'x'.repeat(most.bodyBytes) }),
        }),
      { what: 'bytes', limit: most.bodyBytes },
    ],
  ])('is refused with the limit: %s', async (_, request, facts) => {
    const answer = await request();
    expect(refused(answer)).toEqual([413, 'request.too-large']);
    expect(answer.body).toMatchObject({ retryable: false, ...facts });
    expect(answer.body.detail).toContain(`this route takes ${answer.body.limit}`);
  });

  it('is no text that only looks so', async () => {
    const pod = { namespace: '[{,'.repeat(80), name: '\\"[['.repeat(60) };
    const answer = await add(JSON.stringify({ ...addOf(1), pod, nonce: 'x' }));
    expect(answer.body.issues).toEqual(['body.nonce: must be 32 lower-case hex digits, not "x"']);
  });

  it.each([
    ['30,000 fields that a later version may have', () => add(withFields(30_000), newer)],
    ['as deep as may be', () => add(nested(most.bodyDepth - 1), newer)],
  ])('is looked at up to the limit: %s', async (_, request) => {
    const answer = await request();
    expect(answer.body.code).toMatch(/^(service.unavailable|request.invalid)$/);
  });
});

describe('a request with many mistakes', () => {
  it('is told the first of them, and how many more there are', async () => {
    const formerBlocks = Array.from({ length: 1_000 }, () => ({ pool: 'x', block: 'x', generation: 0 }));
    const answer = await add(JSON.stringify({ ...addOf(1), formerBlocks }));
    expect(refused(answer)).toEqual([422, 'request.invalid']);
    expect(answer.body.issues).toHaveLength(21);
    expect(answer.body.issues.at(-1)).toBe('and 2980 more');
  });

  it('is told the first of the fields that there are not, and of a long name the beginning', async () => {
    const answer = await add(JSON.stringify({ ...addOf(1), ['k'.repeat(5_000)]: 1, ...JSON.parse(withFields(30)) }));
    expect(refused(answer)).toEqual([422, 'request.invalid']);
    expect(answer.body.detail).toContain('and 21 more');
  });

  it.each<[string, object, string]>([
    [
      'labels',
      addOf(1, { labels: entries(257, (k) => `label-${k}`, 'x') }),
      'body.labels: must have at most 256 entries',
    ],
    [
      'ranges with endless texts',
      addOf(1, { pool: { vrf: 'default', name: 'blue', ranges: [[{ subnet: 'x'.repeat(65) }]] } }),
      'body.pool.ranges.0.0.subnet: must be at most 64 long',
    ],
  ])('of %s', async (_, body, detail) => {
    const answer = await add(JSON.stringify(body));
    expect(refused(answer)).toEqual([422, 'request.invalid']);
    expect(answer.body.detail).toContain(detail);
  });

  it.each<[string, string, object]>([
    ['quotas', 'POST /v1/pools', { quotas: entries(4097, (k) => `ns-${k}`, 1), name: 'blue', ranges: [] }],
    ['quotas of a change', 'PATCH /v1/pools/{pool}', { quotas: entries(4097, (k) => `ns-${k}`, 1) }],
  ])('of %s', async (_, route, body) => {
    const request = { route, userArn: OPERATOR, path: { pool: 'blue' }, body: JSON.stringify(body) };
    const answer = await ask(handlers.operate, request);
    expect(refused(answer)).toEqual([422, 'request.invalid']);
    expect(answer.body.detail).toContain('body.quotas: must have at most 4096 entries');
  });
});

function entries<T>(count: number, key: (k: number) => string, value: T): Record<string, T> {
  return Object.fromEntries(Array.from({ length: count }, (_, k) => [key(k), value]));
}

describe('a parameter that a route does not know', () => {
  const all = Object.entries(routes).map(([name, { method, path, function: of }]) => ({ name, method, path, of }));
  const request = (path: string, method: string, query: Record<string, string>): Request => ({
    route: `${method} ${path}`,
    userArn: path.startsWith('/v1/nodes/self') ? NODE : OPERATOR,
    path: { pool: 'blue', address: '10.1.0.5' },
    query,
    ...(method === 'POST' || method === 'PATCH' ? { body: '{}' } : {}),
  });

  it.each(all)('is refused by each route: $name', async ({ method, path, of }) => {
    const answer = await ask(handlers[of], request(path, method, { dryRunn: 'true' }));
    expect(refused(answer)).toEqual([422, 'request.invalid']);
    expect(answer.body.detail).toContain('query: has no field dryRunn');
  });

  it('is not left out where something is changed, whatever version the caller speaks: it would be done all the same', async () => {
    const body = JSON.stringify({ boot: 'b' });
    const { method, path } = paths.heartbeat;
    const asked = { route: `${method} ${path}`, userArn: NODE, body, query: { dryRun: 'true' }, ...newer };
    const answer = await ask(handlers.release, asked);
    expect(refused(answer)).toEqual([422, 'request.invalid']);
    expect(answer.body.detail).toBe('query: has no field dryRun');
  });

  it('nor is the body of a route that takes none, unless it is a GET, where content means nothing', async () => {
    const { path } = paths.deletePool;
    const sent = { ...request(path, 'DELETE', {}), body: '{"dryRun":true}' };
    const answer = await ask(handlers.operate, sent);
    expect([...refused(answer), answer.body.detail]).toEqual([
      422,
      'request.invalid',
      'body: this route takes none: send the request without one',
    ]);
    const read = await ask(handlers.operate, { ...request(paths.usage.path, 'GET', { cheap: 'maybe' }), body: '{' });
    expect(read.body.detail).toMatch(/^query\.cheap/);
  });
});
