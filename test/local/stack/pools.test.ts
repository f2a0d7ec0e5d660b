/** A pool's life over the local stack: signed requests, the roles' rights, status codes, ETag and If-Match. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import type { Identity } from '../../../local/aws/identities.ts';
import { type Operator, operatorClient } from '../../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { askAt } from '../../support/asking.ts';

let stack: LocalStack;
let operator: Operator;

beforeAll(async () => {
  stack = await startStack();
  operator = operatorClient(stack.endpoint, stack.region, stack.operator);
});
afterAll(() => stack?.stop());

const path = { pool: 'shop' };
const ranges = [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/64' }]];
const definition = { name: 'shop', ranges, exclude: ['10.1.0.16/28'] };
const nonce = '0123456789abcdef0123456789abcdef';

const ask = (identity: Identity, method: string, path: string, body?: unknown) =>
  askAt(stack, identity, method, path, body);
const lease = (attempt: number, containerId: string) =>
  ask(stack.nodes[0], 'POST', routes.allocate.path, {
    attachment: { network: 'shop', containerId, ifname: 'eth0' },
    nonce,
    attempt,
    boot: 'boot-1',
    pool: { name: 'shop' },
  });

describe('a pool', () => {
  it('is created once, and the answer has its version as ETag', async () => {
    const dry = await operator.send('createPool', { query: { dryRun: 'true' }, body: definition });
    expect([dry.status, dry.etag, dry.result.effects]).toEqual([
      200,
      undefined,
      ['pool shop of VRF default is created with a capacity of 237'],
    ]);
    const first = await operator.send('createPool', { body: definition });
    const again = await operator.send('createPool', { body: definition });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect([first.etag, again.etag, again.result.pool]).toEqual(['"1"', '"1"', first.result.pool]);
    const read = await operator.send('readPool', { path });
    expect([read.etag, read.result]).toEqual(['"1"', first.result.pool]);
    expect((await operator.ask('listPools', { query: { limit: '1' } })).pools).toEqual([first.result.pool]);
  });

  it('is changed for the version that was read, and for no other', async () => {
    const body = { ranges: [[...(ranges[0] ?? []), { subnet: '10.2.0.0/24' }], ranges[1] ?? []] };
    const dry = await operator.send('changePool', { path, query: { dryRun: 'true' }, ifMatch: '"1"', body });
    expect([dry.etag, dry.result.effects.at(-1)]).toEqual([undefined, 'capacity grows from 237 to 490']);
    const { status, etag, result } = await operator.send('changePool', { path, ifMatch: '"1"', body });
    expect([status, etag, result.pool.capacity]).toEqual([200, '"2"', '490']);
    // What is there already has succeeded: the answer to the first one may have been lost.
    const again = await operator.send('changePool', { path, ifMatch: '"1"', body });
    expect([again.status, again.etag, again.result.effects]).toEqual([200, '"2"', ['nothing changes']]);
    const other = { cooldownSeconds: 5 };
    await expect(operator.send('changePool', { path, ifMatch: '"1"', body: other })).rejects.toMatchObject({
      code: 'pool.changed',
      message: expect.stringContaining('has version 2, the request is for version 1'),
    });
    await expect(operator.send('changePool', { path, ifMatch: '2', body })).rejects.toMatchObject({
      code: 'request.invalid',
      message: expect.stringContaining('If-Match "2" is no version: give the ETag'),
    });
    await expect(operator.ask('changePool', { path, body: { blockSize: 32 } })).rejects.toMatchObject({
      code: 'pool.fixed',
    });
  });

  it('gives leases, keeps them while it is drained, and is deleted once none is held', async () => {
    const held = await lease(1, 'one');
    expect(held.status).toBe(200);
    await expect(operator.ask('deletePool', { path })).rejects.toMatchObject({
      code: 'pool.held',
      message: expect.stringContaining('Pool shop in VRF default has 1 lease that is held. Nothing was changed'),
    });
    await operator.ask('changePool', { path, body: { state: 'draining' } });
    const release = { attachment: { network: 'shop', containerId: 'one', ifname: 'eth0' }, nonce };
    const released = await ask(stack.nodes[0], 'POST', routes.release.path, {
      ...release,
      slot: held.body.slot,
      acknowledged: true,
    });
    expect(released).toMatchObject({ status: 200, body: { released: [held.body.slot] } });
    const query = { dryRun: 'true' } as const;
    expect(await operator.send('deletePool', { path, query })).toMatchObject({
      status: 200,
      result: { deleted: false },
    });
    let { status, result } = await operator.send('deletePool', { path, ifMatch: '"3"' });
    while (status === 202) ({ status, result } = await operator.send('deletePool', { path, ifMatch: '"3"' }));
    expect([status, result]).toEqual([200, expect.objectContaining({ deleted: true, sealed: 4, total: 4 })]);
    await expect(operator.ask('readPool', { path })).rejects.toMatchObject({ code: 'pool.unknown' });
    expect((await operator.send('createPool', { body: definition })).status).toBe(201);
  });

  it('is refused in words that a person can act on', async () => {
    const body = { name: 'lab', ranges: [[{ subnet: '10.9.0.0/24' }]], blockSize: 48, cooldown: 3 };
    const { status, body: problem } = await ask(stack.operator, 'POST', routes.createPool.path, body);
    expect([status, problem.code, problem.issues]).toEqual([
      422,
      'request.invalid',
      ['body.blockSize: must be a power of two, not 48', 'body: has no field cooldown'],
    ]);
  });

  it('is nothing that a node may make, change or delete', async () => {
    for (const [method, at] of [
      ['POST', '/v1/pools'],
      ['GET', '/v1/pools/shop'],
      ['PATCH', '/v1/pools/shop'],
      ['DELETE', '/v1/pools/shop'],
    ] as const)
      expect((await ask(stack.nodes[0], method, at, method === 'GET' ? undefined : definition)).status).toBe(403);
    expect(stack.functionLogs('operate').join('\n')).not.toMatch(/AccessDenied/);
  });
});
