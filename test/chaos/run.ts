/** One chaos run: a seed, a store, so many operations, then everything heals; what was wrong. */
import type { PoolDefinition } from '../../core/contract/pool.ts';
import type { Store } from '../../core/store.ts';
import { addAgain, addNew, anyMachine, removeOne, sandboxEnds } from './containers.ts';
import {
  boots,
  isDeclared,
  isDeclaredWrongly,
  leaves,
  looksAtInstances,
  powerFails,
  reclaims,
  terminates,
} from './deaths.ts';
import { heal, lookAtTheEnd } from './ending.ts';
import { lookAtHistory } from './history.ts';
import { type Broken, type Stage, stageOf } from './stage.ts';
import type { Sky } from './weather.ts';
import type { Violation } from './witness.ts';

export interface Run {
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
  /** Those that took place, until the first violation. */
  readonly count: number;
  readonly operations: Readonly<Record<string, number>>;
  readonly faults: Sky['befell'];
  readonly writes: number;
  readonly ended: number;
}

type Act = (stage: Stage, operation: number) => unknown;

async function onOne(
  stage: Stage,
  act: (machine: NonNullable<ReturnType<typeof anyMachine>>) => unknown,
): Promise<void> {
  const machine = anyMachine(stage);
  if (machine !== undefined) await act(machine);
}

/** With how often each happens. */
const OPERATIONS: Readonly<Record<string, readonly [number, Act]>> = {
  'a container is added': [36, addNew],
  'a container is deleted': [24, removeOne],
  'a container is added again': [4, addAgain],
  'a sandbox ends': [5, sandboxEnds],
  'an agent goes round': [10, (stage) => onOne(stage, (machine) => machine.round())],
  'an agent starts again': [2, (stage) => onOne(stage, (machine) => machine.restartAgent())],
  'a request of a node is late': [4, (stage) => onOne(stage, ({ service }) => service.oneArrives())],
  'writes are late': [4, ({ sky, here }) => sky.arrivals(here.clock.now)],
  'time goes by': [6, ({ here, chance }) => (here.clock.now += chance.pick([1, 5, 20, 60, 300]) * 1000)],
  'the way of a node changes': [
    5,
    (stage) =>
      onOne(stage, ({ service }) => (service.weather = stage.chance.pick(['clear', 'clear', 'clear', 'cut', 'lossy']))),
  ],
  'the power fails': [1, (stage) => powerFails(stage)],
  'a machine boots': [2, boots],
  'a disk is copied': [1.5, (stage) => onOne(stage, (machine) => machine.copyDisk())],
  'a node leaves': [0.5, leaves],
  'an instance is terminated': [0.3, terminates],
  'instances are looked at': [2, looksAtInstances],
  'a node that is off is declared dead': [0.7, isDeclared],
  'a node that runs is declared dead': [0.3, isDeclaredWrongly],
  reclaim: [4, reclaims],
  'a batch of the stream': [4, ({ stream, environment }) => stream.oneBatch(environment())],
};
const ALL = Object.values(OPERATIONS).reduce((sum, [often]) => sum + often, 0);
const MOST_AT_ONCE = 4;

async function operate(stage: Stage, operation: number): Promise<void> {
  const { chance, operations } = stage;
  let drawn = chance.next() * ALL;
  for (const [name, [often, act]] of Object.entries(OPERATIONS)) {
    drawn -= often;
    if (drawn >= 0) continue;
    operations.set(name, (operations.get(name) ?? 0) + 1);
    await stage.steps.next();
    await act(stage, operation);
    return;
  }
}

/** The same seed gives the same run, whatever store it is over and however fast that is. It ends at the first violation. */
export async function chaos(
  seed: number,
  store: Store,
  operations: number,
  broken?: Broken,
  leasing?: PoolDefinition['leasing'],
): Promise<Run> {
  const stage = await stageOf(seed, store, broken, leasing);
  const { witness, machines, chance, steps, mirror, sky } = stage;
  let count = 0;
  try {
    while (count < operations && witness.violations.length === 0) {
      const some = Array.from({ length: 1 + chance.under(MOST_AT_ONCE) }, () => operate(stage, count++));
      await steps.run(Promise.all(some));
    }
    if (witness.violations.length === 0) {
      await steps.run(heal(stage));
      await lookAtTheEnd(stage);
      await steps.run(lookAtHistory(stage));
    }
  } finally {
    for (const machine of machines) machine.remove();
  }
  return {
    violations: witness.violations,
    trace: witness.trace,
    count,
    operations: Object.fromEntries(stage.operations),
    faults: sky.befell,
    writes: mirror.writes.length,
    ended: mirror.ended.length,
  };
}
