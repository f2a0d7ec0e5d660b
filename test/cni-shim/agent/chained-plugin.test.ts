/**
 * A chained plugin fails again and again: our ADD succeeds, the next one's does not, and the runtime tries with a new sandbox. It
 * calls DEL for the failed one, or never does (containerd#12130). At the end nothing is held but what lives.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentTimes } from '../../../cni-shim/agent/tell-service.ts';
import { routes } from '../../../core/contract/routes.ts';
import { AgentScene, GRACE_MS, MINUTE_MS } from './agent-scene.ts';

const RETRIES = 50;
/** Between two tries of a kubelet that backs off by little. */
const RETRY_MS = 10_000;
const LIVING = ['a', 'b'];

let scene: AgentScene;
beforeEach(async () => {
  scene = await AgentScene.begin();
});
afterEach(() => scene.node.remove());

interface Runtime {
  /** What it does about a sandbox whose ADD failed after ours. */
  readonly after: (sandbox: string, retry: number) => Promise<void>;
  /** What passes until the next try. */
  readonly wait: () => Promise<void>;
}

const agentRuns = () => scene.roundsFor(RETRY_MS);
const noAgent = async () => scene.pass(RETRY_MS);

/** Each sandbox is torn down, whatever was called for it. @returns how many ADDs had no address */
async function retryAgainAndAgain({ after, wait }: Runtime): Promise<number> {
  let without = 0;
  for (let retry = 0; retry < RETRIES; retry += 1) {
    const sandbox = `try-${retry}`;
    scene.namespaces.begin(sandbox);
    if ((await scene.call('ADD', sandbox)).exitCode !== 0) without += 1;
    await after(sandbox, retry);
    scene.namespaces.end(sandbox);
    await wait();
  }
  return without;
}

const callsDel = async (sandbox: string) => {
  expect((await scene.call('DEL', sandbox)).exitCode).toBe(0);
};
const neverCallsDel = async () => {};

/** On this node and in the table. */
async function expectNothingBut(living: readonly string[]): Promise<void> {
  expect(await scene.held()).toEqual(living);
  expect(
    scene.node
      .entries()
      .map(({ attachment }) => attachment.containerId)
      .sort(),
  ).toEqual(living);
  expect(scene.node.slots()).toHaveLength(living.length);
  expect(scene.node.outbox()).toEqual({ reports: [], releases: [] });
}

test('with a DEL for each, nothing is held, and no agent is needed', async () => {
  expect(await retryAgainAndAgain({ after: callsDel, wait: noAgent })).toBe(0);
  await expectNothingBut(LIVING);
});

test('without any DEL each is free two minutes later, and no try is without an address in 32', async () => {
  expect(await retryAgainAndAgain({ after: neverCallsDel, wait: agentRuns })).toBe(0);
  expect((await scene.held()).length).toBeLessThanOrEqual(LIVING.length + (GRACE_MS + RETRY_MS) / RETRY_MS);
  await scene.roundsFor(2 * MINUTE_MS);
  await expectNothingBut(LIVING);
  expect(await scene.figure('lessor_dead_sandboxes_total{why="namespace"}')).toBe(RETRIES);
});

test('with a DEL for every other one, and releases that are not answered, nothing is held two minutes after they are', async () => {
  scene.service.fate = ({ path }) => (path === routes.release.path ? 'answer lost' : undefined);
  const everyOther = async (sandbox: string, retry: number) => {
    if (retry % 2 === 0) await callsDel(sandbox);
  };
  await retryAgainAndAgain({ after: everyOther, wait: agentRuns });
  scene.service.fate = () => undefined;
  await scene.roundsFor(2 * MINUTE_MS);
  await expectNothingBut(LIVING);
});

test('the try that succeeds keeps its address, and what lived before has its own', async () => {
  const before = LIVING.map((container) => scene.node.entry(container)?.acknowledged);
  await retryAgainAndAgain({ after: neverCallsDel, wait: agentRuns });
  await scene.add('won');
  await scene.roundsFor(2 * MINUTE_MS);
  await expectNothingBut([...LIVING, 'won']);
  expect(LIVING.map((container) => scene.node.entry(container)?.acknowledged)).toEqual(before);
});

test('an agent that never looks leaks until there is no address: the pool has 32', async () => {
  const without = await retryAgainAndAgain({ after: neverCallsDel, wait: noAgent });
  expect(without).toBe(RETRIES - (32 - LIVING.length));
  expect(await scene.held()).toHaveLength(32);
});

test('a DEL that is lost leaks as long as nobody looks, and no longer', async () => {
  const lostOnce = async (sandbox: string, retry: number) => {
    if (retry !== 7) await callsDel(sandbox);
  };
  await retryAgainAndAgain({ after: lostOnce, wait: noAgent });
  expect(await scene.held()).toEqual([...LIVING, 'try-7']);
  await scene.roundsFor(GRACE_MS + 2 * agentTimes.roundMs);
  await expectNothingBut(LIVING);
});
