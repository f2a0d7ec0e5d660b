/** Events on pods and on the node: one for what is the same, counted, few, and none of them lost by who wrote it before. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nameOf } from '../../cni-shim/kubernetes/event-object.ts';
import { eventLimits } from '../../cni-shim/kubernetes/events.ts';
import { noteDeclaredDead } from '../../cni-shim/node/declared-dead.ts';
import { MINUTE_MS, NODE, VoiceScene } from './voice-scene.ts';

let scene: VoiceScene;
beforeEach(async () => {
  scene = await VoiceScene.begin();
});
afterEach(() => {
  scene.node.remove();
  expect(scene.cluster.wrong).toEqual([]);
});

const writes = () => scene.cluster.received.filter(({ path }) => path.includes('/events'));

describe('a pod that is refused', () => {
  test('has one event with code, pool and remedy, and the count of its tries', async () => {
    await scene.exhaust();
    await scene.looksFor(10 * MINUTE_MS, ['web-3']);
    await scene.looksFor(MINUTE_MS);
    const [event, ...more] = scene.events('Pod');
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      metadata: { namespace: 'shop', name: expect.stringMatching(/^web-3\.[0-9a-f]{16}$/) },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-3', uid: 'uid-of-web-3' },
      type: 'Warning',
      reason: 'AddressRefused',
      message:
        'pool.exhausted: Pool green in VRF default (10.1.0.0/16) is exhausted: delete pods, or add ranges to the pool (network my-bridge-network)',
      source: { component: 'lessor', host: NODE },
      count: 41,
    });
    expect(event.lastTimestamp > event.firstTimestamp).toBe(true);
  });

  test('costs one write a minute, however often kubelet tries', async () => {
    await scene.exhaust();
    await scene.looksFor(10 * MINUTE_MS, ['web-3']);
    expect(writes().filter(({ path }) => path.includes('/shop/')).length).toBeLessThanOrEqual(11);
  });

  test('has another event for another reason', async () => {
    await scene.exhaust();
    await scene.looksFor(15_000);
    scene.service.fate = () => 'unreachable';
    await scene.looksFor(MINUTE_MS, ['web-3']);
    expect(scene.events('Pod').map(({ message }) => message.split(':')[0])).toEqual([
      'pool.exhausted',
      'service.unavailable',
    ]);
  });

  test('has its event counted on by the next agent', async () => {
    await scene.exhaust();
    await scene.looksFor(15_000, ['web-3']);
    await scene.looksFor(MINUTE_MS);
    const before = scene.events('Pod')[0].count;
    scene.startAgent();
    await scene.add('web-3');
    await scene.looksFor(MINUTE_MS);
    expect(scene.events('Pod').map(({ count }) => count)).toEqual([before + 1]);
  });

  test('has a new event where the API forgot the one before', async () => {
    await scene.exhaust();
    await scene.looksFor(15_000);
    const [{ metadata }] = scene.events('Pod');
    scene.cluster.remove('events', metadata.name, 'shop');
    await scene.looksFor(3 * MINUTE_MS, ['web-3']);
    expect(scene.events('Pod')).toHaveLength(1);
    expect(scene.events('Pod')[0].count).toBeLessThan(13);
  });

  test('hears nothing of what was before the agent began', async () => {
    await scene.exhaust();
    scene.startAgent();
    await scene.looksFor(MINUTE_MS);
    expect(scene.events('Pod')).toEqual([]);
  });
});

describe('many pods at once', () => {
  test('are told of a burst, and then of one in ten seconds; what is left out is counted', async () => {
    await scene.exhaust();
    const pods = Array.from({ length: 300 }, (_, index) => `job-${index}`);
    for (const pod of pods) await scene.add(pod);
    await scene.voice.look();
    expect(writes()).toHaveLength(eventLimits.burst);
    await scene.looksFor(MINUTE_MS);
    expect(writes().length).toBeLessThanOrEqual(eventLimits.burst + 7);
    expect(scene.voice.status.events.dropped).toBeGreaterThanOrEqual(300 - eventLimits.most - eventLimits.burst);
    expect(scene.voice.status.events.sent).toBe(writes().length);
  });

  test('of a namespace that is going are dropped, and trouble nobody', async () => {
    await scene.exhaust();
    scene.fate = ({ path }) =>
      path.includes('/shop/')
        ? {
            status: 403,
            object: {
              kind: 'Status',
              reason: 'Forbidden',
              message: 'namespace shop is being terminated',
              details: { causes: [{ reason: 'NamespaceTerminating', message: '', field: '' }] },
            },
          }
        : undefined;
    await scene.looksFor(MINUTE_MS);
    expect([scene.events('Pod'), scene.lines()]).toEqual([[], []]);
    expect(scene.voice.status.events.dropped).toBe(1);
  });
});

describe('an event that the API does not take', () => {
  test.each([
    ['invalid', 422, 'Invalid'],
    ['denied by a webhook of its namespace', 403, 'Forbidden'],
  ])('since it is %s, keeps no other one waiting', async (_, status, reason) => {
    await scene.exhaust();
    scene.fate = ({ path }) =>
      path.includes('/odd/') ? { status, object: { kind: 'Status', reason, message: 'no' } } : undefined;
    await scene.add('batch-0', 'odd');
    await scene.looksFor(2 * MINUTE_MS);
    await scene.add('batch-1', 'odd');
    await scene.add('web-4');
    await scene.looksFor(3 * MINUTE_MS);
    expect(scene.events('Pod').map(({ involvedObject: { name } }) => name)).toEqual(['web-3', 'web-4']);
    expect(scene.voice.status).toMatchObject({ events: { dropped: 2 } });
    expect(scene.voice.status.trouble).toBeUndefined();
  });

  test('is none because a long name was cut at a hyphen: no label of RFC 1123 ends with one', () => {
    const name = `${'a'.repeat(235)}-${'b'.repeat(17)}`;
    const about = { kind: 'Pod', namespace: 'shop', name } as const;
    expect(nameOf('a key', { about, type: 'Warning', reason: 'AddressRefused', message: '', at: 0 })).toMatch(
      /^a+\.[0-9a-f]{16}$/,
    );
  });
});

describe('the node', () => {
  test('says that it was declared dead although it runs, and goes on saying so', async () => {
    await scene.add('web-0');
    await scene.voice.look();
    noteDeclaredDead(scene.records(), 1);
    await scene.looksFor(30 * MINUTE_MS);
    const [event] = scene.events('Node');
    expect(event).toMatchObject({
      metadata: { namespace: 'default' },
      involvedObject: { kind: 'Node', name: NODE, uid: `uid-of-${NODE}` },
      reason: 'DeclaredDead',
      message: expect.stringContaining('1 container lives with addresses that others may get: drain it'),
    });
    expect(event.count).toBeGreaterThanOrEqual(3);
  });

  test('and the pod are told of a lease that was lost', async () => {
    await scene.add('web-0');
    await scene.voice.look();
    const [entry] = scene.node.entries();
    scene.node.write('UPDATE lease SET entry = ?', JSON.stringify({ ...entry, lost: true }));
    await scene.looksFor(MINUTE_MS);
    expect(scene.events('Pod')).toMatchObject([
      { involvedObject: { name: 'web-0' }, reason: 'AddressLost', message: expect.stringContaining('lease.lost: its') },
    ]);
    expect(scene.events('Node')).toMatchObject([
      { reason: 'LeasesLost', message: expect.stringContaining('1 container lives with addresses') },
    ]);
    scene.node.write('UPDATE lease SET entry = ?', JSON.stringify(entry));
    await scene.looksFor(MINUTE_MS);
    expect(scene.events('Pod')).toHaveLength(1);
  });

  test('says once that its journal was damaged and put aside', async () => {
    await scene.add('web-0');
    await scene.voice.look();
    writeFileSync(scene.node.journalPath, 'no database at all'.repeat(1000));
    await scene.add('web-1');
    await scene.looksFor(30 * MINUTE_MS);
    expect(scene.events('Node').filter(({ reason }) => reason === 'JournalPutAside')).toMatchObject([
      { message: expect.stringContaining('.damaged-') },
    ]);
  });
});
