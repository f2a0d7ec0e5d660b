/**
 * Two who declare one node dead at once, the operator and the evidence, each of whom may be killed at any of its requests, while
 * the node boots again and a reclaim goes round.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LessorError } from '../../../../core/contract/problems.ts';
import { slotFromWire } from '../../../../core/protocol/slot-ref.ts';
import type { Store } from '../../../../core/store.ts';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { endTerminated } from '../../../../functions/use-cases/evidence/end-terminated.ts';
import { declareDeath, listDeaths } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { intercepted } from '../../intercepted.ts';
import { scheduled } from '../../scheduled.ts';
import { add, addOf, callOf, operatorsPool, world } from '../../world.ts';

const KILLED = 'killed';
/** The first request of a declarer is 0; one that is never reached kills nobody. */
const NEVER = 99;
/** When each is killed, and whether its last request was carried out; whether both see the same moment. */
const plan = fc.record({
  operator: fc.record({ at: fc.constantFrom(0, 1, 2, 3, NEVER, NEVER), carriedOut: fc.boolean() }),
  evidence: fc.record({ at: fc.constantFrom(0, 1, 2, 3, NEVER, NEVER), carriedOut: fc.boolean() }),
  oneMoment: fc.boolean(),
  bootsAgain: fc.boolean(),
});
type Fate = { readonly at: number; readonly carriedOut: boolean };

function mortal(store: Store, { at, carriedOut }: Fate): Store {
  let requests = 0;
  return intercepted(store, async (_, __, proceed) => {
    const mine = requests;
    requests += 1;
    if (mine > at || (mine === at && !carriedOut)) throw new Error(KILLED);
    const answer = await proceed();
    if (mine === at) throw new Error(KILLED);
    return answer;
  });
}

/** What it was told of, or undefined where it was killed or refused. */
async function unlessDenied<T>(told: Promise<T>): Promise<T | undefined> {
  return told.catch((error: Error) => {
    if (error.message !== KILLED && !(error instanceof LessorError)) throw error;
    return undefined;
  });
}

interface Broken {
  readonly store?: () => Store;
  readonly reclaimers?: (store: Store) => Store;
}

const everyDeathIsOne = ({ store: made = () => memoryStore(), reclaimers = (store) => store }: Broken = {}) =>
  fc.asyncProperty(fc.scheduler(), plan, async (scheduler, { operator, evidence, oneMoment, bootsAgain }) => {
    const here = world(made());
    const pool = { vrf: 'default', name: 'blue' };
    await operatorsPool(here, { addresses: 16, blockSize: 4 });
    const lease = (deps: Dependencies, boot: number) => add(deps, 'i-1', addOf(boot, { pool, boot: `boot-${boot}` }));
    const leases = [await lease(here.environment(), 1)];
    const over = (fate: Fate) => ({
      store: scheduled(mortal(here.store, fate), scheduler),
      now: () => (oneMoment ? here.clock.now : here.clock.now++),
    });
    const operates = unlessDenied(
      declareDeath(here.environment(over(operator)), callOf('user/ann'), {
        ...{ node: 'i-1', reason: 'it burned', alsoIfAlive: true },
      }),
    );
    const seesEvidence = async () => {
      const deps = here.environment(over(evidence));
      const node = await deps.store.nodes.readNode('i-1');
      if (node === undefined || !node.alive) return undefined;
      return endTerminated(deps, callOf('evidence'), node, { reason: 'EC2: terminated', declaredBy: 'EC2' });
    };
    const boots = async () => {
      if (bootsAgain) leases.push(await lease(here.environment({ store: scheduled(here.store, scheduler) }), 2));
    };
    const rounds = () => reclaim(here.environment({ store: scheduled(reclaimers(here.store), scheduler) }));
    const [told, ended] = await scheduler.waitFor(
      Promise.all([operates, unlessDenied(seesEvidence()), boots(), rounds()]),
    );
    const round = () => reclaim(here.environment({ store: reclaimers(here.store) }));
    const list = async () => (await listDeaths(here.environment(), { limit: 50 })).deaths;
    await round();
    const node = await here.store.nodes.readNode('i-1');
    // Whoever was not answered repeats it.
    if (node?.alive && (await list()).some(({ incarnation }) => incarnation === node.incarnation)) {
      here.clock.now += 1000;
      await declareDeath(here.environment(), callOf('user/ann'), { node: 'i-1', reason: 'again', alsoIfAlive: true });
      await round();
    }

    const deaths = await list();
    const lives = deaths.map(({ incarnation }) => incarnation);
    expect(new Set(lives).size, 'a life has two deaths').toBe(lives.length);
    if (told !== undefined)
      expect(deaths).toContainEqual(
        expect.objectContaining({ incarnation: told.incarnation, reason: told.reason, declaredBy: told.declaredBy }),
      );
    if (ended?.is === 'ended') expect(lives).toContain(ended.incarnation);
    const last = Math.max(0, ...lives);
    for (const { slot, incarnation } of leases) {
      const held = (await here.store.leases.readSlot(slotFromWire(slot)))?.held;
      expect(held, `the lease of life ${incarnation}, with deaths of ${lives.join()}`).toBe(incarnation > last);
    }
  });

describe('two who declare one node dead at once', () => {
  it('come to one death of each life, which both are told of, and free nothing of a later one', async () => {
    await fc.assert(everyDeathIsOne(), { numRuns: 1500 });
  }, 60_000);

  const mutants: Record<string, Broken> = {
    'nobody withdraws what ended no life': {
      store: () => {
        const store = memoryStore();
        return { ...store, nodes: { ...store.nodes, withdrawDeath: async () => true } };
      },
    },
    'a later life makes a declaration count': {
      reclaimers: (store) => ({
        ...store,
        nodes: {
          ...store.nodes,
          async readNode(id) {
            const node = await store.nodes.readNode(id);
            const { deaths } = await store.nodes.listDeaths({ limit: 50 });
            const earlier = deaths.find(({ incarnation }) => node !== undefined && incarnation < node.incarnation);
            return node && earlier ? { ...node, diedAt: earlier.declaredAt } : node;
          },
        },
      }),
    },
  };
  it.each(Object.entries(mutants))(
    'are found out where %s',
    async (_, broken) => {
      expect((await fc.check(everyDeathIsOne(broken), { seed: 1, numRuns: 1500 })).failed).toBe(true);
    },
    60_000,
  );
});
