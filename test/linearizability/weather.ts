/** What befalls requests on their way to the database and back. */
import { LessorError } from '../../core/contract/problems.ts';
import type { Store } from '../../core/store.ts';
import { intercepted } from '../functions/intercepted.ts';
import type { Chance } from './chance.ts';
import { SELDOM, type Turns } from './turns.ts';

/** Probabilities, of one request. */
export interface Weather {
  /** Carried out, and the answer is lost. */
  readonly lost: number;
  /** Not carried out, and no answer: throttled, or it never arrived. */
  readonly undone: number;
  /** Carried out long after its sender gave up. */
  readonly late: number;
  /** Carried out and answered, and carried out again long afterwards. */
  readonly doubled: number;
  /** Carried out while its sender waits and much else happens. */
  readonly slow: number;
}

export const FAIR: Weather = { lost: 0, undone: 0, late: 0, doubled: 0, slow: 0 };
export const STORMY: Weather = { lost: 0.03, undone: 0.03, late: 0.05, doubled: 0.05, slow: 0.12 };

const LAGS = 0.7;

export type Faults = Record<keyof Weather, number>;

/** A request to the store, as its sender knows it. */
export interface Sent {
  readonly name: string;
  readonly args: readonly unknown[];
  /** Undefined while no answer came. */
  answer: unknown;
  /** It may be carried out once more. */
  doubled: boolean;
}

export interface Sky {
  readonly turns: Pick<Turns, 'next' | 'later'>;
  readonly chance: Chance;
  readonly weather: Weather;
  /** How often each came to pass. */
  readonly faults: Faults;
  /** These requests are held back, or come once more, more often than not: a condition matters only to what comes late. */
  readonly lagging?: readonly string[];
  /** Whether the store's own client repeats requests, so that any of them may be carried out once more. */
  readonly repeats?: boolean;
}

/** @param noted each request when it is sent */
export function underWeather(store: Store, sky: Sky, noted: (sent: Sent) => void): Store {
  const { turns, faults } = sky;
  return intercepted(store, async (name, args, proceed) => {
    const sent: Sent = { name, args, answer: undefined, doubled: false };
    noted(sent);
    const fault = faultOf(sky, name);
    if (fault) faults[fault] += 1;
    await turns.next(fault === 'slow' ? SELDOM : 1);
    if (fault === 'late' || fault === 'doubled') turns.later(proceed);
    sent.doubled = sky.repeats === true || fault === 'doubled';
    if (fault === 'undone' || fault === 'late') throw unanswered();
    const answer = await proceed();
    await turns.next();
    if (fault === 'lost') throw unanswered();
    sent.answer = answer;
    return answer;
  });
}

export function faultOf({ chance, weather, lagging }: Sky, name: string): keyof Weather | undefined {
  if (lagging?.includes(name) && chance.happens(LAGS)) return chance.happens(0.7) ? 'slow' : 'doubled';
  const isRead = /^(read|list)/.test(name);
  let drawn = chance.next();
  for (const [fault, probability] of Object.entries(weather) as [keyof Weather, number][]) {
    drawn -= probability;
    // A read changes nothing, however late or often it comes.
    if (drawn < 0) return isRead && (fault === 'late' || fault === 'doubled') ? undefined : fault;
  }
  return undefined;
}

/** As the store in DynamoDB tells it. */
const unanswered = () =>
  new LessorError('service.unavailable', 'DynamoDB did not answer the request (TimeoutError)', { remedy: 'try again' });
