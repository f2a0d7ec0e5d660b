/** The version of the contract, through the handlers as Lambda loads them, with the tables in DynamoDB Local. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod/mini';
import { environment } from '../../../core/contract/environment.ts';
import { routes } from '../../../core/contract/routes.ts';
import { CONTRACT, CONTRACT_HEADER, contractText, parseContract } from '../../../core/contract/version.ts';
import type { Handler } from '../../../functions/http/http.ts';
import { type LocalTables, localTables } from '../../store/local-tables.ts';
import { addOf, attachmentOf, delOf, nonceOf } from '../world.ts';
import { type Answered, ask, NODE, OPERATOR } from './gateway-event.ts';

const ADD = 'POST /v1/leases';
const SAME = contractText(CONTRACT);
const NEWER = contractText({ ...CONTRACT, minor: CONTRACT.minor + 1 });
const OLDER = contractText({ ...CONTRACT, minor: CONTRACT.minor - 1 });
let local: LocalTables;
let allocate: Handler;
let release: Handler;
let operate: Handler;
let containers = 0;

beforeAll(async () => {
  local = await localTables();
  Object.assign(process.env, { [environment.inlinePools]: 'true', [environment.instanceRoles]: 'lessor-node' });
  ({ handler: allocate } = await import('../../../functions/allocate/handler.ts'));
  ({ handler: release } = await import('../../../functions/release/handler.ts'));
  ({ handler: operate } = await import('../../../functions/operate/handler.ts'));
});
afterAll(() => local?.stop());
beforeEach(() => {
  vi.spyOn(console, 'info').mockReturnValue(undefined);
  return () => vi.restoreAllMocks();
});

const speaking = (version: string | undefined) => (version === undefined ? {} : { [CONTRACT_HEADER]: version });
const send = (version: string | undefined, body: unknown, route = ADD, handler = allocate) =>
  ask(handler, { route, userArn: NODE, body: JSON.stringify(body), headers: speaking(version) });
const freshAdd = () => addOf(++containers);
const refused = ({ status, body }: Answered) => [status, body.code];
const held = async (container: number) => {
  const { attachment } = addOf(container);
  const { body } = await send(undefined, { attachment }, 'POST /v1/leases/checks', release);
  return z.parse(routes.check.result, body).held.length;
};

/** A request for which a later version has more to say, wherever there is an object. */
const later = (container: number) => {
  const add = addOf(container, { pod: { namespace: 'shop', name: `web-${container}` } });
  const [[range] = []] = add.pool.ranges ?? [];
  return {
    ...add,
    future: { of: ['any', { shape: true }] },
    attachment: { ...add.attachment, future: 1 },
    pool: { ...add.pool, ranges: [[{ ...range, future: null }]], future: 'x' },
    pod: { ...add.pod, future: [], other: 2 },
    formerBlocks: [
      { pool: 'a'.repeat(16), block: '0', generation: 1 },
      { pool: 'a'.repeat(16), block: '1', generation: 1, future: 1 },
      { pool: 'a'.repeat(16), block: '2', generation: 1, future: 1, other: {} },
    ],
  };
};

describe('a caller of this major version', () => {
  it.each([
    ['says nothing of it', undefined],
    ['speaks the same', SAME],
    ['speaks an older minor version', OLDER],
    ['speaks a newer minor version', NEWER],
    ['speaks a much newer minor version', `${CONTRACT.major}.9999`],
  ])('that %s is answered, with the version of the service', async (_, version) => {
    const answer = await send(version, freshAdd());
    expect([answer.status, answer.headers[CONTRACT_HEADER]]).toEqual([200, SAME]);
  });

  it('that is newer may send fields that the service does not know, at any depth: they are left out', async () => {
    const answer = await send(NEWER, later(++containers));
    expect(answer.status).toBe(200);
    const { attachment, pod } = later(containers);
    const { body } = await ask(operate, {
      route: 'GET /v1/leases',
      userArn: OPERATOR,
      query: { namespace: 'shop', pod: pod.name ?? '' },
    });
    const [lease] = z.parse(routes.findLeases.result, body).leases;
    const { future: _, ...known } = attachment;
    expect([lease?.attachment, lease?.pod]).toEqual([known, { namespace: 'shop', name: pod.name }]);
    expect(JSON.stringify(body)).not.toContain('future');
  });

  it('that is newer may send fields that no object should have', async () => {
    const text = JSON.stringify(freshAdd()).replace('{', '{"__proto__":{"nonce":"x"},"constructor":1,"toString":null,');
    const headers = speaking(NEWER);
    expect((await ask(allocate, { route: ADD, userArn: NODE, body: text, headers })).status).toBe(200);
  });

  it('that is newer may send queries that the service does not know', async () => {
    const request = { route: 'GET /v1/nodes/self/leases', userArn: NODE, query: { future: '1' } };
    expect((await ask(release, { ...request, headers: speaking(NEWER) })).status).toBe(200);
    const strict = await ask(release, { ...request, headers: speaking(SAME) });
    expect(refused(strict)).toEqual([422, 'request.invalid']);
    expect(strict.body.detail).toBe('query: has no field future');
  });

  it.each([
    ['says nothing of it', undefined],
    ['speaks the same', SAME],
    ['speaks an older minor version', OLDER],
  ])('that %s has no field that the service does not know: a typing error is found', async (_, version) => {
    containers += 1;
    const answer = await send(version, later(containers));
    expect(refused(answer)).toEqual([422, 'request.invalid']);
    const fields = ['body', 'body.attachment', 'body.pool', 'body.pool.ranges.0.0', 'body.formerBlocks.2'];
    for (const field of fields) expect(answer.body.detail).toContain(`${field}: has no field future`);
    expect(await held(containers)).toBe(0);
  });

  it.each([
    ['with unknown fields beside it', (container: number) => ({ ...later(container), nonce: 'X' })],
    ['alone', (container: number) => ({ ...addOf(container), nonce: 'X' })],
  ])('that is newer is told of its own mistake %s, and of nothing else', async (_, wrong) => {
    containers += 1;
    const answer = await send(NEWER, wrong(containers));
    expect(refused(answer)).toEqual([422, 'request.invalid']);
    expect(answer.body.issues).toEqual(['body.nonce: must be 32 lower-case hex digits, not "X"']);
    expect(answer.headers[CONTRACT_HEADER]).toBe(SAME);
    expect(await held(containers)).toBe(0);
  });

  it('that is newer is told what it lacks where an unknown field has another name', async () => {
    const { attachment: _, ...rest } = freshAdd();
    const answer = await send(NEWER, { ...rest, attachments: [attachmentOf(1)] });
    expect(answer.body.issues).toEqual(['body.attachment: is missing']);
  });
});

