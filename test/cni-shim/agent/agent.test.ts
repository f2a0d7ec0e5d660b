/** The agent's rounds with the service's own use cases behind it, a clock that a test sets, and namespaces that it ends. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agentTimes } from '../../../cni-shim/agent/tell-service.ts';
import { recordsIn } from '../../../cni-shim/sync/data-directories.ts';
import { routes } from '../../../core/contract/routes.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { fenceBlock } from '../../../functions/use-cases/blocks/fence-block.ts';
import { readNode } from '../../../functions/use-cases/nodes/heartbeat.ts';
import { serviceFor } from '../service.ts';
import { AgentScene, GRACE_MS, MINUTE_MS, Namespaces, POOL } from './agent-scene.ts';

let scene: AgentScene;
beforeEach(async () => {
  scene = await AgentScene.begin();
});
afterEach(() => scene.node.remove());

describe('a container whose namespace is gone', () => {
  test('is released after the grace, and not before', async () => {
    scene.namespaces.end('a');
    await scene.roundsFor(GRACE_MS);
    expect(await scene.held()).toEqual(['a', 'b']);
    expect(scene.service.sent).toEqual([]);
    await scene.roundsFor(agentTimes.roundMs);
    expect(await scene.held()).toEqual(['b']);
    expect(scene.node.entry('a')).toBeUndefined();
    expect(scene.node.outbox().releases).toEqual([]);
    expect(scene.sentTo(routes.release.path)).toHaveLength(1);
    expect(await scene.figure('lessor_dead_sandboxes_total{why="namespace"}')).toBe(1);
    expect(scene.logged).toContainEqual({
      level: 'info',
      message: 'a container ended without a DEL',
      facts: expect.objectContaining({ containerId: 'a', why: 'namespace' }),
    });
  });

  test('is not released while a process is in its namespace', async () => {
    scene.namespaces.unmount('a');
    await scene.roundsFor(10 * GRACE_MS);
    expect(await scene.held()).toEqual(['a', 'b']);
    scene.namespaces.end('a');
    await scene.roundsFor(GRACE_MS + agentTimes.roundMs);
    expect(await scene.held()).toEqual(['b']);
  });

  test('has its grace anew where it was seen to live meanwhile', async () => {
    scene.namespaces.end('a');
    await scene.roundsFor(GRACE_MS);
    scene.namespaces.begin('a');
    await scene.roundsFor(agentTimes.roundMs);
    scene.namespaces.end('a');
    await scene.roundsFor(GRACE_MS);
    expect(await scene.held()).toEqual(['a', 'b']);
  });

  test('waits for no more than the grace where the clock was set back by a day', async () => {
    scene.namespaces.end('a');
    await scene.roundsFor(agentTimes.roundMs);
    scene.pass(-24 * 60 * MINUTE_MS);
    await scene.roundsFor(GRACE_MS + 2 * agentTimes.roundMs);
    expect(await scene.held()).toEqual(['b']);
  });

  test('is released by the DEL that comes after all, once', async () => {
    scene.namespaces.end('a');
    await scene.roundsFor(GRACE_MS);
    expect((await scene.call('DEL', 'a')).exitCode).toBe(0);
    await scene.roundsFor(MINUTE_MS);
    expect(scene.sentTo(routes.release.path)).toHaveLength(1);
    expect(await scene.figure('lessor_dead_sandboxes_total{why="namespace"}')).toBeUndefined();
  });
});

test('what is not the journal’s keeps the agent from nothing', async () => {
  for (const path of [join(scene.node.dataDir, 'notes'), join(dirname(scene.node.journalPath), 'notes')])
    writeFileSync(path, 'of an editor');
  scene.node.bootId = 'boot-2';
  scene.startAgent();
  await scene.agent.round();
  expect(await scene.held()).toEqual([]);
});

test('what an earlier boot left is released at once', async () => {
  scene.node.bootId = 'boot-2';
  scene.namespaces = new Namespaces();
  scene.startAgent();
  await scene.agent.round();
  expect(await scene.held()).toEqual([]);
  expect(await scene.figure('lessor_dead_sandboxes_total{why="reboot"}')).toBe(2);
});

describe('while the API cannot be reached', () => {
  beforeEach(async () => {
    scene.service.fate = () => 'unreachable';
    await scene.add('c');
    await scene.add('d');
    scene.service.sent.length = 0;
  });

  test('the pauses between two tries grow to a minute, and are no fault of its health', async () => {
    const tries: number[] = [];
    scene.service.fate = () => {
      tries.push(scene.here.clock.now);
      return 'unreachable';
    };
    const begun = scene.here.clock.now;
    for (let round = 0; round < 60; round += 1) {
      await scene.roundsFor(agentTimes.roundMs);
      expect(scene.agent.health()).toBeUndefined();
    }
    // One attempt may take several sends within its own deadline.
    const seconds = tries.map((at) => Math.round((at - begun) / 10_000) * 10);
    const pauses = [...new Set(seconds)].map((at, index, all) => at - (all[index - 1] ?? 0)).slice(1);
    expect(pauses.slice(0, 3)).toEqual([10, 20, 40]);
    expect(new Set(pauses.slice(3))).toEqual(new Set([60]));
    expect(pauses.length).toBeGreaterThan(8);
    expect(await scene.figure('lessor_api_reachable')).toBe(0);
    expect(await scene.figure('lessor_outbox{network="my-bridge-network",kind="report"}')).toBe(2);
  });

  test('leases are reported afterwards, and the table is compared', async () => {
    await scene.roundsFor(5 * MINUTE_MS);
    expect(await scene.held()).toEqual(['a', 'b']);
    scene.service.fate = () => undefined;
    await scene.roundsFor(MINUTE_MS);
    expect(await scene.held()).toEqual(['a', 'b', 'c', 'd']);
    expect(scene.node.outbox()).toEqual({ reports: [], releases: [] });
    expect(await scene.figure('lessor_outbox_flushed_total{kind="report"}')).toBe(2);
    expect(await scene.figure('lessor_outbox{network="my-bridge-network",kind="report"}')).toBe(0);
    expect(await scene.figure('lessor_api_reachable')).toBe(1);
    expect(scene.sentTo(routes.ownLeases.path)).not.toEqual([]);
  });

  test('a container that began and ended leaves no lease', async () => {
    scene.namespaces.end('c');
    await scene.roundsFor(5 * MINUTE_MS);
    scene.service.fate = () => undefined;
    await scene.roundsFor(MINUTE_MS);
    expect(await scene.held()).toEqual(['a', 'b', 'd']);
    expect(scene.node.slots()).toHaveLength(3);
  });

  test('a lease whose block was taken away on evidence, and is another’s, is lost: it is said once a minute, and counted', async () => {
    const { local } = scene.node.entry('c') ?? {};
    const key = { pool: POOL, block: blockFromText(local?.slot.block ?? '0') };
    await fenceBlock(scene.here.environment(), key, { generation: local?.generation ?? 0, forced: true });
    await scene.here.store.blocks.claim(key, { node: 'i-2', incarnation: 1, boot: 'b', journal: 'j' });
    scene.service = serviceFor(scene.here.environment(), 'i-1');
    scene.startAgent();
    await scene.roundsFor(10 * MINUTE_MS);
    const lost = scene.errors().filter(({ facts }) => facts.containerId === 'c');
    expect(lost.length).toBeGreaterThan(1);
    expect(lost.length).toBeLessThanOrEqual(10);
    expect(lost[0]).toMatchObject({ facts: { addresses: local?.addresses } });
    expect(await scene.figure('lessor_leases_lost_total')).toBeGreaterThan(1);
    expect(scene.agent.health()).toBeUndefined();
  });
});

describe('where nothing happens', () => {
  test('"I am here" is sent every ten minutes, the table is read every six hours, and nothing else is sent', async () => {
    await scene.roundsFor(12 * 60 * MINUTE_MS);
    expect(scene.sentTo(routes.heartbeat.path)).toHaveLength(72);
    expect(scene.sentTo(routes.ownLeases.path)).toHaveLength(2);
    expect(scene.service.sent).toHaveLength(74);
    expect(scene.errors()).toEqual([]);
  });

  test('a clock that was set back by a day makes it due, not overdue for a day', async () => {
    await scene.roundsFor(MINUTE_MS);
    scene.pass(-24 * 60 * MINUTE_MS);
    await scene.roundsFor(agentTimes.roundMs);
    expect(scene.sentTo(routes.heartbeat.path)).toHaveLength(1);
    expect(scene.agent.health()).toBeUndefined();
  });

  test('people see at the service when it was here, with its name and version', async () => {
    await scene.roundsFor(10 * MINUTE_MS);
    expect(await readNode(scene.here.environment(), 'i-1')).toMatchObject({ name: 'worker-1', version: '1.2.3' });
  });
});

test('a lease of this node without an entry is released when the table is read', async () => {
  await scene.add('c');
  const entry = scene.node.entry('c');
  const [records] = recordsIn(scene.directories);
  if (entry === undefined || records === undefined) throw new Error('nothing was kept');
  records.journal.forget(entry);
  await scene.roundsFor(MINUTE_MS);
  expect(await scene.held()).toEqual(['a', 'b', 'c']);
  await scene.roundsFor(agentTimes.reconcileMs);
  expect(await scene.held()).toEqual(['a', 'b']);
  expect(await scene.figure('lessor_reconciled_total{reason="unjournaled"}')).toBe(1);
});

test('a block whose giving back was not answered is given back with the next "I am here"', async () => {
  for (const container of ['c', 'd', 'e']) await scene.add(container);
  scene.service.fate = ({ path }) => (path === routes.giveBack.path ? 'unreachable' : undefined);
  for (const container of ['a', 'b', 'c', 'd']) await scene.call('DEL', container);
  expect(scene.node.returnedBlocks().map((name) => name.includes('answered'))).toEqual([false]);
  scene.service.fate = () => undefined;
  await scene.roundsFor(10 * MINUTE_MS);
  expect(scene.node.returnedBlocks().map((name) => name.includes('answered'))).toEqual([true]);
});

test('a round that goes on for more than a minute without an answer is told by its health', async () => {
  scene.service.fate = () => {
    scene.pass(61_000);
    expect(scene.agent.health()).toMatch(/nothing has gone on for 6\d s/);
    return undefined;
  };
  scene.pass(agentTimes.heartbeatMs);
  await scene.agent.round();
  expect(scene.agent.health()).toBeUndefined();
  expect(scene.sentTo(routes.heartbeat.path)).toHaveLength(1);
});
