/** A node believes in no block that the table does not confirm: not in an outage either (`reopen.claimsConfirmed`). */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentTimes } from '../../../cni-shim/agent/tell-service.ts';
import { recordsIn } from '../../../cni-shim/sync/data-directories.ts';
import { routes } from '../../../core/contract/routes.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { fenceBlock } from '../../../functions/use-cases/blocks/fence-block.ts';
import { ownLeases } from '../../../functions/use-cases/leases/own-leases.ts';
import { type Route, serviceFor, type UseCase } from '../service.ts';
import { AgentScene, POOL } from './agent-scene.ts';

let scene: AgentScene;
beforeEach(async () => {
  scene = await AgentScene.begin();
  // The node's block is empty.
  for (const container of ['a', 'b']) await scene.call('DEL', container);
});
afterEach(() => scene.node.remove());

const records = () => {
  const [found] = recordsIn(scene.directories);
  if (found === undefined) throw new Error('nothing was kept');
  return found;
};
const believed = () => records().cacheOf(POOL)?.blocks ?? [];

/** As after a restore: the table does not have the claim any more. */
async function loseClaim(): Promise<void> {
  const [claim] = believed();
  const key = { pool: POOL, block: blockFromText(claim?.block ?? '0') };
  await fenceBlock(scene.here.environment(), key, { generation: claim?.generation ?? 0, forced: true });
}

/** Whether an ADD of an outage has an address: the node's own doing. */
async function isAnsweredInOutage(): Promise<boolean> {
  scene.service.fate = () => 'unreachable';
  scene.namespaces.begin('c');
  return (await scene.call('ADD', 'c')).exitCode === 0;
}

function answerOwnLeases(answer: UseCase): void {
  const service = serviceFor(scene.here.environment(), 'i-1', new Map<Route, UseCase>([[routes.ownLeases, answer]]));
  scene.service = service;
  scene.startAgent();
}

test('what the table does not confirm is answered from no more, once it was read', async () => {
  await loseClaim();
  expect(believed()).toHaveLength(1);
  await scene.roundsFor(agentTimes.reconcileMs);
  expect(believed()).toEqual([]);
  expect(await isAnsweredInOutage()).toBe(false);
});

test('what it confirms is answered from in an outage as before', async () => {
  await scene.roundsFor(agentTimes.reconcileMs);
  expect(await isAnsweredInOutage()).toBe(true);
});

test('a service that says nothing of blocks denies none', async () => {
  await loseClaim();
  answerOwnLeases(async (deps, call) => {
    const { blocks: _, ...page } = await ownLeases(deps, call, undefined);
    return page;
  });
  await scene.agent.round();
  expect(believed()).toHaveLength(1);
});

test('a block that was taken up while the table was read stays', async () => {
  const [claim] = believed();
  answerOwnLeases(async (deps, call) => {
    records().update(
      POOL,
      (cache) => cache && { ...cache, blocks: cache.blocks.map((one) => ({ ...one, generation: one.generation + 1 })) },
    );
    return { ...(await ownLeases(deps, call, undefined)), blocks: [] };
  });
  await scene.agent.round();
  expect(believed()).toEqual([{ ...claim, generation: (claim?.generation ?? 0) + 1 }]);
});

test('the same block at the same generation of another journal of this node confirms nothing', async () => {
  answerOwnLeases(async (deps, call) => {
    const { blocks = [], ...page } = await ownLeases(deps, call, undefined);
    return { ...page, blocks: blocks.map((one) => ({ ...one, journal: 'e'.repeat(16) })) };
  });
  await scene.agent.round();
  expect(believed()).toEqual([]);
});

test('a block that an assertion claimed again is believed in', async () => {
  await scene.add('d');
  await loseClaim();
  await scene.roundsFor(agentTimes.reconcileMs);
  expect(await scene.held()).toEqual(['d']);
  expect(await isAnsweredInOutage()).toBe(true);
});
