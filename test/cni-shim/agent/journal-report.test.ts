/** What the agent says of its journal with a heartbeat, when it says so before its time, and what the service shows of it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { agentTimes } from '../../../cni-shim/agent/tell-service.ts';
import type { JournalEntry } from '../../../cni-shim/node/journal-entry.ts';
import { type HeartbeatRequest, heartbeatRequest, type JournalReport } from '../../../core/contract/heartbeat.ts';
import { most } from '../../../core/contract/limits.ts';
import { parse } from '../../../core/contract/request-schema.ts';
import { routes } from '../../../core/contract/routes.ts';
import { CONTRACT } from '../../../core/contract/version.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { fenceBlock } from '../../../functions/use-cases/blocks/fence-block.ts';
import { readNode } from '../../../functions/use-cases/nodes/heartbeat.ts';
import { AgentScene, MINUTE_MS, POOL } from './agent-scene.ts';

let scene: AgentScene;
beforeEach(async () => {
  scene = await AgentScene.begin();
});
afterEach(() => scene.node.remove());

const heartbeats = () => scene.sentTo(routes.heartbeat.path).map(({ body }) => body as HeartbeatRequest);
const lastReport = (): JournalReport => heartbeats().at(-1)?.journal as JournalReport;
const shown = async () => (await readNode(scene.here.environment(), 'i-1')).journal;

const put = (entry: JournalEntry) =>
  scene.node.write(
    'INSERT OR REPLACE INTO lease (network, container, ifname, nonce, entry) VALUES (?, ?, ?, ?, ?)',
    ...[entry.attachment.network, entry.attachment.containerId, entry.attachment.ifname],
    ...[entry.nonce, JSON.stringify(entry)],
  );

/** The block of all three containers, of which c took its slot while the API was away, is another node's by now. */
async function loseC(): Promise<void> {
  scene.service.fate = () => 'unreachable';
  await scene.add('c');
  const { local } = scene.node.entry('c') ?? {};
  const key = { pool: POOL, block: blockFromText(local?.slot.block ?? '0') };
  await fenceBlock(scene.here.environment(), key, { generation: local?.generation ?? 0, forced: true });
  await scene.here.store.blocks.claim(key, { node: 'i-2', incarnation: 1, boot: 'b', journal: 'j' });
  scene.service.fate = () => undefined;
}

test('it is what the journal has, and the service shows it with when it was said', async () => {
  await scene.roundsFor(10 * MINUTE_MS);
  const said = { attachments: 2, held: 2, mayHold: 2, local: 0, outbox: 0, lost: 0, lostLeases: [], blocks: 1 };
  expect(lastReport()).toEqual({ ...said, reconciledAt: expect.any(String) });
  expect(await shown()).toEqual({ ...lastReport(), at: new Date(scene.here.clock.now).toISOString() });
});

test('what waits to be told, and for how long, and the outage in which it came to wait', async () => {
  scene.service.fate = () => 'unreachable';
  const begun = scene.here.clock.now;
  await scene.add('c');
  await scene.call('DEL', 'a');
  await scene.roundsFor(20 * MINUTE_MS);
  scene.service.fate = () => undefined;
  scene.service.sent.length = 0;
  await scene.roundsFor(MINUTE_MS);
  const [first] = heartbeats();
  expect(first?.journal).toMatchObject({ attachments: 2, held: 1, mayHold: 3, local: 1, outbox: 2 });
  expect(first?.journal?.outboxOldestSeconds).toBeGreaterThanOrEqual(20 * 60);
  expect(Date.parse(first?.journal?.outage?.from ?? '')).toBeGreaterThanOrEqual(begun);
  // It is told, and that it is does not wait for ten minutes.
  await scene.roundsFor(2 * MINUTE_MS);
  expect(heartbeats()).toHaveLength(2);
  expect(lastReport()).toMatchObject({ attachments: 2, held: 2, mayHold: 2, local: 0, outbox: 0 });
  expect(lastReport().outage).toEqual(first?.journal?.outage);
  expect(lastReport()).not.toHaveProperty('outboxOldestSeconds');
});

