/** One run: a seed, a configuration, so many operations, then everything heals; what was wrong. */
import type { Store } from '../core/store.ts';
import { memoryStore } from '../test/store/memory-store.ts';
import { act } from './acts.ts';
import { type ConfigurationName, configurationOf } from './configurations.ts';
import { textOf } from './containers.ts';
import { heal, lookAtTheEnd } from './ending.ts';
import { lookAtHistory } from './history.ts';
import { type Broken, type Counts, stageOf } from './stage.ts';
import type { Fault, Sky } from './weather.ts';
import type { Violation } from './witness.ts';

export interface Play {
  readonly seed: number;
  readonly configuration: ConfigurationName;
  /** Steps of the schedule, after which no act begins any more. */
  readonly operations: number;
  /** In memory if left out. */
  readonly store?: Store;
  readonly broken?: Broken;
  /** Acts that take place; all if left out. A part of them is what a run is shrunk to. */
  readonly only?: ReadonlySet<number> | undefined;
  /** Acts of which none begins any more. */
  readonly acts?: number | undefined;
  /** False: the run is over when its acts are. */
  readonly isHealed?: boolean | undefined;
  /** Faults that do not happen. */
  readonly without?: ReadonlySet<Fault> | undefined;
}

export interface Run {
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
  /** Steps of the schedule: to the first violation, or to the end of all checks. */
  readonly operations: number;
  readonly counts: Counts & { readonly storeRequests: number; readonly writes: number; readonly ended: number };
  readonly faults: Sky['befell'];
  /** False where it was over before everything healed. */
  readonly isHealed: boolean;
  /** Milliseconds of the run's own time. */
  readonly simulatedMs: number;
}

/** The same play gives the same run, however fast the machine is. It ends at the first violation. */
export async function simulate(play: Play): Promise<Run> {
  const { seed, operations, only, acts = Number.POSITIVE_INFINITY } = play;
  const { store = memoryStore(), broken, without } = play;
  const stage = await stageOf(seed, store, configurationOf(play.configuration, seed), { broken, without });
  const { witness, schedule, mirror, sky, counts, here } = stage;
  const begunAt = here.clock.now;
  const isSound = () => witness.violations.length === 0;
  const goesOn = (number: number) => number < acts && schedule.steps < operations && isSound();
  await schedule.run(act(stage, { seed, goesOn, only }));
  const isHealed = isSound() && play.isHealed !== false;
  if (isHealed) {
    try {
      await schedule.run(heal(stage));
      await lookAtTheEnd(stage);
      await schedule.run(lookAtHistory(stage));
    } catch (error) {
      witness.fail({ property: 'fault', what: `it does not heal: ${textOf(error)}` });
    }
  }
  return {
    violations: witness.violations,
    trace: witness.trace,
    operations: schedule.steps,
    counts: {
      ...counts,
      storeRequests: mirror.requests(),
      writes: mirror.writes.length,
      ended: mirror.ended.length,
    },
    faults: sky.befell,
    isHealed,
    simulatedMs: here.clock.now - begunAt,
  };
}
