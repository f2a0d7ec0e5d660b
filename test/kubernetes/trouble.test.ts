/** Without rights, without an API: one line when it begins, one when it is over, and everything else works. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { statusOf } from './api-server.ts';
import { MINUTE_MS, VoiceScene } from './voice-scene.ts';

let scene: VoiceScene;
beforeEach(async () => {
  scene = await VoiceScene.begin();
  await scene.exhaust();
});
afterEach(() => {
  scene.node.remove();
  expect(scene.cluster.wrong).toEqual([]);
});

const BEGINS = 'warn: the Kubernetes API does not take what this node says';
const ENDS = 'info: the Kubernetes API takes what this node says again';

test('without any right there is one line, which names the remedy, and ever fewer tries', async () => {
  const { rules } = scene.cluster;
  scene.cluster.rules = [];
  await scene.looksFor(60 * MINUTE_MS, ['web-3']);
  expect(scene.lines()).toEqual([BEGINS]);
  expect(scene.logged[0]?.facts).toMatchObject({
    why: expect.stringContaining('forbidden'),
    remedy: expect.stringContaining('kubernetes.enabled'),
  });
  expect(scene.cluster.received.length).toBeLessThan(40);
  expect(scene.voice.status).toMatchObject({ trouble: expect.stringContaining('forbidden'), tainted: false });
  scene.cluster.rules = rules;
  await scene.looksFor(10 * MINUTE_MS, ['web-3']);
  expect(scene.lines()).toEqual([BEGINS, ENDS]);
  expect(scene.isTainted()).toBe(true);
});

test('with rights for events alone the pods’ events are written all the same', async () => {
  scene.cluster.rules = scene.cluster.rules.filter(({ resources }) => resources.includes('events'));
  await scene.looksFor(2 * MINUTE_MS, ['web-3']);
  expect(scene.lines()).toEqual([BEGINS]);
  expect(scene.events('Pod')).toHaveLength(1);
});

test('with rights for the node alone it is tainted all the same', async () => {
  scene.cluster.rules = scene.cluster.rules.filter(({ resources }) => !resources.includes('events'));
  await scene.looksFor(2 * MINUTE_MS, ['web-3']);
  expect(scene.lines()).toEqual([BEGINS]);
  expect([scene.isTainted(), scene.events('Pod')]).toEqual([true, []]);
});

test('each rule of the chart’s ClusterRole is needed, and no other right is asked for', async () => {
  await scene.looksFor(2 * MINUTE_MS, ['web-3']);
  await scene.remove('web-0');
  await scene.looksFor(2 * MINUTE_MS);
  expect(scene.lines()).toEqual([]);
  const used = scene.cluster.received.map(({ method, path }) => {
    const [, resource = '', part = ''] = /\/(nodes|events)(?:\/[^/]+(\/status)?)?$/.exec(path) ?? [];
    return `${method} ${resource}${part}`;
  });
  expect([...new Set(used)].sort()).toEqual([
    'GET nodes',
    'PATCH events',
    'PATCH nodes',
    'PATCH nodes/status',
    'POST events',
  ]);
  expect(
    scene.cluster.rules.flatMap(({ verbs, resources }) => verbs.map((verb) => `${verb} ${resources}`)).sort(),
  ).toEqual(['create events', 'get nodes', 'patch events', 'patch nodes', 'patch nodes/status']);
});

test.each([
  ['cannot be reached', 'unanswered' as const, 'ECONNREFUSED'],
  ['does not know the token', statusOf(401, 'Unauthorized', 'Unauthorized'), 'Unauthorized'],
  ['is overloaded', statusOf(503, 'ServiceUnavailable', 'too many requests'), 'too many requests'],
  ['has no node of that name', statusOf(404, 'NotFound', 'nodes "worker-1" not found'), 'not found'],
])('an API that %s has one line when it begins and one when it is over; the taint comes then', async (_, fate, why) => {
  scene.fate = ({ path }) => (path.includes('/nodes/') || fate === 'unanswered' ? fate : undefined);
  await scene.looksFor(20 * MINUTE_MS, ['web-3']);
  expect(scene.lines()).toEqual([BEGINS]);
  expect(scene.logged[0]?.facts.why).toContain(why);
  scene.fate = () => undefined;
  await scene.looksFor(10 * MINUTE_MS, ['web-3']);
  expect(scene.lines()).toEqual([BEGINS, ENDS]);
  expect(scene.isTainted()).toBe(true);
});

test('a taint that could not be taken away is taken away as soon as the API answers', async () => {
  await scene.looksFor(2 * MINUTE_MS);
  scene.fate = () => 'unanswered';
  await scene.remove('web-0');
  await scene.looksFor(10 * MINUTE_MS);
  expect([scene.isTainted(), scene.voice.status.tainted]).toEqual([true, true]);
  scene.fate = () => undefined;
  await scene.looksFor(6 * MINUTE_MS);
  expect(scene.isTainted()).toBe(false);
});

test('a node that others change all the time is tainted later, and that is no trouble', async () => {
  await scene.looksFor(15_000);
  let conflicts = 40;
  scene.fate = ({ method, path }) => {
    if (method !== 'PATCH' || path.endsWith('/status') || path.includes('/events') || conflicts === 0) return undefined;
    conflicts -= 1;
    return statusOf(409, 'Conflict', 'the object has been modified');
  };
  await scene.looksFor(5 * MINUTE_MS);
  expect([scene.isTainted(), scene.lines(), conflicts]).toEqual([true, [], 0]);
});
