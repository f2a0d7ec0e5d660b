/**
 * Two nodes whose blocks are few: they add, delete, boot again, lose their disks, give blocks back, are declared dead and
 * reclaimed, and requests of theirs come late or twice, each request to the store interleaved by fast-check's scheduler.
 */
import fc from 'fast-check';
import { LessorError } from '../../core/contract/problems.ts';
import type { allows } from '../../core/protocol/lease.ts';
import type { Store } from '../../core/store.ts';
import { giveBack } from '../../functions/use-cases/blocks/give-back.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { declareDeath } from '../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../functions/use-cases/reclaim/reclaim.ts';
import { BlockHistory } from './block-history.ts';
import { History, type Owner } from './history.ts';
import { intercepted } from './intercepted.ts';
import { OwnerNode, ownedPool } from './owned-pool.ts';
import { add, attachmentOf, callOf, del, world } from './world.ts';

type Deed = 'add' | 'delete' | 'give back' | 'boot' | 'lose the disk';

interface Step {
  readonly deed: Deed;
  readonly environment: number;
  /** The slot of its first block that the node proposes. */
  readonly slot: number;
  /** A copy of the request is sent as well, now or some steps later. */
  readonly copied: 'no' | 'now' | 'later';
  /** Which of the containers is deleted. */
  readonly which: number;
}

export interface OwnedPlan {
  readonly nodes: readonly (readonly Step[])[];
  /** After which step node 0 burns, is declared dead, reclaimed, and may come back; none if beyond the last. */
  readonly diesAfter: number;
  readonly reclaims: number;
  /** Turns of the scheduler that requests wait beyond their own, one after the other and again from the first. */
  readonly delays: readonly number[];
}

const step: fc.Arbitrary<Step> = fc.record({
  deed: fc.constantFrom<Deed[]>(
    'add',
    'add',
    'add',
    'delete',
    'delete',
    'give back',
    'give back',
    'boot',
    'lose the disk',
  ),
  environment: fc.nat(1),
  slot: fc.nat(1),
  copied: fc.constantFrom('no', 'no', 'now', 'later', 'later'),
  which: fc.nat(3),
});
const steps = fc.array(step, { minLength: 2, maxLength: 7 });

export const ownedPlan: fc.Arbitrary<OwnedPlan> = fc.record({
  nodes: fc.tuple(steps, steps),
  diesAfter: fc.nat(8),
  reclaims: fc.nat(2),
  delays: fc.array(fc.constantFrom(0, 0, 0, 0, 0, 15, 40), { minLength: 1, maxLength: 16 }),
});

export interface OwnedUse {
  readonly permits?: typeof allows;
  /** Breaks what the use cases are given. */
  readonly store?: (store: Store) => Store;
}

const BLOCK_SIZE = 2;

export interface Outcome {
  readonly violations: readonly string[];
  readonly story: readonly string[];
  readonly history: History;
  readonly store: Store;
}