test('a lease that is lost, and that its container is gone, are said within two minutes, and no oftener than once a minute', async () => {
  await loseC();
  await scene.roundsFor(5 * MINUTE_MS);
  expect(await shown()).toMatchObject({
    lost: 3,
    lostLeases: ['a', 'b', 'c'].map((containerId) => ({ containerId, addresses: [expect.any(String)] })),
  });
  const soFar = heartbeats().length;
  await scene.roundsFor(5 * MINUTE_MS);
  expect(heartbeats().length).toBeLessThanOrEqual(soFar + 1);
  await scene.call('DEL', 'c');
  await scene.roundsFor(2 * MINUTE_MS);
  expect(await shown()).toMatchObject({ lost: 2, lostLeases: [{ containerId: 'a' }, { containerId: 'b' }] });
});

test('however much turns, there are no two heartbeats within a minute', async () => {
  const times: number[] = [];
  scene.service.fate = ({ path }) => {
    if (path === routes.heartbeat.path) times.push(scene.here.clock.now);
    return undefined;
  };
  for (let turn = 0; turn < 60; turn += 1) {
    const entry = scene.node.entry('a');
    if (entry === undefined) throw new Error('nothing was kept');
    const { lost: _, ...sound } = entry;
    put(turn % 2 === 0 ? { ...entry, lost: true } : sound);
    await scene.roundsFor(agentTimes.roundMs);
  }
  expect(times.length).toBeGreaterThan(1);
  expect(Math.min(...times.slice(1).map((at, index) => at - (times[index] ?? 0)))).toBeGreaterThanOrEqual(MINUTE_MS);
});

test('a service of contract 1.4, which does not know of it, takes the heartbeat without it', async () => {
  await scene.roundsFor(10 * MINUTE_MS);
  const { boot, name, version, region } = heartbeatRequest.shape;
  const ofBefore = z.strictObject({ boot, name, version, region });
  const [sent] = heartbeats();
  expect(CONTRACT.minor).toBeGreaterThan(4);
  expect(parse(ofBefore, structuredClone(sent), 'body', true)).toEqual({
    boot: scene.node.bootId,
    name: 'worker-1',
    version: '1.2.3',
  });
});

test('an agent of contract 1.4 says nothing of it: what was said before stays, with its time', async () => {
  await scene.roundsFor(10 * MINUTE_MS);
  const before = await shown();
  scene.pass(10 * MINUTE_MS);
  await scene.client.heartbeat({ boot: scene.node.bootId });
  expect(await shown()).toEqual(before);
});

test('what is said fits: of many lost leases with the longest names only as many as have room, and usually in one write unit', async () => {
  await scene.roundsFor(10 * MINUTE_MS);
  expect(JSON.stringify(lastReport()).length).toBeLessThan(250);
  const entry = scene.node.entry('a');
  if (entry === undefined) throw new Error('nothing was kept');
  for (let n = 0; n < 2 * most.lostLeases; n += 1)
    put({
      ...entry,
      nonce: n.toString(16).padStart(32, '0'),
      attachment: { ...entry.attachment, containerId: `${n}`.padEnd(most.name, 'c') },
      pod: { namespace: 'ü'.repeat(most.podText), name: 'ü'.repeat(most.podText) },
      lost: true,
    });
  await scene.roundsFor(10 * MINUTE_MS);
  const report = lastReport();
  expect(report.lost).toBe(2 * most.lostLeases);
  expect(report.lostLeases.length).toBeGreaterThan(0);
  expect(Buffer.byteLength(JSON.stringify(report.lostLeases))).toBeLessThanOrEqual(most.lostBytes);
  expect(Buffer.byteLength(JSON.stringify(heartbeats().at(-1)))).toBeLessThan(most.bodyBytes);
});
