/** A node believes in no block that the table does not confirm: not in an outage either (`reopen.claimsConfirmed`). */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentTimes } from '../../../cni-shim/agent/tell-service.ts';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { recordsIn } from '../../../cni-shim/sync/data-directories.ts';
import { reconcile } from '../../../cni-shim/sync/reconcile.ts';
import { routes } from '../../../core/contract/routes.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { fenceBlock } from '../../../functions/use-cases/blocks/fence-block.ts';
import { ownLeases } from '../../../functions/use-cases/leases/own-leases.ts';
import { OwnerNode } from '../../functions/owned-pool.ts';
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

/** The address that an ADD of an outage has, by the node's own doing; none where it has to wait for the service. */
async function addressInOutage(): Promise<string | undefined> {
  scene.service.fate = () => 'unreachable';
  scene.namespaces.begin('c');
  const { exitCode, printed } = await scene.call('ADD', 'c');
  return exitCode === 0 ? printed.ips[0].address : undefined;
}
const isAnsweredInOutage = async () => (await addressInOutage()) !== undefined;

const pagesOf: UseCase = (deps, call, { cursor }: { cursor?: string }) => ownLeases(deps, call, cursor);
type Page = Awaited<ReturnType<typeof ownLeases>>;

/** Another service in place of the one that the node knew. */
function answerOwnLeases(answer: (page: Page) => Page | Promise<Page>): void {
  const changed: UseCase = async (...asked) => answer((await pagesOf(...asked)) as Page);
  scene.service = serviceFor(scene.here.environment(), 'i-1', new Map<Route, UseCase>([[routes.ownLeases, changed]]));
  scene.startAgent();
}
const saysNothingOfBlocks = ({ blocks: _, ...page }: Page): Page => page;

/** The node's block goes to another node, and a container lives there with what it had. */
async function giveToAnother(): Promise<string[]> {
  await loseClaim();
  const [pool] = records()
    .caches()
    .map((cache) => cache.pool);
  if (pool === undefined) throw new Error('the node knows no pool');
  const other = new OwnerNode('i-2', pool);
  const leased: string[] = [];
  for (let container = 1; container <= 32; container += 1) {
    const answer = await other.add(scene.here.environment(), container);
    leased.push(...answer.addresses.map(({ address }) => address));
  }
  return leased;
}

test('what the table does not confirm is answered from no more, once it was read', async () => {
  const leased = await giveToAnother();
  expect(believed()).toHaveLength(1);
  await scene.roundsFor(agentTimes.reconcileMs);
  expect(believed()).toEqual([]);
  expect(await addressInOutage()).toBeUndefined();
  expect(leased).toHaveLength(32);
});

test('without that word of the service two containers live with one address: nothing else keeps the node from it', async () => {
  const leased = await giveToAnother();
  answerOwnLeases(saysNothingOfBlocks);
  await scene.agent.round();
  expect(leased).toContain(await addressInOutage());
});

test('what it confirms is answered from in an outage as before', async () => {
  await scene.roundsFor(agentTimes.reconcileMs);
  expect(await isAnsweredInOutage()).toBe(true);
});

test('a service that says nothing of blocks denies none, also where only its last page does not', async () => {
  await loseClaim();
  answerOwnLeases(saysNothingOfBlocks);
  await scene.agent.round();
  expect(believed()).toHaveLength(1);
  let pages = 0;
  answerOwnLeases((page) => {
    pages += 1;
    return pages === 1 ? { ...page, nextCursor: `${POOL}:0` } : saysNothingOfBlocks(page);
  });
  await scene.agent.round();
  expect(pages).toBe(2);
  expect(believed()).toHaveLength(1);
});

test('a page that does not come denies nothing, whatever came before it', async () => {
  await loseClaim();
  answerOwnLeases((page) => ({ ...page, nextCursor: `${POOL}:0` }));
  const asked = () => scene.sentTo(routes.ownLeases.path).length;
  scene.service.fate = () => (asked() > 1 ? 'unreachable' : undefined);
  await scene.agent.round();
  expect(asked()).toBeGreaterThan(1);
  expect(believed()).toHaveLength(1);
});

