/** What befalls the service's requests to its tables: lost, doubled, and late by minutes of the run's time. */
import { LessorError } from '../../core/contract/problems.ts';
import type { Store } from '../../core/store.ts';
import { intercepted } from '../functions/intercepted.ts';
import type { Chance } from '../linearizability/chance.ts';
import { SELDOM } from '../linearizability/turns.ts';
import type { Steps } from './steps.ts';

/** `slow`: who sent it waits for it, and much else happens meanwhile. */
export const faults = ['lost', 'undone', 'late', 'doubled', 'slow'] as const;
export type Fault = (typeof faults)[number];

/** Probabilities, of one write. */
const ODDS: Readonly<{ [fault in Fault]: number }> = {
  lost: 0.03,
  undone: 0.03,
  late: 0.03,
  doubled: 0.04,
  slow: 0.05,
};
/** Of one read, of which there are many more. */
const READ_UNDONE = 0.005;
const LATEST_MS = 10 * 60_000;
/** A write of which a test wants to see what it does when it is late. */
const LAGS = 0.5;

interface Late {
  readonly due: number;
  readonly arrive: () => Promise<unknown>;
}

export interface Sky {
  isClear: boolean;
  readonly befell: { [fault in Fault]: number };
  /** As the service's environments reach it. */
  readonly store: Store;
  /** What is due by then arrives; how many. */
  arrivals(until: number): Promise<number>;
}

/** @param lagging writes that are late more often than not */
export function skyOver(
  base: Store,
  {
    steps,
    chance,
    now,
    lagging = [],
  }: { steps: Steps; chance: Chance; now: () => number; lagging?: readonly string[] },
): Sky {
  const late: Late[] = [];
  const befell: Sky['befell'] = { lost: 0, undone: 0, late: 0, doubled: 0, slow: 0 };
  const fateOf = (name: string): Fault | undefined => {
    if (sky.isClear) return undefined;
    if (/^(read|list)/.test(name)) return chance.happens(READ_UNDONE) ? 'undone' : undefined;
    if (lagging.includes(name) && chance.happens(LAGS)) return chance.pick(['late', 'doubled', 'slow']);
    let drawn = chance.next();
    return faults.find((fault) => {
      drawn -= ODDS[fault];
      return drawn < 0;
    });
  };
  const sky: Sky = {
    isClear: false,
    befell,
    store: intercepted(base, async (name, _, proceed) => {
      const fate = fateOf(name);
      if (fate) befell[fate] += 1;
      await steps.next(fate === 'slow' ? SELDOM : 1);
      if (fate === 'late' || fate === 'doubled') late.push({ due: now() + chance.under(LATEST_MS), arrive: proceed });
      if (fate === 'late' || fate === 'undone') throw unanswered();
      const answer = await proceed();
      if (fate === 'lost') throw unanswered();
      return answer;
    }),
    async arrivals(until) {
      const due = late.filter((one) => one.due <= until);
      for (const one of due) {
        late.splice(late.indexOf(one), 1);
        await steps.next();
        await one.arrive();
      }
      return due.length;
    },
  };
  return sky;
}

/** As the store in DynamoDB tells it. */
const unanswered = () =>
  new LessorError('service.unavailable', 'DynamoDB did not answer the request (TimeoutError)', { remedy: 'try again' });
