import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LessorError } from '../../../../core/contract/problems.ts';
import { allows, slotConditions, slotOperations } from '../../../../core/protocol/lease.ts';
import type { BlockKey } from '../../../../core/protocol/slot-ref.ts';
import type { Store } from '../../../../core/store.ts';
import { giveBack } from '../../../../functions/use-cases/blocks/give-back.ts';
import { reportLease } from '../../../../functions/use-cases/leases/report-lease.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { BlockHistory } from '../../block-history.ts';
import { intercepted } from '../../intercepted.ts';
import { named, OwnerNode, ownedPool } from '../../owned-pool.ts';
import { attachmentOf, callOf, del, world } from '../../world.ts';

const BLOCK_SIZE = 2;

/** Node i-1 lived without the service and reports, while its block is taken back and given to the next. */
interface Plan {
  /** `after`: turns of the scheduler for which each stays on its way. */
  readonly reports: readonly { slot: number; environment: number; copied: boolean; after: number }[];
  /** On evidence of its death, or because it gives the block back. */
  readonly forced: boolean;
  readonly fences: number;
  readonly next: 'i-1' | 'i-2';
  /** Turns of the scheduler that requests wait beyond their own. */
  readonly delays: readonly number[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  reports: fc.array(
    fc.record({
      slot: fc.nat(BLOCK_SIZE - 1),
      environment: fc.nat(1),
      copied: fc.boolean(),
      after: fc.oneof(fc.constant(0), fc.nat(150)),
    }),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
  forced: fc.boolean(),
  fences: fc.integer({ min: 1, max: 2 }),
  next: fc.constantFrom('i-1', 'i-2'),
  delays: fc.array(fc.nat(12), { minLength: 1, maxLength: 6 }),
});

/** I4 as a node could see it break, long after the block went on: what is held at a generation that was fenced. */
class Fences {
  readonly store: Store;
  readonly violations: string[] = [];
  readonly #finished = new Map<string, number>();

  constructor(store: Store) {
    this.store = intercepted(store, async (name, args, proceed) => {
      const answer = await proceed();
      if (name === 'finish' && answer === true) this.#finished.set(textOf(args[0]), Number(args[1]));
      for (const [text, generation] of this.#finished) {
        const slots = await store.leases.readBlock(keyOf(text));
        for (const [slot, state] of slots)
          if (state.held && state.generation < generation)
            this.violations.push(`I4: ${name}: slot ${slot} is held at ${state.generation}, fenced at ${generation}`);
      }
      return answer;
    });
  }
}
const textOf = (key: unknown): string => `${(key as BlockKey).pool} ${(key as BlockKey).block}`;
function keyOf(text: string): BlockKey {
  const [pool = '', block = '0'] = text.split(' ');
  return { pool, block: BigInt(block) };
}

interface Use {
  readonly permits?: typeof allows;
  /** Puts a broken store in place of the history's. */
  readonly store?: (store: Store) => Store;
}

/** What went wrong, and how many reports were answered that their lease is held. */
async function play(plan: Plan, scheduler: fc.Scheduler, { permits = allows, store: broken }: Use) {
  const blocks = new BlockHistory(memoryStore(permits), BLOCK_SIZE);
  const fences = new Fences(blocks.store);
  const here = world(fences.store);
  const pool = await ownedPool(here, { blocks: 1, blockSize: BLOCK_SIZE, cooldownSeconds: 0 });
  const store = broken?.(here.store) ?? here.store;
  let requests = 0;
  const environments = [0, 1].map((index) => {
    const scheduled = intercepted(store, async (name, _, proceed) => {
      requests += 1;
      for (let turn = plan.delays[requests % plan.delays.length] ?? 0; turn >= 0; turn -= 1)
        await scheduler.schedule(Promise.resolve(), `${name} of environment ${index} is on its way`);
      return proceed();
    });
    return here.environment({ store: scheduled });
  });
  const at = (index: number) => environments[index] ?? here.environment();

  const node = new OwnerNode('i-1', pool);
  const first = node.request(0);
  // The first environment knows whose the block is, the second has to read it.
  const knowing = here.environment({ memory: at(0).memory });
  const { slot } = await node.add(knowing, 0, undefined, { nonce: first.nonce });
  await del(knowing, 'i-1', { attachment: first.attachment, nonce: first.nonce, slot, acknowledged: true });

  const expected = (error: unknown) => {
    if (!(error instanceof LessorError)) throw error;
    return undefined;
  };
  const held = new Map<string, number>();
  const report = async ({ slot: index, environment, copied, after }: Plan['reports'][number], container: number) => {
    const request = {
      attachment: attachmentOf(container, named.name),
      nonce: node.nextNonce(),
      boot: 'boot-1',
      slot: { ...slot, slot: index },
      generation: 1,
    };
    const send = async (to: number, turns: number) => {
      for (let turn = 0; turn < turns; turn += 1)
        await scheduler.schedule(Promise.resolve(), `a report of container ${container} is on its way`);
      const answer = await reportLease(at(to), callOf('i-1'), request).catch(expected);
      if (answer) held.set(request.nonce, index);
    };
    await Promise.all([send(environment, after), ...(copied ? [send(1 - environment, 2 * after)] : [])]);
  };
  const takeBack = async () => {
    if (plan.forced) {
      await declareDeath(at(1), callOf('user/ann'), {
        node: 'i-1',
        reason: 'its power supply burned',
        alsoIfAlive: true,
      });
      await Promise.all(Array.from({ length: plan.fences }, (_, n) => reclaim(at(n)).catch(expected)));
    } else {
      const returned = { pool: pool.id, block: slot.block, generation: 1, boot: 'boot-1', journal: node.journalId };
      await Promise.all(
        Array.from({ length: plan.fences }, (_, n) => giveBack(at(n), callOf('i-1'), returned).catch(expected)),
      );
    }
    const next = new OwnerNode(plan.next, pool);
    next.boot = 2;
    next.journal = 2;
    await next.add(at(0), 100).catch(expected);
    await next.add(at(1), 101).catch(expected);
  };
  await scheduler.waitFor(Promise.all([takeBack(), ...plan.reports.map((one, n) => report(one, n + 1))]));

  const violations = [...blocks.violations, ...fences.violations];
  // I2: giving back frees nothing that was answered; the node's next boot would, which is evidence that its containers are gone.
  if (!plan.forced && plan.next === 'i-2')
    for (const [nonce, index] of held) {
      const state = await here.store.leases.readSlot({ pool: pool.id, block: BigInt(`0x${slot.block}`), slot: index });
      if (!state?.held || state.holding?.nonce !== nonce)
        violations.push(`I2: slot ${index} was answered to ${nonce} and is not held by it`);
    }
  return { violations, story: blocks.story, reported: held.size };
}

const invariantsHold = (use: Use = {}) =>
  fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
    const { violations, story } = await play(plan, scheduler, use);
    if (violations.length > 0) throw new Error([...story, ...violations].join('\n'));
  });