test('a block on another page than the first is confirmed too', async () => {
  const first: Page[] = [];
  // Which block a node has is left to chance: behind the cursor there may be none.
  answerOwnLeases((page) => {
    first.push(page);
    return first.length === 1
      ? { ...page, blocks: [], nextCursor: `${POOL}:0` }
      : { ...page, blocks: first[0]?.blocks };
  });
  await scene.agent.round();
  expect(first).toHaveLength(2);
  expect(believed()).toHaveLength(1);
});

test('pages of another node say nothing of this one', async () => {
  await scene.agent.round();
  await loseClaim();
  answerOwnLeases((page) => ({ ...page, node: 'i-2' }));
  await scene.agent.round();
  expect(scene.logged.map(({ message }) => message).join()).toContain('the service takes the caller for i-2');
  expect(believed()).toHaveLength(1);
});

test('a block that was taken up while the table was read stays', async () => {
  const [claim] = believed();
  answerOwnLeases((page) => {
    records().update(
      POOL,
      (cache) => cache && { ...cache, blocks: cache.blocks.map((one) => ({ ...one, generation: one.generation + 1 })) },
    );
    return { ...page, blocks: [] };
  });
  await scene.agent.round();
  expect(believed()).toEqual([{ ...claim, generation: (claim?.generation ?? 0) + 1 }]);
});

test('a block that an ADD was answered with while the table was read stays, also at the generation that it had', async () => {
  const [claim] = believed();
  answerOwnLeases(async (page) => {
    await scene.add('d');
    return { ...page, leases: [], blocks: [] };
  });
  await scene.agent.round();
  expect(scene.sentTo(routes.allocate.path)).toHaveLength(1);
  expect(believed()).toEqual([claim]);
});

test('the same block at the same generation of another journal or boot of this node confirms nothing', async () => {
  const [claim] = believed();
  for (const other of [{ journal: 'e'.repeat(16) }, { boot: 'boot-0' }]) {
    answerOwnLeases(({ blocks = [], ...page }) => ({ ...page, blocks: blocks.map((one) => ({ ...one, ...other })) }));
    await scene.agent.round();
    expect(believed()).toEqual([]);
    records().update(POOL, (cache) => cache && claim && { ...cache, blocks: [claim] });
  }
});

test('a block that an assertion claimed again is believed in', async () => {
  await scene.add('d');
  await loseClaim();
  await scene.roundsFor(agentTimes.reconcileMs);
  expect(await scene.held()).toEqual(['d']);
  expect(await isAnsweredInOutage()).toBe(true);
});

test('a block that an assertion claimed again is believed in as it is now, though it was known at a later generation', async () => {
  await scene.add('d');
  const [claim] = believed();
  const generation = (claim?.generation ?? 0) + 9;
  await loseClaim();
  records().update(POOL, (cache) => cache && claim && { ...cache, blocks: [{ ...claim, generation }] });
  await scene.roundsFor(agentTimes.reconcileMs);
  expect(await scene.held()).toEqual(['d']);
  const now = await scene.here.store.blocks.read({ pool: POOL, block: blockFromText(claim?.block ?? '0') });
  expect(believed()).toEqual([{ ...claim, generation: now?.generation }]);
});

test('a dry run, and a GC of one network, forget nothing', async () => {
  await loseClaim();
  const { surroundings } = scene;
  const candidates = [openRecords(surroundings, scene.node.dataDir)];
  const asking = { api: scene.client, bootId: scene.node.bootId, candidates };
  await reconcile({ ...asking, dryRun: true });
  await reconcile({ ...asking, runtime: { network: 'other', isValid: () => true } });
  expect(believed()).toHaveLength(1);
});
