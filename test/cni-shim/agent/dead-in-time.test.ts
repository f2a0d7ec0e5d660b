/** How long an address is held after its container died without a DEL: by the agent's own clock, from the worst moment on. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentTimes } from '../../../cni-shim/agent/tell-service.ts';
import { agent as agentCommand } from '../../../cni-shim/commands/agent.ts';
import { routes } from '../../../core/contract/routes.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { fenceBlock } from '../../../functions/use-cases/blocks/fence-block.ts';
import { AgentScene, GRACE_MS, MINUTE_MS, POOL } from './agent-scene.ts';

/** What is promised. */
const WITHIN_MS = 2 * MINUTE_MS;
/** A slow service. */
const ANSWER_MS = 500;
/** Rounds between two tries of an agent that waits as long as it ever does. */
const PHASES = agentTimes.longestPauseMs / agentTimes.roundMs;

let scene: AgentScene;
beforeEach(begin);
afterEach(() => scene.node.remove());

async function begin(): Promise<void> {
  scene = await AgentScene.begin();
  answerSlowly();
}

function answerSlowly(): void {
  scene.service.fate = () => {
    scene.pass(ANSWER_MS);
    return undefined;
  };
}

/** Milliseconds from their death, just after a round looked, until the table has none of them. */
async function heldFor(...containers: readonly string[]): Promise<number> {
  // The first thing that a round does is to look.
  const died = scene.here.clock.now;
  await scene.agent.round();
  for (const container of containers) scene.namespaces.end(container);
  const isHeld = async () => (await scene.held()).some((one) => containers.includes(one));
  while (await isHeld()) {
    if (scene.here.clock.now - died > 60 * MINUTE_MS) throw new Error('still held after an hour');
    await scene.roundsFor(agentTimes.roundMs);
  }
  return scene.here.clock.now - died;
}

/** Of deaths in each of the rounds between two tries, the longest. */
async function longestOf(prepared: () => Promise<string>): Promise<number> {
  let longest = 0;
  for (let phase = 0; phase < PHASES; phase += 1) {
    if (phase > 0) {
      scene.node.remove();
      await begin();
    }
    const container = await prepared();
    await scene.roundsFor(phase * agentTimes.roundMs);
    longest = Math.max(longest, await heldFor(container));
  }
  return longest;
}

/** c lives with a slot that another node got: from then on the agent pauses for a minute after each try. e lives in another block. */
async function besideLostLease(): Promise<string> {
  scene.service.fate = () => 'unreachable';
  await scene.add('c');
  const { local } = scene.node.entry('c') ?? {};
  const key = { pool: POOL, block: blockFromText(local?.slot.block ?? '0') };
  await fenceBlock(scene.here.environment(), key, { generation: local?.generation ?? 0, forced: true });
  await scene.here.store.blocks.claim(key, { node: 'i-2', incarnation: 1, boot: 'b', journal: 'j' });
  answerSlowly();
  await scene.roundsFor(2 * MINUTE_MS);
  await scene.add('e');
  await scene.roundsFor(2 * MINUTE_MS);
  expect(await scene.held()).toEqual(['e']);
  expect(await scene.figure('lessor_leases_lost{network="my-bridge-network"}')).toBeGreaterThan(0);
  return 'e';
}

test('the grace of these tests is what the agent has by default', () => {
  expect(Number(agentCommand.options.grace.default) * 1000).toBe(GRACE_MS);
});

test('where nothing else goes on it is the grace, one round and the answer: 40.5 s', async () => {
  expect(await heldFor('a')).toBe(GRACE_MS + agentTimes.roundMs + ANSWER_MS);
});

test('a round that also says "I am here" and reads the table makes it no longer than two minutes', async () => {
  scene.pass(agentTimes.reconcileMs);
  expect(await heldFor('a')).toBeLessThanOrEqual(WITHIN_MS);
  expect(scene.sentTo(routes.ownLeases.path)).not.toEqual([]);
});

test('twenty containers that die at once are free within two minutes', async () => {
  const many = Array.from({ length: 20 }, (_, index) => `many-${index}`);
  for (const container of many) await scene.add(container);
  expect(await heldFor(...many)).toBeLessThanOrEqual(WITHIN_MS);
  expect(await scene.held()).toEqual(['a', 'b']);
});

test('while another lease of the node is lost, and a minute passes between two tries, it is no longer than two minutes', async () => {
  const longest = await longestOf(besideLostLease);
  expect(longest).toBeGreaterThan(GRACE_MS + 2 * agentTimes.roundMs);
  expect(longest).toBeLessThanOrEqual(WITHIN_MS);
});

test('at the end of an outage, whatever is left of the longest pause, it is no longer than two minutes', async () => {
  const longest = await longestOf(async () => {
    scene.service.fate = () => 'unreachable';
    await scene.add('c');
    await scene.roundsFor(10 * MINUTE_MS);
    answerSlowly();
    return 'a';
  });
  expect(longest).toBeLessThanOrEqual(WITHIN_MS);
});

test('an agent that looks at the namespaces every ten minutes is found out', async () => {
  await scene.roundsFor(MINUTE_MS);
  const { round } = scene.agent;
  let rounds = 0;
  scene.agent = {
    ...scene.agent,
    round: async () => {
      rounds += 1;
      if (rounds % 60 === 1) await round();
    },
  };
  expect(await heldFor('a')).toBeGreaterThan(WITHIN_MS);
});
