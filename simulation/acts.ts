/** What happens in a run: acts, each with how often it does. What one draws comes from its own number, whatever the others do. */
import { type Chance, chanceOf } from '../test/linearizability/chance.ts';
import { addAgain, addNew, anyMachine, moves, removeOne, sandboxEnds, textOf } from './containers.ts';
import {
  boots,
  isDeclared,
  isDeclaredWrongly,
  leaves,
  looksAtInstances,
  losesJournal,
  powerFails,
  reclaims,
  terminates,
} from './deaths.ts';
import type { Machine } from './machine.ts';
import type { Stage } from './stage.ts';

type Act = (stage: Stage, number: number) => unknown;

async function onOne(stage: Stage, act: (machine: Machine) => unknown): Promise<void> {
  const machine = anyMachine(stage);
  if (machine !== undefined) await act(machine);
}
const onAgent = (stage: Stage, act: (machine: Machine) => unknown) =>
  onOne(stage, (machine) => (machine.hasAgent ? act(machine) : undefined));

function timeGoesBy({ here, chance }: Stage): void {
  here.clock.now += chance.pick([1, 5, 20, 60, 300]) * 1000;
}

const ACTS: Readonly<Record<string, readonly [number, Act]>> = {
  'a container is added': [36, addNew],
  'a container is deleted': [24, removeOne],
  'a container is added again': [4, addAgain],
  /** Where there are pods of identities. */
  'a pod moves': [0, moves],
  'a sandbox ends': [5, sandboxEnds],
  'an agent goes round': [10, (stage) => onAgent(stage, (machine) => machine.round())],
  'an agent starts again': [2, (stage) => onAgent(stage, (machine) => machine.restartAgent())],
  'a request of a node is late': [4, (stage) => onOne(stage, ({ service }) => service.oneArrives())],
  'writes are late': [4, ({ sky, here }) => sky.arrivals(here.clock.now)],
  'time goes by': [6, timeGoesBy],
  'the way of a node changes': [
    5,
    (stage) =>
      onOne(stage, ({ service }) => {
        service.weather = stage.chance.pick(['clear', 'clear', 'clear', 'cut', 'lossy']);
      }),
  ],
  'the power fails': [1, (stage) => powerFails(stage)],
  'a machine boots': [2, boots],
  'a disk is copied': [1.5, (stage) => onOne(stage, (machine) => machine.copyDisk())],
  'a journal is lost': [0.3, (stage) => onOne(stage, (machine) => losesJournal(stage, machine))],
  'a node leaves': [0.5, leaves],
  'an instance is terminated': [0.3, terminates],
  'instances are looked at': [2, looksAtInstances],
  'a node that is off is declared dead': [0.7, isDeclared],
  'a node that runs is declared dead': [0.3, isDeclaredWrongly],
  reclaim: [4, reclaims],
  'a batch of the stream': [4, ({ stream, environment }) => stream.oneBatch(environment())],
};

/** As many at once at most. */
const MOST_AT_ONCE = 8;

/** Of the act of that number, in a run of that seed. */
const chanceOfAct = (seed: number, number: number): Chance => chanceOf(Math.imul(seed, 0x9e3779b1) ^ (number + 1));

function drawn(
  { configuration: { odds = {}, factor = () => 1 } }: Stage,
  chance: Chance,
): readonly [name: string, act: Act] {
  const all = Object.entries(ACTS).map(
    ([name, [often, act]]) => [name, factor(name) * (odds[name] ?? often), act] as const,
  );
  let left = chance.next() * all.reduce((sum, [, often]) => sum + often, 0);
  for (const [name, often, act] of all) {
    left -= often;
    if (left < 0) return [name, act];
  }
  return ['a container is added', addNew];
}

export interface Acting {
  readonly seed: number;
  /** Whether another one is to begin. */
  goesOn(acts: number): boolean;
  /** Undefined: all of them. */
  readonly only?: ReadonlySet<number> | undefined;
}

/** One after the other they begin, and go on beside each other. What one throws is a violation. */
export async function act(stage: Stage, { seed, goesOn, only }: Acting): Promise<void> {
  const { schedule, witness, counts } = stage;
  const underWay = new Set<Promise<void>>();
  const pause = chanceOf(~seed ^ 0x5bd1e995);
  async function begin(number: number): Promise<void> {
    const chance = chanceOfAct(seed, number);
    const [name, one] = drawn(stage, chance);
    witness.note(`act ${number}: ${name}`);
    try {
      await one({ ...stage, chance }, number);
    } catch (error) {
      witness.fail({ property: 'fault', what: `act ${number}, ${name}: ${textOf(error)}` });
    }
  }
  for (let number = 0; goesOn(number); number += 1) {
    await schedule.after(-Math.log(1 - pause.next()) * stage.configuration.everyMs);
    counts.begun = number + 1;
    if (only?.has(number) === false) continue;
    counts.acts += 1;
    const begun: Promise<void> = begin(number).finally(() => underWay.delete(begun));
    underWay.add(begun);
    if (underWay.size >= MOST_AT_ONCE) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}
