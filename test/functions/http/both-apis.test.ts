/** The same handlers behind an HTTP API and behind a REST API: what is asked, what is answered, who is believed. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { environment } from '../../../core/contract/environment.ts';
import type { Handler } from '../../../functions/http/http.ts';
import { type LocalTables, localTables } from '../../store/local-tables.ts';
import { addOf, delOf } from '../world.ts';
import { ask, NODE, OPERATOR, type Request } from './gateway-event.ts';

let local: LocalTables;
let handlers: Record<'allocate' | 'release' | 'operate', Handler>;

beforeAll(async () => {
  local = await localTables();
  Object.assign(process.env, { [environment.inlinePools]: 'true', [environment.instanceRoles]: 'lessor-node' });
  handlers = {
    allocate: (await import('../../../functions/allocate/handler.ts')).handler,
    release: (await import('../../../functions/release/handler.ts')).handler,
    operate: (await import('../../../functions/operate/handler.ts')).handler,
  };
});
afterAll(() => local?.stop());
beforeEach(() => {
  vi.spyOn(console, 'info').mockReturnValue(undefined);
  vi.spyOn(console, 'error').mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

describe.each([
  { api: 'http' as const, subnet: '10.61.0.0/16' },
  { api: 'rest' as const, subnet: '10.62.0.0/16' },
])('behind an API of the kind $api', ({ api, subnet }) => {
  const vrf = `of-${api}`;
  const pool = { vrf, name: 'blue', ranges: [[{ subnet }]] };
  const asNode = (function_: 'allocate' | 'release', route: string, body: unknown, over: Partial<Request> = {}) =>
    ask(handlers[function_], { api, route, userArn: NODE, body: JSON.stringify(body), ...over });
  const asOperator = (route: string, over: Partial<Request> = {}) =>
    ask(handlers.operate, { api, route, userArn: OPERATOR, ...over });

  it('a node gets an address in its own name, and releases it', async () => {
    const added = await asNode('allocate', 'POST /v1/leases', addOf(1, { pool }));
    expect(added.status).toBe(200);
    const query = { vrf };
    const listed = await asOperator('GET /v1/pools/{pool}/leases', { path: { pool: 'blue' }, query });
    expect(listed.body.leases).toMatchObject([{ node: 'i-0123456789abcdef0', state: 'held' }]);
    const [first] = listed.body.leases[0].addresses;
    const address = String(first).split('/')[0] as string;
    const found = await asOperator('GET /v1/addresses/{address}', { path: { address }, query });
    expect(found.body).toMatchObject({ address, state: 'held', pool: 'blue' });
    const request = delOf(1, { slot: added.body.slot, acknowledged: true });
    expect((await asNode('release', 'POST /v1/releases', request)).body).toEqual({ released: [added.body.slot] });
  });

  it('a body in base64 is read', async () => {
    expect((await asNode('allocate', 'POST /v1/leases', addOf(2, { pool }), { base64: true })).status).toBe(200);
  });

  it('an IPv6 address in a path is looked for by what it says', async () => {
    const found = await asOperator('GET /v1/addresses/{address}', { path: { address: 'fd00:61::5' }, query: { vrf } });
    expect(found.body).toMatchObject({ address: 'fd00:61::5', state: 'outside' });
  });

  it('the version that a request is for is read from its header, however that is written', async () => {
    const change = (headers: Record<string, string>) =>
      asOperator('PATCH /v1/pools/{pool}', {
        path: { pool: 'blue' },
        query: { vrf },
        headers,
        body: JSON.stringify({ order: 5 }),
      });
    const name = api === 'rest' ? 'If-Match' : 'if-match';
    expect((await change({ [name]: '"7"' })).body).toMatchObject({ code: 'pool.changed' });
    const changed = await change({ [name]: '"1"' });
    expect([changed.status, changed.headers.etag]).toEqual([200, '"2"']);
  });

  it.each<[string, Partial<Request>, number, string]>([
    ['without a signature', { userArn: undefined as never }, 403, 'auth.denied'],
    ['of the root of the account', { userArn: 'arn:aws:iam::123456789012:root' }, 403, 'auth.denied'],
    ['without a body', { body: undefined as never }, 400, 'request.malformed'],
    ['with a parameter that nobody knows', { query: { dryRunn: 'true' } }, 422, 'request.invalid'],
  ])('a request %s is refused', async (_, over, status, code) => {
    const { userArn, body, ...others }: Partial<Request> = { userArn: NODE, body: JSON.stringify(addOf(3)), ...over };
    const answer = await ask(handlers.allocate, {
      api,
      route: 'POST /v1/leases',
      ...others,
      ...(userArn === undefined ? {} : { userArn }),
      ...(body === undefined ? {} : { body }),
    });
    expect([answer.status, answer.body.code, answer.body.requestId]).toEqual([status, code, 'gateway-request']);
    expect(answer.headers['content-type']).toBe('application/problem+json');
  });

  it('a node of another account has that account before its name', async () => {
    const userArn = 'arn:aws:sts::210987654321:assumed-role/lessor-node/i-0123456789abcdef0';
    const added = await asNode('allocate', 'POST /v1/leases', addOf(4, { pool }), { userArn });
    expect(added.status).toBe(200);
    const query = { vrf, node: '210987654321/i-0123456789abcdef0' };
    expect((await asOperator('GET /v1/leases', { query })).body.leases).toHaveLength(1);
  });
});
