/** What befalls the service's requests to its tables: lost, doubled, and late by minutes of the run's time. */
import { LessorError } from '../core/contract/problems.ts';
import type { Store } from '../core/store.ts';
import { intercepted } from '../test/functions/intercepted.ts';
import type { Chance } from '../test/linearizability/chance.ts';
import { SELDOM } from '../test/linearizability/turns.ts';
import type { Schedule } from './schedule.ts';

/**
 * `slow`: who sent it waits for it, and much else happens meanwhile. `conflict`: another write of the item, or a transaction, is
 * under way, and this one does not take place.
 */
export const faults = ['lost', 'undone', 'late', 'doubled', 'slow', 'throttled', 'conflict'] as const;
export type Fault = (typeof faults)[number];

/** Probabilities, of one write. */
const ODDS: Readonly<{ [fault in Fault]: number }> = {
  lost: 0.03,
  undone: 0.03,
  late: 0.03,
  doubled: 0.04,
  slow: 0.05,
  throttled: 0.01,
  conflict: 0.01,
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
    schedule,
    chance,
    now,
    lagging = [],
    without,
    factor = () => 1,
    latestMs = LATEST_MS,
  }: {
    schedule: Schedule;
    chance: Chance;
    now: () => number;
    lagging?: readonly string[];
    without?: ReadonlySet<Fault> | undefined;
    factor?: ((fault: string) => number) | undefined;
    latestMs?: number | undefined;
  },
): Sky {
  const late: Late[] = [];
  const odds = faults.map((fault) => [fault, ODDS[fault] * factor(fault)] as const);
  const befell: Sky['befell'] = { lost: 0, undone: 0, late: 0, doubled: 0, slow: 0, throttled: 0, conflict: 0 };
  const fateOf = (name: string): Fault | undefined => {
    if (sky.isClear) return undefined;
    if (/^(read|list)/.test(name)) return chance.happens(READ_UNDONE) ? 'undone' : undefined;
    if (lagging.includes(name) && chance.happens(LAGS)) return chance.pick(['late', 'doubled', 'slow']);
    let drawn = chance.next();
    return odds.find(([, odd]) => {
      drawn -= odd;
      return drawn < 0;
    })?.[0];
  };
  const sky: Sky = {
    isClear: false,
    befell,
    store: intercepted(base, async (name, _, proceed) => {
      const drawn = fateOf(name);
      const fate = drawn !== undefined && without?.has(drawn) ? undefined : drawn;
      if (fate) befell[fate] += 1;
      await schedule.next(fate === 'slow' ? SELDOM : 1);
      if (fate === 'late' || fate === 'doubled') late.push({ due: now() + chance.under(latestMs), arrive: proceed });
      if (fate === 'late' || fate === 'undone') throw unanswered();
      if (fate === 'throttled' || fate === 'conflict') throw refusals[fate]();
      const answer = await proceed();
      if (fate === 'lost') throw unanswered();
      return answer;
    }),
    async arrivals(until) {
      const due = late.filter((one) => one.due <= until);
      for (const one of due) {
        late.splice(late.indexOf(one), 1);
        await schedule.next();
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
const refusals = {
  throttled: () =>
    new LessorError('service.unavailable', 'DynamoDB throttles the requests (ThrottlingException)', {
      remedy: 'try again',
    }),
  conflict: () =>
    new LessorError(
      'service.busy',
      'Another write of the same item was under way in DynamoDB (TransactionConflictException)',
      {
        remedy: 'try again',
      },
    ),
};
