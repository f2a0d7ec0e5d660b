/** A plugin of contract 1.5 beside this service: it is answered what it knows, and what is kept for identities is not its pods'. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { environment } from '../../../core/contract/environment.ts';
import { CONTRACT_HEADER } from '../../../core/contract/version.ts';
import type { Handler } from '../../../functions/http/http.ts';
import { type LocalTables, localTables } from '../../store/local-tables.ts';
import { addOf, attachmentOf, nonceOf } from '../world.ts';
import { ask, NODE, OPERATOR } from './gateway-event.ts';

/** What 1.5 reads of an answer: what else there is it leaves out, but a value that it does not know is no answer to it. */
const OF_1_5 = {
  answer: ['slot', 'chosenBy', 'node', 'more', 'addresses', 'incarnation', 'blocks', 'former', 'pool', 'taken', 'full'],
  rules: ['named', 'selector', 'default'],
  pool: [
    ...[
      'id',
      'vrf',
      'name',
      'affinity',
      'gateway',
      'blockSize',
      'ranges',
      'exclude',
      'reservations',
      'cooldownSeconds',
    ],
    ...['stickySeconds', 'clusters', 'namespaces', 'nodeLabels', 'default', 'order', 'maxBlocksPerNode', 'leasing'],
    ...['tellWithinSeconds', 'quota', 'quotas', 'createdAt'],
  ],
};

let local: LocalTables;
let allocate: Handler;
let release: Handler;

const create = async (name: string, octet: number, more: object = {}) => {
  const { handler } = await import('../../../functions/operate/handler.ts');
  const body = JSON.stringify({ name, ranges: [[{ subnet: `10.${octet}.0.0/29` }]], blockSize: 4, ...more });
  const { status } = await ask(handler, { route: 'POST /v1/pools', userArn: OPERATOR, body });
  expect(status).toBe(201);
};
const sendAs = (version: string, route: string, handler: Handler, body: object) =>
  ask(handler, { route, userArn: NODE, body: JSON.stringify(body), headers: { [CONTRACT_HEADER]: version } });
const add = (version: string, body: object) => sendAs(version, 'POST /v1/leases', allocate, body);
const del = (container: number, slot: unknown) =>
  sendAs('1.5', 'POST /v1/releases', release, {
    attachment: attachmentOf(container),
    nonce: nonceOf(container),
    slot,
    acknowledged: true,
  });
const named = (container: number, name: string, more: object = {}) =>
  addOf(container, { pool: { vrf: 'default', name }, pod: { namespace: 'shop', name: `web-${container}` }, ...more });

beforeAll(async () => {
  local = await localTables();
  Object.assign(process.env, { [environment.instanceRoles]: 'lessor-node' });
  ({ handler: allocate } = await import('../../../functions/allocate/handler.ts'));
  ({ handler: release } = await import('../../../functions/release/handler.ts'));
  vi.spyOn(console, 'info').mockReturnValue(undefined);
  await create('vms', 1, { identitySeconds: 3600, cooldownSeconds: 0 });
  await create('shop', 2, { namespaces: ['shop'], identitySeconds: 3600 });
  await create('rest', 3, { default: true });
});
afterAll(() => local?.stop());
beforeEach(() => {
  vi.spyOn(console, 'info').mockReturnValue(undefined);
  return () => vi.restoreAllMocks();
});

describe('a plugin of contract 1.5', () => {
  it.each<[string, number, object, string]>([
    ['that names a pool', 1, named(1, 'vms'), 'named'],
    ['that names pools', 2, named(2, 'net', { pool: { vrf: 'default', name: 'net', names: ['vms'] } }), 'named'],
    ['that asks for an address', 3, named(3, 'vms', { addresses: ['10.1.0.5'] }), 'named'],
    ['that names none', 4, named(4, 'net', { pool: { vrf: 'default', name: 'net', names: [] } }), 'selector'],
  ])('%s is answered with what it knows', async (_, container, body, rule) => {
    const answer = await add('1.5', body);
    expect(answer.status).toBe(200);
    expect(OF_1_5.answer).toEqual(expect.arrayContaining(Object.keys(answer.body)));
    expect([...OF_1_5.pool, 'identitySeconds']).toEqual(expect.arrayContaining(Object.keys(answer.body.pool)));
    expect([answer.body.chosenBy, OF_1_5.rules.includes(answer.body.chosenBy)]).toEqual([rule, true]);
    await del(container, answer.body.slot);
  });

  it('gets no address that is kept for an identity', async () => {
    const kept = await add('1.6', named(10, 'vms', { identity: 'vm-1' }));
    expect(kept.body.identity).toBe('vm-1');
    await del(10, kept.body.slot);
    const given: string[] = [];
    for (let container = 20; ; container += 1) {
      const { status, body } = await add(
        '1.5',
        named(container, 'vms', { pod: { namespace: 'shop', name: 'web-10' } }),
      );
      if (status !== 200) {
        expect([status, body.code]).toEqual([409, 'pool.cooling']);
        break;
      }
      given.push(body.addresses[0].address);
    }
    expect(given).toHaveLength(4);
    expect(given).not.toContain(kept.body.addresses[0].address);
    expect((await add('1.6', named(11, 'vms', { identity: 'vm-1' }))).body.addresses).toEqual(kept.body.addresses);
  });

  it('that takes the place of a later one finds the lease of its container again', async () => {
    const first = await add('1.6', named(30, 'shop', { identity: 'vm-2' }));
    const again = await add('1.5', named(30, 'shop', { attempt: 2 }));
    expect(again.body.addresses).toEqual(first.body.addresses);
    const waits = await add('1.6', named(31, 'shop', { identity: 'vm-2', pod: { namespace: 'shop', name: 'next' } }));
    expect([waits.status, waits.body.code]).toEqual([409, 'identity.held']);
  });
});
