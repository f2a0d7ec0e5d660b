/**
 * Two agents of one node at once, as a rolling update of the DaemonSet may have them, beside kubelet and the node's controllers that
 * change the same Node: each request waits for as long as a seeded chance has it.
 */
import { afterEach, expect, test } from 'vitest';
import type { NodeVoice } from '../../cni-shim/agent/node-voice.ts';
import type { KubernetesApi } from '../../cni-shim/kubernetes/api.ts';
import { type NodeObject, nodeObject } from '../../cni-shim/kubernetes/node-object.ts';
import { type Chance, chanceOf } from '../linearizability/chance.ts';
import { MINUTE_MS, NODE, OTHERS_TAINT, SAME_KEY, VoiceScene } from './voice-scene.ts';

const SEEDS = 24;
const COMES_AND_GOES = 'example.com/comes-and-goes';
let scene: VoiceScene;
afterEach(() => scene.node.remove());

/** Each request arrives, and its answer comes back, some turns later. */
const late = (api: KubernetesApi, chance: Chance): KubernetesApi => ({
  async ask(request) {
    for (let turns = chance.under(6); turns > 0; turns -= 1) await Promise.resolve();
    const reply = await api.ask(request);
    for (let turns = chance.under(6); turns > 0; turns -= 1) await Promise.resolve();
    return reply;
  },
});

/** The mutant: a client that changes taints without the version that it read. */
const withoutVersion = (api: KubernetesApi): KubernetesApi => ({
  ask: (request) => {
    const { metadata: _, ...body } = (request.body ?? {}) as Record<string, unknown>;
    return api.ask(request.method === 'PATCH' ? { ...request, body } : request);
  },
});

/** A controller sets taints of its own and takes them away again, by the version that it read, as Kubernetes' own do. */
async function controller(chance: Chance): Promise<boolean> {
  let isThere = false;
  for (let turn = 0; turn < 60; turn += 1) {
    await Promise.resolve();
    if (chance.happens(0.5)) continue;
    isThere = !isThere;
    const node = scene.cluster.get('nodes', NODE);
    const others = (node.spec.taints ?? []).filter((one: { key: string }) => one.key !== COMES_AND_GOES);
    const taints = isThere ? [...others, { key: COMES_AND_GOES, effect: 'NoSchedule' }] : others;
    scene.cluster.put('nodes', { ...node, spec: { ...node.spec, taints } });
  }
  return isThere;
}

/** What a round of it comes to: whether the controller's taints are all there. */
async function toggled(seed: number, mutate: (api: KubernetesApi) => KubernetesApi): Promise<boolean> {
  const chance = chanceOf(seed);
  const agents = [0, 1].map(() => nodeObject(mutate(late(scene.api, chance)), NODE));
  const controlled = controller(chance);
  const agent = async (node: NodeObject) => {
    for (let times = 0; times < 6; times += 1) await node.setTaint(chance.happens(0.5));
  };
  await Promise.all(agents.map(agent));
  const isThere = await controlled;
  const keys = scene.taints().map(({ key, effect }) => `${key}:${effect}`);
  const kept = [OTHERS_TAINT, SAME_KEY].every(({ key, effect }) => keys.includes(`${key}:${effect}`));
  return kept && keys.includes(`${COMES_AND_GOES}:NoSchedule`) === isThere;
}

async function losses(mutate: (api: KubernetesApi) => KubernetesApi): Promise<number> {
  let lost = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    scene?.node.remove();
    scene = await VoiceScene.begin();
    if (!(await toggled(seed, mutate))) lost += 1;
  }
  return lost;
}

test('no taint of another is lost or comes back, whoever changes the node meanwhile', async () => {
  expect(await losses((api) => api)).toBe(0);
});

test('a client without the precondition is caught', async () => {
  expect(await losses(withoutVersion)).toBeGreaterThan(0);
});

/** Both look as they come, in an order of the chance. */
async function bothLook(agents: readonly NodeVoice[], forMs: number): Promise<void> {
  for (const end = scene.here.clock.now + forMs; scene.here.clock.now < end; ) {
    scene.pass(5_000);
    await Promise.all(agents.map((agent) => agent.look()));
  }
}

test('an agent that ends and one that begins leave no taint behind where there are addresses, and one where there are none', async () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    scene?.node.remove();
    scene = await VoiceScene.begin();
    const chance = chanceOf(seed);
    await scene.exhaust();
    const before = scene.startAgent({ kubernetes: late(scene.api, chance) });
    await bothLook([before], chance.under(60_000));
    const after = scene.startAgent({ kubernetes: late(scene.api, chance) });
    await bothLook([before, after], chance.under(60_000));
    const isKilled = chance.happens(0.5);
    await Promise.all([isKilled ? undefined : before.end(), after.look()]);
    await bothLook([after], 3 * MINUTE_MS);
    expect([seed, scene.isTainted(), scene.condition().status]).toEqual([seed, true, 'True']);
    await scene.remove('web-0');
    await bothLook([after], 6 * MINUTE_MS);
    expect([seed, scene.isTainted(), scene.condition().status]).toEqual([seed, false, 'False']);
    expect(scene.taints()).toEqual([OTHERS_TAINT, SAME_KEY]);
    await Promise.all([after.end(), before.end()]);
    expect(scene.condition()).toBeUndefined();
  }
});
