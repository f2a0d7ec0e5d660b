/** The condition and the taint of a node while no address can be had on it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../../core/contract/routes.ts';
import { kubeletsConditions, MINUTE_MS, NODE, OTHERS_TAINT, SAME_KEY, VoiceScene } from './voice-scene.ts';

let scene: VoiceScene;
beforeEach(async () => {
  scene = await VoiceScene.begin();
});
afterEach(() => {
  scene.node.remove();
  expect(scene.cluster.wrong).toEqual([]);
});

const others = () => {
  const { conditions } = scene.cluster.get('nodes', NODE).status;
  return conditions.filter(({ type }: { type: string }) => type !== 'LessorNoAddresses');
};

describe('a node on which nothing was refused', () => {
  test('has the condition, which says that there is no problem, and no taint; the service is asked for nothing', async () => {
    await scene.add('web-0');
    scene.service.sent.length = 0;
    await scene.looksFor(5 * MINUTE_MS);
    expect(scene.condition()).toMatchObject({ status: 'False', reason: 'AddressesAvailable' });
    expect(scene.taints()).toEqual([OTHERS_TAINT, SAME_KEY]);
    expect(scene.service.sent).toEqual([]);
    expect(others()).toEqual(kubeletsConditions);
  });

  test('costs Kubernetes one request in five minutes', async () => {
    await scene.looksFor(MINUTE_MS);
    scene.cluster.received.length = 0;
    await scene.looksFor(30 * MINUTE_MS);
    expect(scene.cluster.received.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array(6).fill(`PATCH /api/v1/nodes/${NODE}/status`),
    );
  });

  test('says since when it is so, and when that was said last', async () => {
    await scene.looksFor(MINUTE_MS);
    const { lastTransitionTime, lastHeartbeatTime } = scene.condition();
    await scene.looksFor(10 * MINUTE_MS);
    expect(scene.condition().lastTransitionTime).toBe(lastTransitionTime);
    expect(scene.condition().lastHeartbeatTime > lastHeartbeatTime).toBe(true);
  });
});

describe('a pool that is full', () => {
  test('taints the node after some time, says why in the condition, and leaves every other taint and condition', async () => {
    await scene.exhaust();
    await scene.looksFor(15_000, ['web-3']);
    expect([scene.isTainted(), scene.condition().status]).toEqual([false, 'False']);
    await scene.looksFor(30_000, ['web-3']);
    expect(scene.taints()).toEqual([OTHERS_TAINT, SAME_KEY, { key: 'lessor.dev/no-addresses', effect: 'NoSchedule' }]);
    expect(scene.condition()).toMatchObject({
      status: 'True',
      reason: 'PoolExhausted',
      message: expect.stringMatching(
        /^network my-bridge-network: pool\.exhausted: .*green.* is exhausted: delete pods/,
      ),
    });
    expect(others()).toEqual(kubeletsConditions);
  });

  test('is no lack where a pod that was refused once gets its address soon', async () => {
    await scene.exhaust();
    await scene.looksFor(15_000);
    await scene.remove('web-0');
    await scene.looksFor(5 * MINUTE_MS);
    expect(scene.isTainted()).toBe(false);
    expect(scene.condition().status).toBe('False');
  });

  test('lets the taint go once addresses could be had for some time; pods of the node need not try', async () => {
    await scene.exhaust();
    await scene.looksFor(2 * MINUTE_MS);
    expect(scene.isTainted()).toBe(true);
    await scene.remove('web-0');
    await scene.looksFor(15_000);
    expect(scene.isTainted()).toBe(true);
    await scene.looksFor(MINUTE_MS);
    expect(scene.taints()).toEqual([OTHERS_TAINT, SAME_KEY]);
    expect(scene.condition()).toMatchObject({ status: 'False', reason: 'AddressesAvailable' });
    expect(scene.events('Node').map(({ type, reason }) => [type, reason])).toEqual([
      ['Warning', 'NoAddresses'],
      ['Normal', 'AddressesAvailable'],
    ]);
  });

  test('asks the service no more often than every 30 s, and no more once there are addresses', async () => {
    await scene.exhaust();
    await scene.looksFor(10 * MINUTE_MS);
    expect(scene.sentTo(routes.readiness.path).length).toBeLessThanOrEqual(21);
    await scene.remove('web-0');
    await scene.looksFor(5 * MINUTE_MS);
    scene.service.sent.length = 0;
    await scene.looksFor(10 * MINUTE_MS);
    expect(scene.sentTo(routes.readiness.path)).toEqual([]);
  });

  test('counts no longer than an hour after the last pod was refused: the network may be none of the node’s any more', async () => {
    await scene.exhaust();
    await scene.looksFor(50 * MINUTE_MS);
    expect(scene.isTainted()).toBe(true);
    await scene.looksFor(15 * MINUTE_MS);
    expect(scene.isTainted()).toBe(false);
  });

  test('has the taint again where somebody takes it away meanwhile', async () => {
    await scene.exhaust();
    await scene.looksFor(MINUTE_MS);
    scene.cluster.put('nodes', { ...scene.cluster.get('nodes', NODE), spec: { taints: [OTHERS_TAINT] } });
    await scene.looksFor(2 * MINUTE_MS);
    expect(scene.taints()).toEqual([OTHERS_TAINT, { key: 'lessor.dev/no-addresses', effect: 'NoSchedule' }]);
  });
});

describe('a node that is deleted and made again by the same name', () => {
  const remake = () => {
    scene.cluster.remove('nodes', NODE);
    scene.cluster.put('nodes', { metadata: { name: NODE }, spec: {}, status: { conditions: kubeletsConditions } });
  };
  test.each([
    ['with addresses', 'False', false],
    ['without', 'True', true],
  ])('%s has condition and taint as it is to have them, and says since when', async (_, status, tainted) => {
    if (tainted) await scene.exhaust();
    await scene.looksFor(2 * MINUTE_MS, tainted ? ['web-3'] : []);
    remake();
    await scene.looksFor(6 * MINUTE_MS, tainted ? ['web-3'] : []);
    expect(scene.condition()).toMatchObject({ status, lastTransitionTime: expect.stringMatching(/^20/) });
    expect([scene.isTainted(), others()]).toEqual([tainted, kubeletsConditions]);
  });
});

describe('whom it concerns', () => {
  test('a second interface that gets no address taints nothing', async () => {
    for (const pod of ['web-0', 'web-1', 'web-2']) await scene.add(pod);
    for (let tries = 0; tries < 4; tries += 1) {
      expect(await scene.add('web-3', 'shop', { ifname: 'net1' })).toBe(1);
      await scene.looksFor(30_000);
    }
    expect(scene.isTainted()).toBe(false);
  });

  test('an outage of the API is no lack before a pod failed for it, and one while pods of a shared pool do', async () => {
    await scene.add('web-0');
    scene.service.fate = () => 'unreachable';
    await scene.looksFor(5 * MINUTE_MS);
    expect(scene.isTainted()).toBe(false);
    expect(await scene.add('web-1')).toBe(1);
    // A shared pool: nobody here gets an address before the API is back.
    await scene.looksFor(2 * MINUTE_MS, ['web-1']);
    expect(scene.condition()).toMatchObject({ status: 'True', reason: 'ServiceUnreachable' });
    scene.service.fate = () => undefined;
    await scene.looksFor(2 * MINUTE_MS, ['web-1']);
    expect([scene.isTainted(), scene.condition().status]).toEqual([false, 'False']);
  });

  test('a node that is to leave is not kept tainted', async () => {
    await scene.exhaust();
    await scene.looksFor(MINUTE_MS);
    for (const pod of ['web-0', 'web-1', 'web-2', 'web-3']) await scene.remove(pod);
    scene.records().leaving.begin();
    await scene.looksFor(15_000);
    expect(scene.isTainted()).toBe(false);
  });
});

describe('an agent after another one', () => {
  test('takes over the taint of one that was killed, and takes it away only once addresses could be had for some time', async () => {
    await scene.exhaust();
    await scene.looksFor(MINUTE_MS);
    scene.startAgent();
    await scene.looksFor(5 * MINUTE_MS);
    expect(scene.isTainted()).toBe(true);
    await scene.remove('web-0');
    scene.startAgent();
    await scene.voice.look();
    expect([scene.isTainted(), scene.condition().status]).toEqual([true, 'True']);
    await scene.looksFor(2 * MINUTE_MS);
    expect([scene.isTainted(), scene.condition().status]).toEqual([false, 'False']);
  });

  test('takes away what is left where the journal is gone, and nothing says why it was set', async () => {
    await scene.exhaust();
    await scene.looksFor(MINUTE_MS);
    scene.node.loseJournal();
    scene.startAgent();
    await scene.looksFor(MINUTE_MS);
    expect(scene.taints()).toEqual([OTHERS_TAINT, SAME_KEY]);
  });

  test('sets none where it is to set none, and takes away the one that is there; the condition stays', async () => {
    await scene.exhaust();
    await scene.looksFor(MINUTE_MS);
    scene.startAgent({ taints: false });
    await scene.looksFor(2 * MINUTE_MS);
    expect(scene.taints()).toEqual([OTHERS_TAINT, SAME_KEY]);
    expect(scene.condition()).toMatchObject({ status: 'True', reason: 'PoolExhausted' });
  });

  test('leaves neither condition nor taint behind when it is told to stop', async () => {
    await scene.exhaust();
    await scene.looksFor(MINUTE_MS);
    expect(await scene.voice.end()).toBe(true);
    expect(scene.taints()).toEqual([OTHERS_TAINT, SAME_KEY]);
    expect(scene.cluster.get('nodes', NODE).status.conditions).toEqual(kubeletsConditions);
  });
});
