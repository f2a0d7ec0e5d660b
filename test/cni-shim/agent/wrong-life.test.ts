/** The agent of a node that the service takes for dead, for another one, or for one that holds less than it does. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { routes } from '../../../core/contract/routes.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { declareDeath } from '../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../functions/use-cases/reclaim/reclaim.ts';
import { callOf } from '../../functions/world.ts';
import { endingAt } from '../../store/ending.ts';
import { serviceFor } from '../service.ts';
import { AgentScene, MINUTE_MS, POOL } from './agent-scene.ts';

let scene: AgentScene;
beforeEach(async () => {
  scene = await AgentScene.begin();
});
afterEach(() => scene.node.remove());

test('a node that was declared dead although it runs says so, as an error and in a metric', async () => {
  await declareDeath(scene.here.environment(), callOf('operator'), {
    node: 'i-1',
    reason: 'a mistake',
    alsoIfAlive: true,
  });
  scene.service.fate = ({ path }) => (path === routes.report.path ? 'unreachable' : undefined);
  await scene.roundsFor(10 * MINUTE_MS);
  expect(scene.errors()).toEqual([
    expect.objectContaining({ message: expect.stringContaining('declared dead although it runs') }),
  ]);
  expect(await scene.figure('lessor_declared_dead')).toBe(1);
});

test('what lives on a node that was declared dead although it runs is held again, and then the node says so no more', async () => {
  const addresses = () => ['a', 'b'].map((name) => scene.node.entry(name)?.acknowledged?.addresses);
  const before = addresses();
  await declareDeath(scene.here.environment(), callOf('operator'), {
    node: 'i-1',
    reason: 'a mistake',
    alsoIfAlive: true,
  });
  await reclaim(scene.here.environment());
  expect(await scene.held()).toEqual([]);
  await scene.roundsFor(10 * MINUTE_MS);
  expect(await scene.held()).toEqual(['a', 'b']);
  expect(addresses()).toEqual(before);
  for (const name of ['a', 'b']) {
    expect(scene.node.entry(name)).not.toHaveProperty('lost');
    expect(scene.node.entry(name)).toMatchObject({ incarnation: 2 });
  }
  expect(await scene.figure('lessor_leases_held_again_total')).toBe(2);
  expect(await scene.figure('lessor_declared_dead')).toBe(0);
  // The next reclaim of that death finds nothing of it.
  await reclaim(scene.here.environment());
  expect(await scene.held()).toEqual(['a', 'b']);
  for (const container of ['a', 'b']) expect((await scene.call('DEL', container)).exitCode).toBe(0);
  expect(await scene.held()).toEqual([]);
});

test('a container that is deleted while it is asserted is held by nobody in the end', async () => {
  await declareDeath(scene.here.environment(), callOf('operator'), {
    node: 'i-1',
    reason: 'a mistake',
    alsoIfAlive: true,
  });
  await reclaim(scene.here.environment());
  const { fetch } = scene.service;
  scene.service.fetch = async (url, init) => {
    const isReport = String(url).endsWith(routes.report.path);
    if (isReport && String(init?.body).includes('"a"')) await scene.call('DEL', 'a');
    return fetch(url, init);
  };
  scene.startAgent();
  await scene.roundsFor(10 * MINUTE_MS);
  expect(await scene.held()).toEqual(['b']);
});

test('a node that was declared dead goes on saying so until no container lives with a lease of that life', async () => {
  await declareDeath(scene.here.environment(), callOf('operator'), {
    node: 'i-1',
    reason: 'a mistake',
    alsoIfAlive: true,
  });
  await reclaim(scene.here.environment());
  const block = blockFromText(scene.node.entry('a')?.acknowledged?.slot.block ?? '0');
  await scene.here.store.blocks.claim({ pool: POOL, block }, { node: 'i-2', incarnation: 1, boot: 'b', journal: 'j' });
  await scene.roundsFor(10 * MINUTE_MS);
  // The next ADD begins another life, of which the service says nothing ill.
  await scene.add('of-the-next-life');
  await scene.roundsFor(10 * MINUTE_MS);
  const said = scene.errors().filter(({ message }) => message.includes('declared dead'));
  expect(said.at(-1)).toMatchObject({ facts: { containers: 2 } });
  expect(await scene.figure('lessor_declared_dead')).toBe(1);
  for (const container of ['a', 'b']) expect((await scene.call('DEL', container)).exitCode).toBe(0);
  await scene.roundsFor(10 * MINUTE_MS);
  expect(await scene.figure('lessor_declared_dead')).toBe(0);
});

test('a lease that the table does not have although its container lives is lost: logged, counted, and said by status', async () => {
  const { acknowledged, nonce } = scene.node.entry('a') ?? {};
  if (acknowledged === undefined || nonce === undefined) throw new Error('a has no lease');
  const { pool, block, slot } = acknowledged.slot;
  const key = { pool, block: blockFromText(block), slot };
  const by = { containerId: 'a', ifname: 'eth0', node: 'i-1', nonce };
  await scene.here.store.leases.release(key, by, endingAt(scene.here.clock.now));
  const holding = { attachment: { network: 'n', containerId: 'other', ifname: 'eth0' }, nonce: 'n', node: 'i-2' };
  await scene.here.store.leases.hold(key, { ...holding, incarnation: 1, heldAt: scene.here.clock.now }, 1);
  await scene.roundsFor(6 * 60 * MINUTE_MS);
  expect(scene.errors()).toContainEqual(
    expect.objectContaining({
      message: 'a container lives with an address that the service may give to another one',
      facts: expect.objectContaining({ containerId: 'a', addresses: [expect.anything()] }),
    }),
  );
  expect(await scene.figure('lessor_leases_lost_total')).toBe(1);
  expect(scene.node.entry('a')).toMatchObject({ lost: true });
  // When the other one is gone, within a minute.
  await scene.here.store.leases.release(key, { ...by, containerId: 'other', node: 'i-2', nonce: 'n' }, endingAt(0));
  await scene.roundsFor(MINUTE_MS);
  expect(scene.node.entry('a')).not.toHaveProperty('lost');
  expect(await scene.held()).toEqual(['a', 'b']);
});

test('the journal of another node is told of once a heartbeat, and nothing else is sent for it', async () => {
  await scene.roundsFor(10 * MINUTE_MS);
  scene.service = serviceFor(scene.here.environment(), 'i-2');
  scene.startAgent();
  scene.pass(10 * MINUTE_MS);
  await scene.agent.round();
  expect(scene.service.sent.map(({ path }) => path)).toEqual([routes.heartbeat.path]);
  expect(scene.logged.at(-1)).toMatchObject({
    level: 'warn',
    message: expect.stringMatching(/this journal is of node i-1, and the service takes the caller for i-2/),
  });
});

test('what one data directory was told of the node’s life counts in the others, which were told nothing', async () => {
  const apart = join(scene.node.directory, 'apart');
  const [here, there] = [scene.node.dataDir, apart].map((directory) => openRecords(scene.surroundings, directory));
  const [cache] = here?.caches() ?? [];
  if (cache === undefined || there === undefined) throw new Error('nothing was told');
  there.update(POOL, () => ({ ...cache, journal: there.journalId }));
  await declareDeath(scene.here.environment(), callOf('operator'), {
    node: 'i-1',
    reason: 'a mistake',
    alsoIfAlive: true,
  });
  await reclaim(scene.here.environment());
  await scene.add('c');
  expect([here?.lifeTold(), there.lifeTold(), there.cacheOf(POOL)?.blocks.length]).toEqual([2, 1, 1]);
  scene.otherDirs.push(apart);
  scene.startAgent();
  await scene.agent.round();
  expect([there.lifeTold(), there.cacheOf(POOL)?.blocks]).toEqual([2, []]);
});