describe('a caller', () => {
  it.each(['0.9', '2.0', '10.1'])(
    'of major version %s is refused, and told what the service speaks',
    async (version) => {
      containers += 1;
      const answer = await send(version, addOf(containers));
      expect(refused(answer)).toEqual([400, 'contract.version']);
      expect(answer.body).toMatchObject({ retryable: false, requestId: 'gateway-request' });
      expect(answer.body.detail).toContain(`speaks version ${version} of the contract, this service speaks ${SAME}`);
      expect(answer.headers[CONTRACT_HEADER]).toBe(SAME);
      expect(await held(containers)).toBe(0);
    },
  );

  it('of another major version is refused before its request is looked at', async () => {
    expect(refused(await send('2.0', { entirely: 'different' }))).toEqual([400, 'contract.version']);
    const undecodable = await ask(allocate, { route: ADD, userArn: NODE, body: '<add/>', headers: speaking('2.0') });
    expect(refused(undecodable)).toEqual([400, 'contract.version']);
  });

  it.each(['', '1', 'v1.1', '1.1.1', ' 1.1', '1.1\n', '-1.1', '1.x', '11111.1', '1.1, 1.2', 'ⅰ.1'])(
    'that says %j for a version is refused, with the header and the value',
    async (version) => {
      containers += 1;
      const answer = await send(version, addOf(containers));
      expect(refused(answer)).toEqual([422, 'request.invalid']);
      expect(answer.body.detail).toContain(`header ${CONTRACT_HEADER} ${JSON.stringify(version)} is no version`);
      expect(await held(containers)).toBe(0);
    },
  );
});

describe('every answer says which version the service speaks', () => {
  const operator = (route: string, over: object = {}) => ask(operate, { route, userArn: OPERATOR, ...over });
  it.each<[number, string, () => Promise<Answered>]>([
    [200, 'a release', () => send(undefined, delOf(1), 'POST /v1/releases', release)],
    [200, 'what a node asks of itself', () => send(undefined, { boot: 'boot-1' }, 'POST /v1/nodes/self', release)],
    [200, 'an operator’s list', () => operator('GET /v1/pools')],
    [
      201,
      'a pool that comes to be, beside its own headers',
      () =>
        operator('POST /v1/pools', {
          body: JSON.stringify({ name: 'made', ranges: [[{ subnet: '10.99.0.0/24' }]] }),
        }),
    ],
    [400, 'a body that is not JSON', () => ask(allocate, { route: ADD, userArn: NODE, body: '{' })],
    [403, 'a caller who is nobody', () => ask(allocate, { route: ADD, body: JSON.stringify(addOf(1)) })],
    [404, 'a route that is none', () => send(undefined, {}, 'POST /v1/nothing')],
    [404, 'a node that is none', () => operator('GET /v1/nodes', { query: { node: 'i-0none' } })],
    [
      409,
      'a lease that is lost',
      () => {
        const slot = { pool: 'a'.repeat(16), block: '0', slot: 0 };
        const { attachment } = addOf(1);
        const report = { attachment, nonce: nonceOf(1), boot: 'boot-1', slot, generation: 1 };
        return send(undefined, report, 'POST /v1/leases/reports');
      },
    ],
    [422, 'a request that does not fit', () => send(undefined, {})],
  ])('%s: %s', async (status, _, request) => {
    const answer = await request();
    expect([answer.status, answer.headers[CONTRACT_HEADER]]).toEqual([status, SAME]);
    expect(parseContract(String(answer.headers[CONTRACT_HEADER]))).toEqual(CONTRACT);
  });

  it('503: a table that is away', async () => {
    vi.spyOn(console, 'error').mockReturnValue(undefined);
    await local.stop();
    const answer = await send(NEWER, addOf(1, { pool: { vrf: 'other', name: 'blue' } }));
    expect([answer.status, answer.headers[CONTRACT_HEADER], answer.headers['retry-after']]).toEqual([503, SAME, '1']);
  });
});
