/** The handlers as Lambda loads them: settings from the environment, API Gateway's events, the tables in DynamoDB Local. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import * as z from 'zod/mini';
import { environment } from '../../../core/contract/environment.ts';
import { routes } from '../../../core/contract/routes.ts';
import type { Handler } from '../../../functions/http/http.ts';
import type { RecountReport } from '../../../functions/use-cases/changes/recount.ts';
import type { ReclaimReport } from '../../../functions/use-cases/reclaim/reclaim.ts';
import { type LocalTables, localTables, tables } from '../../store/local-tables.ts';
import { addOf, attachmentOf, delOf } from '../world.ts';
import { type Answered, ask, NODE, OPERATOR } from './gateway-event.ts';

const ADD = 'POST /v1/leases';
const DEL = 'POST /v1/releases';
let local: LocalTables;
let allocate: Handler;
let release: Handler;
let operate: Handler;
let reclaim: () => Promise<ReclaimReport & RecountReport>;
let count: (event: unknown) => Promise<unknown>;
let info: MockInstance;
let error: MockInstance;

beforeAll(async () => {
  local = await localTables();
  Object.assign(process.env, {
    [environment.inlinePools]: 'true',
    [environment.instanceRoles]: 'lessor-node,other-nodes',
  });
  ({ handler: allocate } = await import('../../../functions/allocate/handler.ts'));
  ({ handler: release } = await import('../../../functions/release/handler.ts'));
  ({ handler: operate } = await import('../../../functions/operate/handler.ts'));
  const scheduled = await import('../../../functions/reclaim/handler.ts');
  reclaim = () => scheduled.handler({}, { getRemainingTimeInMillis: () => 60_000 } as Context);
  count = (await import('../../../functions/changes/handler.ts')).handler as typeof count;
});
afterAll(() => local?.stop());
beforeEach(() => {
  info = vi.spyOn(console, 'info').mockReturnValue(undefined);
  error = vi.spyOn(console, 'error').mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

const post = (handler: Handler, route: string, body: unknown, userArn = NODE) =>
  ask(handler, { route, userArn, body: JSON.stringify(body) });
const expectProblem = ({ status, headers, body }: Answered, expected: number, code: string) => {
  expect([status, body.code, headers['content-type']]).toEqual([expected, code, 'application/problem+json']);
  expect(body).toEqual(
    expect.objectContaining({
      type: `urn:lessor:problem:${code}`,
      title: expect.any(String),
      status: expected,
      detail: expect.any(String),
      retryable: expect.any(Boolean),
      requestId: 'gateway-request',
    }),
  );
};

describe('the API', () => {
  it('gives a lease, lists it, releases it, and reclaims the leases of a node that was declared dead', async () => {
    const added = await post(allocate, ADD, addOf(1, { pod: { namespace: 'shop', name: 'web-0' } }));
    expect([added.status, added.headers['content-type']]).toEqual([200, 'application/json']);
    const lease = z.parse(routes.allocate.result, added.body);
    expect(lease.addresses[0]).toEqual({
      address: expect.stringMatching(/^10\.244\.1\.\d+\/16$/),
      gateway: '10.244.0.1',
    });
    const other = await post(allocate, ADD, addOf(2, { proposal: lease.slot, incarnation: lease.incarnation }));
    expect(other.body.taken).toEqual([{ block: lease.slot.block, slots: [lease.slot.slot] }]);

    const pools = await ask(operate, { route: 'GET /v1/pools', userArn: OPERATOR });
    expect(z.parse(routes.listPools.result, pools.body).pools).toEqual([
      { ...lease.pool, state: 'active', capacity: '241', openBlocks: '4', version: 1 },
    ]);

    const released = await post(release, DEL, delOf(1, { slot: lease.slot, acknowledged: true }));
    expect(released.body).toEqual({ released: [lease.slot] });
    const list = async () => {
      const query = { vrf: 'default', cursor: '0' };
      const { body } = await ask(operate, {
        route: 'GET /v1/pools/{pool}/leases',
        userArn: OPERATOR,
        path: { pool: 'blue' },
        query,
      });
      return z
        .parse(routes.listLeases.result, body)
        .leases.map(({ state, node, attachment }) => [state, node, attachment.containerId]);
    };
    expect((await list()).sort()).toEqual([
      ['cooling', 'i-0123456789abcdef0', 'container-1'],
      ['held', 'i-0123456789abcdef0', 'container-2'],
    ]);

    const declared = (query: Record<string, string>) =>
      ask(operate, {
        route: 'POST /v1/deaths',
        userArn: OPERATOR,
        query,
        body: JSON.stringify({ node: 'i-0123456789abcdef0', reason: 'it burned', alsoIfAlive: true }),
      });
    const foreseen = await declared({ dryRun: 'true' });
    expect(z.parse(routes.declareDeath.result, foreseen.body)).toMatchObject({
      dryRun: true,
      incarnation: 1,
      wouldFree: { leases: 1, complete: true },
    });
    expect((await declared({ dryrun: 'true' })).status).toBe(422);
    const none = await ask(operate, { route: 'GET /v1/deaths', userArn: OPERATOR });
    expect(none.body).toEqual({ deaths: [] });

    const death = await post(
      operate,
      'POST /v1/deaths',
      { node: 'i-0123456789abcdef0', reason: 'it burned', alsoIfAlive: true },
      OPERATOR,
    );
    expect(z.parse(routes.declareDeath.result, death.body)).toMatchObject({
      incarnation: 1,
      declaredBy: 'user/ann',
      freed: 0,
    });
    expect(await reclaim()).toEqual({
      nodes: [{ node: 'i-0123456789abcdef0', incarnation: 1, freed: 1 }],
      waiting: 0,
      recounted: 0,
      corrected: [],
    });
    expect((await list()).map(([state]) => state)).toEqual(['cooling', 'cooling']);
    const deaths = await ask(operate, { route: 'GET /v1/deaths', userArn: OPERATOR });
    expect(z.parse(routes.listDeaths.result, deaths.body).deaths[0]).toMatchObject({ freed: 1 });
  });

  it('reads a body that API Gateway encoded in base64', async () => {
    const body = JSON.stringify(addOf(3));
    expect((await ask(allocate, { route: ADD, userArn: NODE, body, base64: true })).status).toBe(200);
  });

  it('knows who calls from the signature alone', async () => {
    const asked = [
      await post(allocate, ADD, addOf(4), 'arn:aws:sts::123456789012:assumed-role/other-nodes/i-0aaaaaaa'),
      await post(allocate, ADD, addOf(5), 'arn:aws:sts::123456789012:assumed-role/on-premises/rack-7'),
    ];
    expect(asked.map(({ status }) => status)).toEqual([200, 200]);
    const { body } = await ask(operate, {
      route: 'GET /v1/pools/{pool}/leases',
      userArn: OPERATOR,
      path: { pool: 'blue' },
    });
    const nodes = z.parse(routes.listLeases.result, body).leases.map(({ node }) => node);
    expect(nodes).toEqual(expect.arrayContaining(['i-0aaaaaaa', 'role/on-premises/rack-7']));
  });
});

describe('the API refuses', () => {
  it.each([
    ['an unsigned request', undefined],
    ['the account’s root', 'arn:aws:iam::123456789012:root'],
    ['a federated user', 'arn:aws:sts::123456789012:federated-user/ann'],
    ['a person in the role of the nodes', 'arn:aws:sts::123456789012:assumed-role/lessor-node/ann'],
  ])('%s', async (_, userArn) => {
    const request = { route: ADD, body: JSON.stringify(addOf(6)), ...(userArn === undefined ? {} : { userArn }) };
    expectProblem(await ask(allocate, request), 403, 'auth.denied');
  });

  it.each([
    ['text', 'attachment=1'],
    ['half an object', '{"attachment":'],
    ['an empty body', ''],
    ['no body at all', undefined],
  ])('%s', async (_, body) => {
    const answer = await ask(allocate, { route: ADD, userArn: NODE, ...(body === undefined ? {} : { body }) });
    expectProblem(answer, 400, 'request.malformed');
    expect(answer.body.detail).toContain(JSON.stringify((body ?? '').slice(0, 40)));
  });

  it.each<[string, unknown, string]>([
    ['a list for an object', [], 'body: must be object, not []'],
    [
      'an interface name that Linux does not take',
      addOf(1, { attachment: { ...attachmentOf(1), ifname: 'a/b' } }),
      'body.attachment.ifname: is not an interface name, not "a/b"',
    ],
    [
      'a network without a name',
      addOf(1, { attachment: { ...attachmentOf(1), network: '' } }),
      'body.attachment.network: ',
    ],
    ['a nonce that is none', addOf(1, { nonce: 'X' }), 'body.nonce: must be 32 lower-case hex digits, not "X"'],
    ['attempt 0', addOf(1, { attempt: 0 }), 'body.attempt: must be at least 1, not 0'],
    ['half an attempt', addOf(1, { attempt: 1.5 }), 'body.attempt: must be int, not 1.5'],
    [
      'a slot beyond every block',
      addOf(1, { proposal: { pool: '0'.repeat(16), block: '0', slot: 4096 } }),
      'body.proposal.slot: must be at most 4095, not 4096',
    ],
    [
      'a block with a leading zero',
      addOf(1, { proposal: { pool: '0'.repeat(16), block: '00', slot: 0 } }),
      'body.proposal.block: ',
    ],
    ['no attachment', { ...addOf(1), attachment: undefined }, 'body.attachment: is missing'],
    [
      'no range set',
      addOf(1, { pool: { vrf: 'default', name: 'blue', ranges: [] } }),
      'body.pool.ranges: must be at least 1 long, not []',
    ],
    ['a field that is not in the contract', { ...addOf(1), node: 'i-7' }, 'body: has no field node'],
    [
      'a field with a typing error',
      addOf(1, { pool: { vrf: 'default', name: 'blue', range: [] } as never }),
      'body.pool: has no field range',
    ],
  ])('%s, and names the field and the value', async (_, body, detail) => {
    const answer = await post(allocate, ADD, body);
    expectProblem(answer, 422, 'request.invalid');
    expect(answer.body.detail).toContain(detail);
    expect(answer.body.issues).toEqual(answer.body.detail.split('; '));
  });

  it('a cursor that is none', async () => {
    const request = {
      route: 'GET /v1/pools/{pool}/leases',
      userArn: OPERATOR,
      path: { pool: 'blue' },
      query: { cursor: 'x' },
    };
    const answer = await ask(operate, request);
    expectProblem(answer, 422, 'request.invalid');
    expect(answer.body.detail).toMatch(/^query\.cursor: /);
  });

  it('a route that is none, and says which there are', async () => {
    const answer = await ask(allocate, { route: 'GET /v1/leases', userArn: NODE });
    expectProblem(answer, 404, 'route.unknown');
    expect(answer.body.detail).toContain('POST /v1/leases');
  });

  it('a path without its parameter, which is a fault of ours', async () => {
    const answer = await ask(operate, { route: 'GET /v1/pools/{pool}', userArn: OPERATOR });
    expectProblem(answer, 500, 'service.fault');
    expect(error.mock.lastCall?.[0].cause).toContain('came without its path parameter pool');
  });

  it('each function the routes of the others', async () => {
    expectProblem(await post(release, ADD, addOf(1)), 404, 'route.unknown');
    expectProblem(await post(allocate, 'POST /v1/deaths', {}, OPERATOR), 404, 'route.unknown');
  });

  it('what a use case refuses, with its facts', async () => {
    const ranges = [[{ subnet: '10.77.0.0/30' }]];
    const tiny = (container: number) => addOf(container, { pool: { vrf: 'default', name: 'tiny', ranges } });
    expect((await post(allocate, ADD, tiny(1))).status).toBe(200);
    const answer = await post(allocate, ADD, tiny(2));
    expectProblem(answer, 409, 'pool.exhausted');
    expect(answer.body).toMatchObject({ pool: 'tiny', vrf: 'default', capacity: '1', retryable: false });
    expect(answer.headers['retry-after']).toBeUndefined();
    expect(info).toHaveBeenCalledWith(
      expect.objectContaining({
        code: 'pool.exhausted',
        route: ADD,
        requestId: 'gateway-request',
        lambdaRequestId: 'lambda-request',
      }),
    );
  });
});

describe('the counting function', () => {
  const image = (slot: string, held: 0 | 1, namespace?: string) => ({
    pk: { S: 'L#00000000000000aa#0' },
    sk: { S: slot },
    s: { N: String(held) },
    ...(namespace === undefined ? {} : { ns: { S: namespace } }),
  });
  const record = (SequenceNumber: string, images: object) => ({ dynamodb: { SequenceNumber, ...images } });
  /** In all, and of a namespace. */
  const held = async (namespace?: string) => {
    const { Item } = await DynamoDBDocumentClient.from(new DynamoDBClient()).send(
      new GetCommand({ TableName: tables.pools, Key: { pk: 'U', sk: '00000000000000aa' } }),
    );
    return namespace === undefined ? Item?.held : Item?.[`h#${namespace}`];
  };

  it('counts what the stream of the leases table says, once', async () => {
    const event = {
      shardId: 'shardId-1',
      Records: [
        record('101', { NewImage: image('001', 1, 'shop') }),
        record('102', { NewImage: image('002', 1) }),
        record('103', { OldImage: image('001', 1, 'shop'), NewImage: image('001', 1, 'shop') }),
        record('104', { OldImage: image('002', 1), NewImage: image('002', 0) }),
        record('105', { NewImage: image('003', 0) }),
        record('106', { NewImage: image('004', 1, 'shop') }),
      ],
    };
    for (const _ of ['once', 'again']) {
      expect(await count(event)).toEqual({ state: {} });
      expect([await held(), await held('shop'), await held('')]).toEqual([2, 2, 0]);
    }
    expect(error).not.toHaveBeenCalled();
  });

  it('says what it was given that is no slot', async () => {
    expect(await count({ shardId: 's', Records: [record('1', { NewImage: { pk: { S: 'X' } } })] })).toEqual({
      state: {},
    });
    expect(error).toHaveBeenCalledWith({ message: 'Records that are about no slot', count: 1, shardId: 's' });
  });
});

