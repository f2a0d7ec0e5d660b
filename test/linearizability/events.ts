/** What happens to nodes, blocks and pools while containers come and go; time goes by, and somebody looks. */
import { giveBack } from '../../functions/use-cases/blocks/give-back.ts';
import { ownLeases } from '../../functions/use-cases/leases/own-leases.ts';
import { declareDeath } from '../../functions/use-cases/nodes/declare-death.ts';
import { deletePool } from '../../functions/use-cases/pools/delete-pool.ts';
import { reclaim } from '../../functions/use-cases/reclaim/reclaim.ts';
import { callOf } from '../functions/world.ts';
import { askToRelease } from './container.ts';
import { bootOf, type Machine, reboot } from './machine.ts';
import { ask, nothing, type Stage, wait } from './stage.ts';

const TRIES = 4;
const PAGES = 4;

/** It boots again and again; each time its agent compares the table with the journal. */
export async function bootsAgain(stage: Stage, node: Machine): Promise<void> {
  for (let count = stage.configuration.boots ?? 0; count > 0; count -= 1) {
    await wait(stage, 20 + stage.chance.under(80));
    reboot(stage, node);
    await reconcile(stage, node);
  }
}

/** The table first, the journal afterwards: what has no reason any more is released by its nonce. */
async function reconcile(stage: Stage, node: Machine): Promise<void> {
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const boot = node.boot;
    const outcome = await ask(
      stage,
      { kind: 'other', what: 'own leases' },
      (deps) => ownLeases(deps, callOf(node.id), cursor),
      nothing,
    );
    if (outcome.kind !== 'answered' || node.boot !== boot) return;
    const { leases, firstOfBoot = 0, boot: lifesBoot, nextCursor } = outcome.result;
    for (const { attachment, nonce, incarnation, slot, pod } of leases) {
      const { containerId } = attachment;
      const isKnown = [...node.entries].some(({ by }) => by.nonce === nonce && by.containerId === containerId);
      const isOfEarlierBoot = lifesBoot === bootOf(boot) && incarnation < firstOfBoot;
      if (!isOfEarlierBoot && (isKnown || !nonce.startsWith(node.journal))) continue;
      const by = { node: node.id, containerId, nonce, ...(pod ? { pod: `${pod.namespace}/${pod.name}` } : {}) };
      await askToRelease(stage, node, by, slot, true);
    }
    if (nextCursor === undefined) return;
    cursor = nextCursor;
  }
}

/** Its agent looks from time to time. */
export async function looksAfterItself(stage: Stage, node: Machine): Promise<void> {
  for (let count = 0; count < 2; count += 1) {
    await wait(stage, 30 + stage.chance.under(60));
    await reconcile(stage, node);
  }
}

/** `giveBackDecided.journalEmpty`: of a block that no entry uses or proposes. */
export async function returnsBlocks(stage: Stage, node: Machine): Promise<void> {
  const { chance, configuration, pool } = stage;
  for (let count = configuration.returns ?? 0; count > 0; count -= 1) {
    await wait(stage, chance.under(40));
    const isUsed = (block: string) =>
      [...node.entries].some(({ slot, proposed }) => slot?.block === block || proposed?.block === block);
    const unused = [...node.blocks].filter(([block]) => !isUsed(block));
    if (unused.length === 0) continue;
    const [block, { generation }] = chance.pick(unused);
    const boot = node.boot;
    node.blocks.delete(block);
    node.returned.add(`${block} ${generation}`);
    const request = { pool: pool.id, block, generation, boot: bootOf(boot), journal: node.journal };
    for (let attempt = 1; attempt <= TRIES && node.boot === boot; attempt += 1) {
      const asked = ask(
        stage,
        { kind: 'other', what: 'give back' },
        (deps) => giveBack(deps, callOf(node.id), request),
        nothing,
      );
      if (chance.happens(0.5)) continue;
      if ((await asked).kind !== 'unanswered') break;
    }
  }
}