/** Plays the plan to its end. */
export async function playOwned(plan: OwnedPlan, scheduler: fc.Scheduler, use: OwnedUse = {}): Promise<Outcome> {
  const history = new History(use.permits);
  const blocks = new BlockHistory(history.store, BLOCK_SIZE);
  const here = world(blocks.store);
  const pool = await ownedPool(here, { blocks: 2, blockSize: BLOCK_SIZE, cooldownSeconds: 0, maxBlocksPerNode: 2 });
  const broken = use.store?.(blocks.store) ?? blocks.store;
  let requests = 0;
  const environments = [0, 1].map((index) => {
    const store = intercepted(broken, async (name, _, proceed) => {
      await scheduler.schedule(Promise.resolve(), `environment ${index} sends ${name}`);
      requests += 1;
      for (let turn = plan.delays[requests % plan.delays.length] ?? 0; turn > 0; turn -= 1)
        await scheduler.schedule(Promise.resolve(), `${name} of environment ${index} is still on its way`);
      const answer = await proceed();
      await scheduler.schedule(Promise.resolve(), `environment ${index} reads the answer to ${name}`);
      return answer;
    });
    return here.environment({ store });
  });
  const at = (index: number): Dependencies => environments[index] ?? here.environment();
  const expected = (error: unknown) => {
    if (!(error instanceof LessorError)) throw error;
    return undefined;
  };
  const late: Promise<unknown>[] = [];
  let containers = 0;

  const live = async (index: number, script: readonly Step[]) => {
    const node = new OwnerNode(`node ${index}`, pool);
    let journal: { owner: Owner; slot: { pool: string; block: string; slot: number }; container: number }[] = [];
    const ends = () => {
      history.lifeEnds(node.id, node.boot);
      journal = [];
      node.reboots();
    };
    const waiting: (() => Promise<unknown>)[] = [];
    const copy = (copied: Step['copied'], send: () => Promise<unknown>) => {
      if (copied === 'now') late.push(send().catch(expected));
      if (copied === 'later') waiting.push(send);
    };
    const deeds: Record<Deed, (step: Step) => Promise<void>> = {
      async add({ environment, slot, copied }) {
        containers += 1;
        const container = containers;
        const [block] = node.blocks;
        const taken = journal.some((one) => one.slot.block === block?.block && one.slot.slot === slot);
        const request = node.request(container, taken ? undefined : slot);
        const owner = { node: node.id, life: node.boot, containerId: `c${container}`, nonce: request.nonce };
        history.asks(owner);
        copy(copied, () => add(at(1 - environment), node.id, request));
        const answer = await add(at(environment), node.id, request).catch(expected);
        if (answer === undefined) return;
        history.acknowledged(owner, answer);
        node.learn(answer);
        journal.push({ owner, slot: answer.slot, container });
      },
      async delete({ environment, copied, which }) {
        const [entry] = journal.splice(which % Math.max(1, journal.length), 1);
        if (entry === undefined) return;
        history.asksRelease(entry.owner);
        const attachment = attachmentOf(entry.container, 'green');
        const request = { attachment, nonce: entry.owner.nonce, slot: entry.slot, acknowledged: true };
        copy(copied, () => del(at(1 - environment), node.id, request));
        await del(at(environment), node.id, request).catch(expected);
      },
      async 'give back'({ environment, copied }) {
        const [block] = node.blocks;
        if (block === undefined || journal.some(({ slot }) => slot.block === block.block)) return;
        node.blocks = node.blocks.slice(1);
        const request = { pool: pool.id, ...block, boot: node.bootId, journal: node.journalId };
        copy(copied, () => giveBack(at(1 - environment), callOf(node.id), request));
        await giveBack(at(environment), callOf(node.id), request).catch(expected);
      },
      async boot() {
        ends();
      },
      async 'lose the disk'() {
        journal = [];
        node.losesDisk();
      },
    };
    for (const [count, next] of script.entries()) {
      if (index === 0 && count === plan.diesAfter) {
        ends();
        const request = { node: node.id, reason: 'its power supply burned', alsoIfAlive: true };
        await declareDeath(at(1), callOf('user/ann'), request).catch(expected);
        late.push(reclaim(at(0)).catch(expected), reclaim(at(1)).catch(expected));
      }
      await deeds[next.deed](next);
      if (count % 3 === 2) late.push(...waiting.splice(0).map((send) => send().catch(expected)));
    }
  };

  await scheduler.waitFor(
    Promise.all([
      ...plan.nodes.map((script, index) => live(index, script)),
      ...Array.from({ length: plan.reclaims }, (_, n) => reclaim(at(n % 2)).catch(expected)),
    ]).then(() => Promise.all(late)),
  );
  return {
    violations: [...history.violations, ...blocks.violations],
    story: [...history.story, '', ...blocks.story],
    history,
    store: blocks.store,
  };
}
