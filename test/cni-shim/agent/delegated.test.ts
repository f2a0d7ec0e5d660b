/** The agent where leasing is delegated: it tells within a second or as its pool says, and sends nothing where there is nothing to tell. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agentTimes } from '../../../cni-shim/agent/tell-service.ts';
import { routes } from '../../../core/contract/routes.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { declareDeath } from '../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../functions/use-cases/reclaim/reclaim.ts';
import { change } from '../../functions/pool-requests.ts';
import { callOf } from '../../functions/world.ts';
import { AgentScene, MINUTE_MS, Namespaces, POOL } from './agent-scene.ts';

let scene: AgentScene;
beforeEach(async () => {
  scene = await AgentScene.begin('delegated');
});
afterEach(() => scene.node.remove());

const look = async () => {
  scene.pass(agentTimes.lookMs);
  await scene.agent.look();
};

describe('between two rounds', () => {
  test('nothing is sent where nothing happened', async () => {
    for (let looks = 0; looks < 60; looks += 1) await look();
    expect(scene.service.sent).toEqual([]);
  });

  test('what was leased and released is told at the next look, and logged at the next round', async () => {
    scene.logged.length = 0;
    await scene.add('c');
    await scene.call('DEL', 'a');
    expect(scene.service.sent).toEqual([]);
    await look();
    expect(scene.sentTo(routes.batch.path)).toHaveLength(1);
    expect(await scene.held()).toEqual(['b', 'c']);
    const said = () => scene.logged.filter(({ message }) => message.startsWith('told the service'));
    expect(said()).toEqual([]);
    scene.pass(agentTimes.roundMs);
    await scene.agent.round();
    expect(said()).toMatchObject([{ facts: { reported: 1, released: 1 } }]);
  });

  test('it goes on after an outage, and says for how long it was behind', async () => {
    scene.service.fate = () => 'unreachable';
    await scene.add('c');
    await look();
    scene.pass(agentTimes.longestPauseMs);
    await scene.agent.round();
    expect(await scene.figure('lessor_outbox_oldest_seconds')).toBeGreaterThan(60);
    scene.service.fate = () => undefined;
    scene.pass(agentTimes.longestPauseMs);
    await scene.agent.round();
    expect(await scene.held()).toEqual(['a', 'b', 'c']);
    expect(await scene.figure('lessor_outbox_oldest_seconds')).toBe(0);
  });
});

test('a node that was declared dead says so no more once nothing of that life lives on it, whoever leased since', async () => {
  await scene.add('c');
  await look();
  await declareDeath(scene.here.environment(), callOf('operator'), { node: 'i-1', reason: 'no', alsoIfAlive: true });
  await reclaim(scene.here.environment());
  await scene.roundsFor(10 * MINUTE_MS);
  for (const name of ['a', 'b', 'c']) expect((await scene.call('DEL', name)).exitCode).toBe(0);
  await look();
  const later = ['d', 'e', 'f', 'g'];
  for (const name of later) await scene.add(name);
  expect(later.filter((name) => scene.node.entry(name)?.local !== undefined)).not.toEqual([]);
  await look();
  scene.logged.length = 0;
  await scene.roundsFor(11 * MINUTE_MS);
  expect(scene.errors()).toEqual([]);
  expect(await scene.figure('lessor_declared_dead')).toBe(0);
});

test('a lease whose address still cools is told again soon, and keeps the others back for no longer', async () => {
  await scene.add('c');
  const { slot, generation = 1 } = scene.node.entry('c')?.local ?? {};
  const key = { pool: POOL, block: blockFromText(slot?.block ?? ''), slot: slot?.slot ?? 0 };
  const attachment = { network: 'n', containerId: 'other', ifname: 'eth0' };
  const by = { nonce: 'f'.repeat(32), node: 'i-1' };
  const { leases } = scene.here.store;
  const { now } = scene.here.clock;
  await leases.hold(key, { ...by, attachment, incarnation: 1, heldAt: now }, generation);
  await leases.release(
    key,
    { ...by, containerId: 'other', ifname: 'eth0' },
    { endedAt: now, reusableAt: now + 25_000 },
  );
  await look();
  await scene.add('d');
  await scene.roundsFor(agentTimes.roundMs);
  await scene.add('e');
  await scene.roundsFor(agentTimes.roundMs);
  expect(await scene.held()).toEqual(['a', 'b', 'd', 'e']);
  expect(scene.service.sent.map(({ path }) => path)).not.toContain(routes.heartbeat.path);
  await scene.roundsFor(agentTimes.roundMs);
  expect(await scene.held()).toEqual(['a', 'b', 'c', 'd', 'e']);
});

const addressOf = (name: string) => {
  const { acknowledged, local } = scene.node.entry(name) ?? {};
  return (acknowledged ?? local)?.addresses[0]?.address;
};

test('what was untold when the machine went down is told by the next boot, and nothing of it is left', async () => {
  await scene.add('c');
  await scene.add('d');
  await scene.call('DEL', 'd');
  scene.node.bootId = 'boot-2';
  scene.namespaces = new Namespaces();
  scene.startAgent();
  for (const name of ['e', 'f', 'g']) await scene.add(name);
  expect(new Set(['e', 'f', 'g'].map(addressOf)).size).toBe(3);
  await scene.agent.round();
  await look();
  expect(scene.errors()).toEqual([]);
  expect(await scene.held()).toEqual(['e', 'f', 'g']);
  expect(scene.node.attachments()).toEqual(['e@eth0', 'f@eth0', 'g@eth0']);
  expect(await scene.figure('lessor_outbox_oldest_seconds')).toBe(0);
});

test('a node whose journal was lost with leases untold gives nobody an address with which somebody lives', async () => {
  await scene.add('c');
  const untold = addressOf('c');
  scene.node.loseJournal();
  scene.startAgent();
  const later = ['d', 'e', 'f', 'g', 'h', 'i'];
  for (const name of later) await scene.add(name);
  await scene.agent.round();
  await look();
  expect(later.map(addressOf)).not.toContain(untold);
  expect(new Set(later.map(addressOf)).size).toBe(later.length);
  expect(await scene.held()).toEqual(['a', 'b', ...later]);
});

describe('a pool whose nodes gather for a minute', () => {
  beforeEach(async () => {
    scene.node.remove();
    scene = await AgentScene.begin('delegated', 60);
  });

  test('is told in one request once the oldest has waited so long, by looks and rounds alike', async () => {
    await scene.add('c');
    for (let looks = 0; looks < 29; looks += 1) await look();
    await scene.call('DEL', 'a');
    await scene.agent.round();
    expect(scene.sentTo(routes.batch.path)).toEqual([]);
    for (let looks = 0; looks < 30; looks += 1) await look();
    expect(scene.sentTo(routes.batch.path)).toHaveLength(1);
    expect(await scene.held()).toEqual(['b', 'c']);
  });

  test('is told at once where its node sets the clock back', async () => {
    await scene.add('c');
    scene.pass(-10 * 60_000);
    await look();
    expect(await scene.held()).toEqual(['a', 'b', 'c']);
  });

  test('is told so in the answer of the next batch', async () => {
    await change(scene.here.environment(), { tellWithinSeconds: 1 }, { name: 'green' });
    await scene.add('c');
    scene.pass(61_000);
    await look();
    scene.service.sent.length = 0;
    await scene.add('d');
    await look();
    expect(scene.sentTo(routes.batch.path)).toHaveLength(1);
  });
});