describe('reports of a node whose block is being taken back, interleaved at every request', () => {
  it('keep I2 and I4 to I6: once the fence has finished nothing is held at an older generation', async () => {
    await fc.assert(invariantsHold(), { numRuns: 600 });
  });

  it('are held by some runs and refused by others', async () => {
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
        const { reported } = await play(plan, scheduler, {});
        outcomes.add(`${plan.forced ? 'forced' : 'given back'}: ${reported > 0 ? 'held' : 'refused'}`);
      }),
      { seed: 3, numRuns: 200 },
    );
    expect([...outcomes].sort()).toEqual([
      'forced: held',
      'forced: refused',
      'given back: held',
      'given back: refused',
    ]);
  });
});

/** `hold` as it is, but of any generation. */
const anyGeneration: typeof allows = (operation, slot, compared) =>
  operation === 'hold'
    ? slotOperations.hold.some((names) =>
        names.every((name) => name === 'generationNotNewer' || slotConditions[name](slot, compared)),
      )
    : allows(operation, slot, compared);

const blocksOf = (change: (blocks: Store['blocks']) => Partial<Store['blocks']>) => (store: Store) => ({
  ...store,
  blocks: { ...store.blocks, ...change(store.blocks) },
});

describe('the histories find out', () => {
  it.each<[string, Use, RegExp]>([
    ['a hold of any generation', { permits: anyGeneration }, /I4: /],
    [
      'a fence that passes over no slot',
      {
        store: blocksOf((blocks) => ({
          fence: async (key, generation, forced) =>
            (await blocks.fence(key, generation, forced)) && (await blocks.finish(key, generation + 1)),
        })),
      },
      /I4: /,
    ],
    [
      'a fence by its owner that evicts what was reported',
      { store: blocksOf((blocks) => ({ fence: (key, generation) => blocks.fence(key, generation, true) })) },
      /I2: /,
    ],
    [
      'a slot that is passed over only if it was held once',
      {
        store: (store) => ({
          ...store,
          leases: {
            ...store.leases,
            // Says that it is done, and that what was never held is free at whatever generation is asked for.
            advance: async (key, generation) =>
              (await store.leases.readSlot(key)) === undefined ? true : store.leases.advance(key, generation),
            readBlock: async (key) => {
              const slots = new Map(await store.leases.readBlock(key));
              for (let slot = 0; slot < BLOCK_SIZE; slot += 1)
                if (!slots.has(slot))
                  slots.set(slot, { held: false, generation: Number.MAX_SAFE_INTEGER, reusableAt: 0 });
              return slots;
            },
          },
        }),
      },
      /I4: /,
    ],
  ])('%s', async (_, use, found) => {
    const outcome = await fc.check(invariantsHold(use), { seed: 7, numRuns: 2000, endOnFailure: true });
    expect(outcome.failed).toBe(true);
    expect(String(outcome.errorInstance)).toMatch(found);
  });
});
