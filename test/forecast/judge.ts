/** How right forecasts are, on series of which the rest is known. */
import { median } from 'simple-statistics';
import { FORECAST_DAYS, SAMPLED_DAYS } from '../../core/contract/limits.ts';
import { foresee, type PoolOutlook } from '../../functions/use-cases/forecast/forecast-of.ts';
import type { outlook } from '../../functions/use-cases/forecast/outlook.ts';
import { HOURS, type Kind, seriesOf } from './series.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = HOURS * HOUR_MS;
/** Days ahead for which it is told how much will be used. */
export const HORIZONS = [1, 7, 30] as const;

/** Of the most that was used within so many days. Shares are in parts of all questions. */
export interface JudgedPeak {
  readonly days: number;
  readonly within: number;
  /** Medians, in parts of what was used: how far off the expected value was, and how wide the interval. */
  readonly error: number;
  readonly width: number;
}

export interface Judged {
  readonly peaks: readonly JudgedPeak[];
  /** How often the pool was full before the earliest time, after the latest one, and neither. */
  readonly early: number;
  readonly late: number;
  readonly within: number;
}

export interface Trial {
  /** One question each, so that no two have anything in common. */
  readonly seeds: number;
  /** Of samples. */
  readonly days: number;
  readonly method?: typeof outlook;
}

interface Question {
  readonly past: readonly number[];
  readonly future: readonly number[];
  readonly capacity: number;
}

const series = new Map<string, readonly number[]>();

/** Of a kind and a seed always the same one, as long as the longest history, a week more, and what is foreseen. */
function seriesFor(kind: Kind, seed: number): readonly number[] {
  const key = `${kind} ${seed}`;
  const known = series.get(key) ?? seriesOf(kind, seed, SAMPLED_DAYS + 8 + FORECAST_DAYS.ahead);
  series.set(key, known);
  return known;
}

/** Each at another hour of another day of the week; with a capacity from just above what was used to two thirds more. */
function question(kind: Kind, seed: number, days: number): Question {
  const all = seriesFor(kind, seed);
  const now = (SAMPLED_DAYS + (seed % 7)) * HOURS + ((seed * 5) % HOURS);
  const past = all.slice(now - days * HOURS, now);
  const capacity = Math.round(Math.max(...past.slice(-7 * HOURS)) * (1.02 + ((seed * 37) % 100) / 150));
  return { past, future: all.slice(now, now + FORECAST_DAYS.ahead * HOURS), capacity };
}

export function judged(kind: Kind, { seeds, days, method }: Trial): Judged {
  const answers = Array.from({ length: seeds }, (_, index) => {
    const asked = question(kind, index + 1, days);
    const samples = asked.past.map((taken, hour) => ({ at: hour * HOUR_MS, taken, capacity: asked.capacity }));
    const outcome = foresee(samples, asked.capacity, samples.at(-1)?.at ?? 0, method);
    if (outcome.kind === 'unknown') throw new Error(`Of ${days} days nothing is foreseen: ${outcome.because}`);
    return { ...asked, ...outcome };
  });
  const share = (is: (answer: Question & PoolOutlook) => boolean) => answers.filter(is).length / seeds;
  const [early, late] = [share((answer) => isEarly(answer)), share((answer) => isLate(answer))];
  return { peaks: HORIZONS.map((horizon) => judgedPeak(answers, horizon)), early, late, within: 1 - early - late };
}

function judgedPeak(answers: readonly (Question & PoolOutlook)[], days: number): JudgedPeak {
  const peaks = answers.map(({ future, bands }) => {
    const { least = 0, expected = 0, most = 0 } = bands[days - 1] ?? {};
    return { seen: Math.max(...future.slice(0, days * HOURS)), least, expected, most };
  });
  return {
    days,
    within:
      peaks.filter(({ seen, least, most }) => seen >= Math.floor(least) && seen <= Math.ceil(most)).length /
      peaks.length,
    error: median(peaks.map(({ seen, expected }) => Math.abs(seen - expected) / seen)),
    width: median(peaks.map(({ seen, least, most }) => (most - least) / seen)),
  };
}

/** Milliseconds after the last sample at which the pool was full; infinite where it was not. */
function fullAt({ future, capacity }: Question): number {
  const hour = future.findIndex((taken) => taken >= capacity);
  return hour < 0 ? Number.POSITIVE_INFINITY : (hour + 1) * HOUR_MS;
}

const afterLast = (question: Question, at: number) => at - (question.past.length - 1) * HOUR_MS;

function isEarly(answer: Question & PoolOutlook): boolean {
  const { earliest } = answer.fullAt;
  const told = earliest === undefined ? FORECAST_DAYS.ahead * DAY_MS : afterLast(answer, earliest);
  return fullAt(answer) < told;
}

function isLate(answer: Question & PoolOutlook): boolean {
  const { latest } = answer.fullAt;
  return latest !== undefined && fullAt(answer) > afterLast(answer, latest);
}
