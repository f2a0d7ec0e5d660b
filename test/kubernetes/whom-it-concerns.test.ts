/** Which refusals are a lack of the node's, and which are some pods' own. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../../core/contract/routes.ts';
import { OwnerNode } from '../functions/owned-pool.ts';
import { change, create } from '../functions/pool-requests.ts';
import { MINUTE_MS, VoiceScene } from './voice-scene.ts';

let scene: VoiceScene;
beforeEach(async () => {
  scene = await VoiceScene.begin();
});
afterEach(() => {
  scene.node.remove();
  expect(scene.cluster.wrong).toEqual([]);
});

describe('a pool of some namespaces', () => {
  const byNamespace = { pool: undefined };
  beforeEach(async () => {
    const deps = scene.here.environment();
    await create(deps, { name: 'small', ranges: [[{ subnet: '10.7.0.0/30' }]], namespaces: ['team-a'] });
    await create(deps, { name: 'large', ranges: [[{ subnet: '10.8.0.0/24' }]], namespaces: ['team-b'] });
    await scene.add('a-0', 'team-a', { ipam: byNamespace });
  });

  test('that is full taints nothing while pods of other namespaces get addresses: only its own pods wait', async () => {
    const retried = () => scene.add('a-1', 'team-a', { ipam: byNamespace });
    expect(await retried()).toBe(1);
    for (let tries = 0; tries < 8; tries += 1) {
      await scene.looksFor(15_000);
      expect(await retried()).toBe(1);
    }
    expect(await scene.add('b-0', 'team-b', { ipam: byNamespace })).toBe(0);
    expect(scene.isTainted()).toBe(false);
  });

  test('taints nothing either where its blocks belong to nodes', async () => {
    const ranges = [[{ subnet: '10.6.0.0/29' }]];
    await create(scene.here.environment(), {
      name: 'own',
      affinity: 'node',
      blockSize: 4,
      ranges,
      namespaces: ['team-c'],
    });
    scene.pass(MINUTE_MS);
    const retried = () => scene.add('c-9', 'team-c', { ipam: byNamespace });
    for (let pod = 0; pod < 8; pod += 1) await scene.add(`c-${pod}`, 'team-c', { ipam: byNamespace });
    for (let tries = 0; tries < 8; tries += 1) {
      expect(await retried()).toBe(1);
      await scene.looksFor(15_000);
    }
    expect(await scene.add('b-0', 'team-b', { ipam: byNamespace })).toBe(0);
    expect(scene.isTainted()).toBe(false);
  });

  test('taints the node where pods of no namespace get an address', async () => {
    const deps = scene.here.environment();
    await change(deps, { state: 'draining' }, { name: 'large' });
    for (let tries = 0; tries < 6; tries += 1) {
      expect(await scene.add('a-1', 'team-a', { ipam: byNamespace })).toBe(1);
      await scene.looksFor(15_000);
    }
    expect(scene.isTainted()).toBe(true);
  });
});

test('a pod that does not get the address that it asks for taints nothing', async () => {
  await scene.add('web-0');
  const [{ acknowledged } = {}] = scene.node.entries();
  const [{ address = '' } = {}] = acknowledged?.addresses ?? [];
  scene.service.sent.length = 0;
  for (let tries = 0; tries < 6; tries += 1) {
    expect(await scene.add('db-0', 'shop', { args: `;IP=${address.split('/')[0]}` })).toBe(1);
    await scene.looksFor(15_000);
  }
  expect(scene.isTainted()).toBe(false);
  expect(scene.sentTo(routes.readiness.path)).toEqual([]);
});

describe('a pool whose blocks belong to nodes', () => {
  const ofNodes = { pool: 'owned' };
  async function otherNodeTakes(blocks: number, of: number): Promise<void> {
    const deps = scene.here.environment();
    const range = { subnet: '10.9.0.0/16', rangeStart: '10.9.1.0', rangeEnd: `10.9.1.${4 * of - 1}` };
    await create(deps, { name: 'owned', affinity: 'node', blockSize: 4, cooldownSeconds: 0, ranges: [[range]] });
    const { pools } = await scene.here.store.pools.readRegistry('default');
    const { id = '' } = pools.find(({ name }) => name === 'owned') ?? {};
    const pool = (await scene.here.store.pools.readPool(id))?.definition;
    if (pool === undefined) throw new Error('no pool');
    const other = new OwnerNode('i-2', pool);
    for (let container = 0; container < 4 * (blocks - 1) + 1; container += 1)
      await other.add(deps, 100 + container, undefined, { pool: { vrf: 'default', name: 'owned' } });
  }

  test('lacks addresses on a node that gets no block, though other nodes have room in theirs', async () => {
    await otherNodeTakes(2, 2);
    expect(await scene.add('web-0', 'shop', { ipam: ofNodes })).toBe(1);
    for (let tries = 0; tries < 4; tries += 1) {
      await scene.looksFor(15_000);
      expect(await scene.add('web-0', 'shop', { ipam: ofNodes })).toBe(1);
    }
    expect(scene.condition()).toMatchObject({
      status: 'True',
      reason: 'PoolExhausted',
      message: expect.stringContaining('each block belongs to a node'),
    });
    expect(scene.isTainted()).toBe(true);
  });

  test('lacks none where the API is away and a block of the node’s own has room, however often others fail', async () => {
    await otherNodeTakes(1, 3);
    expect(await scene.add('web-0', 'shop', { ipam: ofNodes })).toBe(0);
    scene.service.fate = () => 'unreachable';
    for (let tries = 0; tries < 8; tries += 1) {
      await scene.add(`asks-${tries}`, 'shop', { ipam: { ...ofNodes, addresses: [{ address: '10.1.0.9/8' }] } });
      await scene.looksFor(15_000);
    }
    expect(scene.isTainted()).toBe(false);
    expect(await scene.add('web-1', 'shop', { ipam: ofNodes })).toBe(0);
  });

  test('lacks addresses while the API is away and each address of the node’s blocks is in use', async () => {
    await otherNodeTakes(1, 2);
    for (const pod of ['web-0', 'web-1', 'web-2', 'web-3']) await scene.add(pod, 'shop', { ipam: ofNodes });
    scene.service.fate = () => 'unreachable';
    for (let tries = 0; tries < 4; tries += 1) {
      expect(await scene.add('web-4', 'shop', { ipam: ofNodes })).toBe(1);
      await scene.looksFor(15_000);
    }
    expect(scene.condition()).toMatchObject({ status: 'True', reason: 'ServiceUnreachable' });
    // A release of which the service was not told frees nothing yet.
    await scene.remove('web-0');
    await scene.looksFor(2 * MINUTE_MS);
    expect(scene.isTainted()).toBe(true);
    scene.service.fate = () => undefined;
    await scene.looksFor(2 * MINUTE_MS);
    expect(scene.isTainted()).toBe(false);
  });
});