describe('a fault', () => {
  it('is logged with its cause and answered without', async () => {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient());
    await client.send(new PutCommand({ TableName: tables.pools, Item: { pk: 'V#broken', sk: 'REG', v: 'no number' } }));
    const answer = await ask(operate, { route: 'GET /v1/pools', userArn: OPERATOR, query: { vrf: 'broken' } });
    expectProblem(answer, 500, 'service.fault');
    expect(Object.keys(answer.body).sort()).toEqual([
      'code',
      'detail',
      'remedy',
      'requestId',
      'retryable',
      'status',
      'title',
      'type',
    ]);
    expect(answer.text).not.toMatch(/zod|items\.ts|no number|invalid_type|stack/i);
    expect(error).toHaveBeenCalledWith(
      expect.objectContaining({
        code: 'service.fault',
        requestId: 'gateway-request',
        cause: expect.stringContaining('registryOf'),
      }),
    );
  });

  it('of DynamoDB is an outage that asks to try again', async () => {
    await local.stop();
    const answer = await post(allocate, ADD, addOf(9, { pool: { vrf: 'other', name: 'blue' } }));
    expectProblem(answer, 503, 'service.unavailable');
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.body.retryable).toBe(true);
    expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONNREFUSED .*:\d/);
    expect(error).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'service.unavailable', requestId: 'gateway-request' }),
    );
  });
});
