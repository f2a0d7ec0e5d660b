/**
 * A few nodes, containers, operators and reclaim runs at once, each store request of each use case interleaved with the
 * others' by fast-check's scheduler: before it is carried out, and before its answer is read.
 */
import fc from 'fast-check';
import type { AllocateResult } from '../../core/contract/lease.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { allows } from '../../core/protocol/lease.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { declareDeath } from '../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../functions/use-cases/reclaim/reclaim.ts';
import { History, type Owner } from './history.ts';
import { intercepted } from './intercepted.ts';
import {
  add,
  addOf,
  attachmentOf,
  COOLDOWN_MS,
  callOf,
  del,
  nonceOf,
  operatorsPool,
  proposal,
  type World,
  world,
} from './world.ts';

/** What befalls one container; its steps come one after the other. */
export interface ContainerPlan {
  readonly node: 0 | 1;
  /** Which Lambda environment answers its steps. */
  readonly environments: readonly number[];
  /** Which slot of the pool its node proposes. */
  readonly proposes: number;
  /** Copies of its first request that the network makes. */
  readonly copies: number;
  /** The plugin gives up waiting and tries again with attempt 2, while the first is still under way. */
  readonly impatient: boolean;
  readonly deleted: 'no' | 'with its journal' | 'without a journal';
  /** Copies of its DEL that the network makes; they may come after the container of the same id is there again. */
  readonly lateDeletes: number;
  readonly again: boolean;
}

export interface Plan {
  readonly containers: readonly ContainerPlan[];
  /** Node 0 dies, is declared dead, and may come back. */
  readonly dies: boolean;
  /** How many turns of the scheduler it lives at least. */
  readonly lives: number;
  readonly comesBack: boolean;
  /** Reclaim runs that begin with everything else; two at once begin when a declaration is answered. */
  readonly reclaims: number;
  /** Milliseconds by which the environments' clocks differ: what cools for one has cooled for another (I9). */
  readonly skews: readonly number[];
}

const container: fc.Arbitrary<ContainerPlan> = fc.record({
  node: fc.constantFrom<0 | 1>(0, 1),
  environments: fc.array(fc.nat(2), { minLength: 6, maxLength: 6 }),
  proposes: fc.nat(2),
  copies: fc.nat(1),
  impatient: fc.boolean(),
  deleted: fc.constantFrom('no', 'with its journal', 'with its journal', 'without a journal'),
  lateDeletes: fc.nat(1),
  again: fc.boolean(),
});

export const plan: fc.Arbitrary<Plan> = fc.record({
  containers: fc.array(container, { minLength: 2, maxLength: 4 }),
  dies: fc.constantFrom(true, true, false),
  lives: fc.nat(60),
  comesBack: fc.constantFrom(true, true, false),
  reclaims: fc.nat(1),
  skews: fc.array(fc.constantFrom(0, COOLDOWN_MS, -COOLDOWN_MS), { minLength: 3, maxLength: 3 }),
});

export interface Use {
  readonly permits?: typeof allows;
  readonly reclaim?: typeof reclaim;
}