/** @param wrongly the node goes on as if nothing had been said; else it went down with all that lived on it */
export async function dies(stage: Stage, nodes: readonly Machine[], times: number, wrongly: boolean): Promise<void> {
  const { chance, here } = stage;
  const underWay: Promise<unknown>[] = [];
  for (let count = times; count > 0; count -= 1) {
    await wait(stage, 20 + chance.under(60));
    const node = chance.pick(nodes);
    if (!wrongly) reboot(stage, node);
    // Nobody who is told that an environment forgets within 30 seconds may count on less.
    if (wrongly && chance.happens(0.7)) here.clock.now += 31_000;
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const declared = await declare(stage, node);
      if (declared !== 'unanswered') break;
    }
    if (wrongly && chance.happens(0.7)) here.clock.now += 31_000;
    underWay.push(reclaims(stage), reclaims(stage));
    if (!wrongly && chance.happens(0.5)) underWay.push(reconcile(stage, node));
  }
  await Promise.all(underWay);
}

async function declare(stage: Stage, { id: node }: Machine): Promise<string> {
  const request = { node, reason: 'its power supply burned', alsoIfAlive: true };
  const outcome = await ask(
    stage,
    { kind: 'declare', node },
    (deps) => declareDeath(deps, callOf('user/ann'), request),
    (said) => (said.kind === 'answered' ? { kind: 'declared', life: said.result.incarnation } : nothing()),
  );
  return outcome.kind;
}

const reclaims = (stage: Stage) => ask(stage, { kind: 'other', what: 'reclaim' }, reclaim, nothing);

export async function deletesPool(stage: Stage): Promise<void> {
  const { pool, chance } = stage;
  for (let attempt = 0; attempt < 30; attempt += 1) {
    await wait(stage, 10 + chance.under(20));
    const outcome = await ask(
      stage,
      { kind: 'delete pool', pool: pool.id },
      (deps) =>
        deletePool(deps, callOf('user/ann'), { vrf: 'default', name: pool.name, dryRun: false, ifMatch: undefined }),
      (said) => (said.kind === 'answered' && said.result.deleted ? { kind: 'deleted' } : nothing()),
    );
    if (outcome.kind === 'answered' && outcome.result.deleted) return;
  }
}

export async function timeGoesBy(stage: Stage): Promise<void> {
  const { chance, here, configuration } = stage;
  while (!stage.isOver) {
    await wait(stage, 5 + chance.under(30));
    here.clock.now += chance.pick([1_000, 4_000, configuration.cooldownSeconds * 1000]);
  }
}

/** An operator looks at the table: at each block's slots, its owner, and the nodes. */
export async function looks(stage: Stage, nodes: readonly Machine[]): Promise<void> {
  while (!stage.isOver) {
    await wait(stage, 5 + stage.chance.under(25));
    await lookAtAll(stage, nodes, () => stage.turns.next());
  }
}

/** @param pause between a request and the moment in which it is carried out, and again before its answer is read */
export async function lookAtAll(
  { here, history, pool, configuration }: Stage,
  nodes: readonly Machine[],
  pause: () => Promise<void>,
): Promise<void> {
  const { addresses, blockSize, affinity } = configuration;
  for (let index = 0; index * blockSize < addresses; index += 1) {
    const block = { pool: pool.id, block: BigInt(index) };
    const since = history.moment();
    await pause();
    const slots = await here.store.leases.readBlock(block);
    await pause();
    for (let slot = 0; slot < blockSize && index * blockSize + slot < addresses; slot += 1)
      history.slotRead({ ...block, slot }, slots.get(slot), since);
    if (affinity !== 'node') continue;
    const asked = history.moment();
    const state = await here.store.blocks.read(block);
    await pause();
    history.blockRead(`${pool.id}:${index}`, state, asked);
  }
  for (const { id } of nodes) {
    const since = history.moment();
    const state = await here.store.nodes.readNode(id);
    await pause();
    history.nodeRead(id, state, since);
  }
}
