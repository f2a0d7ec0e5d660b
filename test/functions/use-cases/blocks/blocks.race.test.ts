import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../../core/store.ts';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { withoutCondition } from '../../../store/without-condition.ts';
import { BlockHistory } from '../../block-history.ts';
import { intercepted } from '../../intercepted.ts';
import { OwnerNode, ownedPool } from '../../owned-pool.ts';
import { type OwnedUse, ownedPlan, playOwned } from '../../owned-scenario.ts';
import { add, callOf, type World, world } from '../../world.ts';

const RUNS = 400;

const invariantsHold = (use: OwnedUse = {}) =>
  fc.asyncProperty(ownedPlan, fc.scheduler(), async (plan, scheduler) => {
    const { violations, story } = await playOwned(plan, scheduler, use);
    if (violations.length > 0) throw new Error(story.join('\n'));
  });

describe('nodes with blocks of their own, interleaved at every request', () => {
  it('keep I1 to I6', async () => {
    await fc.assert(invariantsHold(), { numRuns: RUNS });
  });

  it('leave no block with the dead, once their deaths are declared and reclaimed after the last of their requests', async () => {
    await fc.assert(
      fc.asyncProperty(ownedPlan, fc.scheduler(), async (plan, scheduler) => {
        const { store } = await playOwned(plan, scheduler);
        const here = world(store);
        // What was swept once is gone through again until then.
        here.clock.now += 7 * 24 * 60 * 60 * 1000;
        const deps = here.environment();
        for (const node of ['node 0', 'node 1'])
          await declareDeath(deps, callOf('user/ann'), { node, reason: 'off', alsoIfAlive: true }).catch(
            () => undefined,
          );
        await reclaim(deps);
        const blocks = await store.blocks.readShard('a'.repeat(16), 0n);
        expect([...blocks.values()].filter(({ state }) => state !== 'free')).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

const blocksOf = (change: (blocks: Store['blocks']) => Partial<Store['blocks']>) => (store: Store) => ({
  ...store,
  blocks: { ...store.blocks, ...change(store.blocks) },
});
/** Whatever generation the block has now. */
const anyGeneration = async (blocks: Store['blocks'], key: Parameters<Store['blocks']['read']>[0]) =>
  (await blocks.read(key))?.generation ?? 0;

describe('the histories find out', () => {
  it.each<[string, OwnedUse]>([
    ['a hold without generationNotNewer', { permits: withoutCondition('generationNotNewer', 'hold') }],
    [
      'a fence that passes over no slot',
      {
        store: blocksOf((blocks) => ({
          fence: async (key, generation, forced) =>
            (await blocks.fence(key, generation, forced)) && (await blocks.finish(key, generation + 1)),
        })),
      },
    ],
    [
      'a fence that evicts where the owner only gives the block back',
      { store: blocksOf((blocks) => ({ fence: (key, generation) => blocks.fence(key, generation, true) })) },
    ],
    [
      'a fence of whichever generation the block has',
      {
        store: blocksOf((blocks) => ({
          fence: async (key, _, forced) => blocks.fence(key, await anyGeneration(blocks, key), forced),
        })),
      },
    ],
  ])('%s', async (_, use) => {
    const outcome = await fc.check(invariantsHold(use), { seed: 5, numRuns: 8 * RUNS, endOnFailure: true });
    expect(outcome.failed).toBe(true);
    expect(String(outcome.errorInstance)).toMatch(/\*\*\* I[1-6]: /);
  });
});

type Breaks = (store: Store) => Store;
const anyTakeUp = blocksOf((blocks) => ({
  takeUp: async (key, _, owner) => blocks.takeUp(key, await anyGeneration(blocks, key), owner),
}));
const anyFinish = blocksOf((blocks) => ({
  finish: async (key) => blocks.finish(key, await anyGeneration(blocks, key)),
}));

/** What goes wrong when `before` happens just before the first request called `name` of node i-1's environment. */
async function interrupted(name: string, breaks: Breaks, story: Story): Promise<readonly string[]> {
  const history = new BlockHistory(memoryStore(), 2);
  const here = world(history.store);
  const pool = await ownedPool(here, { blocks: 1, blockSize: 2, cooldownSeconds: 0 });
  const [one, two] = [new OwnerNode('i-1', pool), new OwnerNode('i-2', pool)];
  const request = one.request(1);
  const { slot } = await add(here.environment(), 'i-1', request);
  one.blocks = [{ block: slot.block, generation: 1 }];
  let done = false;
  const store = intercepted(breaks(here.store), async (called, _, proceed) => {
    if (called === name && !done) {
      done = true;
      await story.meanwhile({ here, one, two });
    }
    return proceed();
  });
  await story.does({ deps: here.environment({ store }), here, one, two }).catch(() => undefined);
  expect(done).toBe(true);
  return history.violations;
}

interface Actors {
  readonly here: World;
  readonly one: OwnerNode;
  readonly two: OwnerNode;
}
interface Story {
  does(actors: Actors & { deps: Dependencies }): Promise<unknown>;
  meanwhile(actors: Actors): Promise<unknown>;
}

const dies = async ({ here }: Actors) => {
  await declareDeath(here.environment(), callOf('user/ann'), { node: 'i-1', reason: 'off', alsoIfAlive: true });
};
const moves: Record<string, Story> = {
  /** A take-over waits while an earlier life is reclaimed and the block goes to another node. */
  takeUp: {
    async does({ deps, ...actors }) {
      await dies(actors);
      actors.one.reboots();
      return actors.one.add(deps, 2);
    },
    async meanwhile({ here, two }) {
      await reclaim(here.environment());
      await two.add(here.environment(), 3);
    },
  },
  /** The end of a fence waits while another goes on with it, the block goes to another node, and that begins to give it back. */
  finish: {
    async does({ deps, ...actors }) {
      await dies(actors);
      await reclaim(deps);
    },
    async meanwhile({ here, two }) {
      await reclaim(here.environment());
      await two.add(here.environment(), 3);
      await here.store.blocks.fence({ pool: two.pool.id, block: 0n }, 3, false);
    },
  },
};

describe('a request that waits while its block goes to another node', () => {
  it.each<[string, Breaks]>([
    ['takeUp', anyTakeUp],
    ['finish', anyFinish],
  ])(
    'changes nothing by %s, and is found out where the store does not compare the generation',
    async (name, breaks) => {
      const story = moves[name] as Story;
      expect(await interrupted(name, (store) => store, story)).toEqual([]);
      expect((await interrupted(name, breaks, story)).join()).toMatch(/I[456]: /);
    },
  );
});
