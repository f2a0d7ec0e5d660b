import { afterEach, beforeEach, expect, test } from 'vitest';
import { AgentScene } from './agent-scene.ts';

let scene: AgentScene;
beforeEach(async () => {
  scene = await AgentScene.begin();
});
afterEach(() => scene.node.remove());

const free = async () => {
  await scene.agent.round();
  return scene.figure('lessor_own_slots_free{pool="green"}');
};

test('slots of the own block are free until containers have them, and again once they have cooled', async () => {
  const usable = ((await free()) ?? 0) + 2;
  expect([2, 3, 4]).toContain(usable);
  await scene.add('c');
  expect(await free()).toBe(usable - 3);
  await scene.call('DEL', 'c');
  expect(await free()).toBe(usable - 3);
  scene.pass(61_000);
  expect(await free()).toBe(usable - 2);
});