/** Plays the plan to its end; the history tells what happened. */
export async function play(
  { containers, dies, lives, comesBack, reclaims, skews }: Plan,
  scheduler: fc.Scheduler,
  use: Use = {},
): Promise<History> {
  const history = new History(use.permits);
  const here = world(history.store);
  const pool = await operatorsPool(here, { addresses: 3, blockSize: 2 });
  const environments = skews.map((skew, index) => slowEnvironment(here, scheduler, skew, `environment ${index}`));
  const first = environments[0] ?? here.environment();
  const incarnations = new Map<string, number>();
  let tries = 0;

  const run = use.reclaim ?? reclaim;
  const expected = (error: unknown) => {
    if (!(error instanceof LessorError)) throw error;
    return undefined;
  };

  const attach = async (steps: ContainerPlan, containerId: string, node: string, life: number) => {
    tries += 1;
    const owner: Owner = { node, life, containerId, nonce: nonceOf(tries) };
    const incarnation = incarnations.get(`${node} ${life}`);
    const request = (attempt: number) =>
      addOf(0, {
        attachment: attachmentOf(containerId),
        nonce: owner.nonce,
        attempt,
        pool: { vrf: 'default', name: 'blue' },
        proposal: proposal(pool, steps.proposes >> 1, steps.proposes & 1),
        ...(incarnation === undefined ? {} : { incarnation }),
      });
    history.asks(owner);
    const ask = async (attempt: number, environment: number): Promise<AllocateResult | undefined> => {
      const answer = await add(environments[environment] ?? first, node, request(attempt)).catch(expected);
      if (answer !== undefined) incarnations.set(`${node} ${life}`, answer.incarnation);
      if (answer !== undefined && attempt > 0) history.acknowledged(owner, answer);
      return answer;
    };
    const [e0 = 0, e1 = 0, e2 = 0] = steps.environments;
    const copies = Array.from({ length: steps.copies }, () =>
      add(environments[e1] ?? first, node, request(1)).catch(expected),
    );
    const answers = [ask(1, e0), ...(steps.impatient ? [ask(2, e2)] : [])];
    // The plugin takes the answer that comes first; what is still under way goes on without it.
    const answer = await Promise.race(answers);
    return { owner, answer, late: Promise.all([...copies, ...answers]) };
  };

  const detach = async (
    steps: ContainerPlan,
    { owner, answer }: { owner: Owner; answer: AllocateResult | undefined },
  ) => {
    history.asksRelease(owner);
    const journal = steps.deleted === 'with its journal' && answer !== undefined;
    const request = {
      attachment: attachmentOf(owner.containerId),
      ...(journal ? { nonce: owner.nonce, slot: answer.slot } : {}),
      acknowledged: journal && !steps.impatient,
    };
    const ask = (environment = 0) => del(environments[environment] ?? first, owner.node, request).catch(expected);
    // Without the nonce a late copy could not be told from a later container's own DEL, if container ids came again.
    const late = journal ? Array.from({ length: steps.lateDeletes }, () => ask(steps.environments[3])) : [];
    await ask(steps.environments[4]);
    return { late: Promise.all(late) };
  };

  const live = async (steps: ContainerPlan, index: number, life: number) => {
    const node = `node ${steps.node}`;
    const containerId = `c${index}`;
    const underWay: Promise<unknown>[] = [];
    const turns = steps.again && steps.deleted === 'with its journal' ? [1, 2] : [1];
    for (const _ of turns) {
      const attached = await attach(steps, containerId, node, life);
      underWay.push(attached.late);
      if (steps.deleted !== 'no') underWay.push((await detach(steps, attached)).late);
    }
    await Promise.all(underWay);
  };

  const dieAndComeBack = async () => {
    for (let turn = 0; turn <= lives; turn += 1) await scheduler.schedule(Promise.resolve(), 'node 0 lives on');
    history.lifeEnds('node 0', 1);
    const request = { node: 'node 0', reason: 'its power supply burned', alsoIfAlive: true };
    // A node that never leased cannot be declared dead, and holds nothing.
    const declared = await declareDeath(environments[1] ?? first, callOf('user/ann'), request).catch(expected);
    if (declared === undefined) return;
    // The operator switches it on again when the declaration is answered.
    const returning = comesBack ? containers.filter(({ node }) => node === 0).slice(0, 2) : [];
    await Promise.all([
      run(environments[0] ?? first),
      run(environments[2] ?? first),
      ...returning.map((steps, index) => live({ ...steps, deleted: 'no' }, 10 + index, 2)),
    ]);
  };

  await scheduler.waitFor(
    Promise.all([
      ...containers.map((steps, index) => live(steps, index, 1)),
      ...(dies ? [dieAndComeBack()] : []),
      ...Array.from({ length: reclaims }, (_, index) => run(environments[index] ?? first)),
    ]),
  );
  return history;
}

/** Each request waits until the scheduler lets it arrive, and its answer until the scheduler lets it be read. */
function slowEnvironment(here: World, scheduler: fc.Scheduler, skew: number, label: string): Dependencies {
  const store = intercepted(here.store, async (name, _, proceed) => {
    await scheduler.schedule(Promise.resolve(), `${label} sends ${name}`);
    const answer = await proceed();
    await scheduler.schedule(Promise.resolve(), `${label} reads the answer to ${name}`);
    return answer;
  });
  return here.environment({ store, now: () => here.clock.now + skew });
}
