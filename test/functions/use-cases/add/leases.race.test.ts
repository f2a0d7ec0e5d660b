import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allows } from '../../../../core/protocol/lease.ts';
import { blockKeyFromText } from '../../../../core/protocol/slot-ref.ts';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { endingAt } from '../../../store/ending.ts';
import { withoutCondition } from '../../../store/without-condition.ts';
import { plan, play, type Use } from '../../scenario.ts';
import { callOf, world } from '../../world.ts';

const RUNS = 400;

/** No slot goes to two owners, what was acknowledged stays held, nothing is freed without a right to it. */
const invariantsHold = (use: Use = {}) =>
  fc.asyncProperty(plan, fc.scheduler(), async (steps, scheduler) => {
    const history = await play(steps, scheduler, use);
    if (history.violations.length > 0) throw new Error(history.story.join('\n'));
  });

describe('ADD, DEL, declarations and reclaim, interleaved at every request', () => {
  it('keep I1, I2 and I3', async () => {
    await fc.assert(invariantsHold(), { numRuns: RUNS });
  });

  it('leave nothing held by a dead node, once its death is declared and reclaimed after the last of its requests', async () => {
    await fc.assert(
      fc.asyncProperty(plan, fc.scheduler(), async (steps, scheduler) => {
        const history = await play({ ...steps, dies: true, comesBack: false }, scheduler);
        const living = history.heldByTheLiving;
        const here = world(history.store);
        // What was swept once is gone through again until then.
        here.clock.now += 8 * 24 * 60 * 60 * 1000;
        const deps = here.environment();
        // A request that came late may have made the node known, or have begun a life of it that nobody leads.
        await declareDeath(deps, callOf('user/ann'), { node: 'node 0', reason: 'still off', alsoIfAlive: true }).catch(
          () => undefined,
        );
        await reclaim(deps);
        expect(history.violations).toEqual([]);
        expect(history.heldByTheLiving).toEqual(living);
        expect(history.heldByTheDead).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the history finds out', () => {
  it.each<[string, Use]>([
    ['a store that writes whatever it is told', { permits: () => true }],
    ['a hold without slotFree', { permits: withoutCondition('slotFree', 'hold') }],
    ['a hold without sameNonce', { permits: withoutCondition('sameNonce', 'hold') }],
    ['a release without sameNonce', { permits: withoutCondition('sameNonce', 'release') }],
    [
      'a release without sameOwner',
      { permits: (...asked) => allows(...asked) || (asked[0] === 'release' && asked[1]?.held === true) },
    ],
    ['a reclaim that frees without a declared death', { reclaim: (deps) => sweepNodes(deps, ['node 0', 'node 1']) }],
    ['a reclaim that frees the next life of a node as well', { reclaim: sweepEachLife }],
  ])('%s', async (_, use) => {
    const outcome = await fc.check(invariantsHold(use), { seed: 7, numRuns: RUNS, endOnFailure: true });
    expect(outcome.failed).toBe(true);
    expect(String(outcome.errorInstance)).toMatch(/\*\*\* I[123]: /);
  });

  it('but not a store without slotCooled: cooling delays reuse, and nothing that is safe depends on it (I9)', async () => {
    await fc.assert(invariantsHold({ permits: withoutCondition('slotCooled', 'hold') }), { numRuns: 100 });
  });
});

/** Frees whatever these nodes hold, in whichever life. */
async function sweepNodes(deps: Dependencies, ids: readonly string[]): ReturnType<typeof reclaim> {
  for (const id of ids) {
    const node = await deps.store.nodes.readNode(id);
    for (const block of [...(node?.joinedBlocks ?? [])].map(blockKeyFromText))
      for (const [slot, { holding }] of await deps.store.leases.readBlock(block))
        if (holding?.node === id)
          await deps.store.leases.sweep({ ...block, slot }, { node: id, incarnation: 99 }, endingAt(0));
  }
  return { nodes: [], waiting: 0 };
}

async function sweepEachLife(deps: Dependencies): ReturnType<typeof reclaim> {
  const { deaths } = await deps.store.nodes.listDeaths({ limit: 100 });
  return sweepNodes(
    deps,
    deaths.map(({ node }) => node),
  );
}
