/**
 * How much will be used at most within so many days, with an interval that comes of the errors that the same method made before.
 *
 * At each day of the past that has enough behind it the method is asked with what was known by then, and its error at each
 * horizon is kept. What lies between the quantiles of those errors is the interval (as conformal prediction has it: Vovk, Gammerman
 * and Shafer, 2005; over time: Xu and Xie, 2021). Nothing is assumed about how use is distributed.
 */
import { mean, quantileSorted } from 'simple-statistics';
import { type Course, courseOf, type Peaks } from './course.ts';

/** Of the most that is used within some days. */
export interface Band {
  readonly least: number;
  readonly expected: number;
  readonly most: number;
}

export interface Outlook {
  /** By how many more are used each day. */
  readonly slope: number;
  /** Within 1, 2, 3 days and so on. */
  readonly bands: readonly Band[];
}

const WEEK = 7;

/** In days: after how many it repeats itself, and what a course needs before it is judged. */
export interface Season {
  readonly days: number;
  readonly training: number;
}

/**
 * With four weeks both are tried, and the one that was less wrong is taken: to tell the days of the week apart where they are alike
 * makes it worse. A course of a few days is wrong, but with less than three weeks there are no others to be judged.
 */
function seasonsOf(peaks: Peaks): readonly Season[] {
  const daily = { days: 1, training: peaks.length < 3 * WEEK ? 2 : WEEK };
  return peaks.length < 4 * WEEK ? [daily] : [{ days: WEEK, training: 2 * WEEK }, daily];
}

/** Undefined where nothing is to be judged by. */
export function outlook(
  peaks: Peaks,
  asked: { confidence: number; days: number },
  seasons: readonly Season[] = seasonsOf(peaks),
): Outlook | undefined {
  const judged = seasons.flatMap((season) => {
    const errors = pastErrors(peaks, season);
    const course = courseOf(peaks, season.days);
    return course === undefined || errors.length === 0 ? [] : [{ course, errors, far: farOff(errors) }];
  });
  const [best] = judged.sort((a, b) => a.far - b.far);
  if (best === undefined) return undefined;
  const { course, errors } = best;
  const bands: Band[] = [];
  for (const [index, foreseen] of highest(course, asked.days).entries()) {
    const { low, middle, high } = deviation(errors, index + 1, asked.confidence);
    const before = bands.at(-1) ?? NOTHING;
    // What is reached within some days is reached within more.
    bands.push({
      least: Math.max(before.least, foreseen + low),
      expected: Math.max(before.expected, foreseen + middle),
      most: Math.max(before.most, foreseen + high),
    });
  }
  return { slope: course.slope, bands };
}

/** Of a day ahead, in the mean. */
const farOff = (errors: readonly number[][]): number => mean((errors[0] ?? []).map(Math.abs));

const NOTHING: Band = { least: 0, expected: 0, most: 0 };

/** Fewer are no distribution: one has no width at all. */
const LEAST_ERRORS = 3;

/** By horizon, from 1 day on, in ascending order; as far as half of the days that can be judged. */
function pastErrors(peaks: Peaks, { days, training }: Season): number[][] {
  const reach = Math.floor((peaks.length - training + 1) / 2);
  const errors: number[][] = Array.from({ length: Math.max(0, reach) }, () => []);
  for (let origin = training; origin < peaks.length; origin += 1) {
    const then = courseOf(peaks.slice(0, origin), days);
    if (then === undefined) continue;
    const foreseen = highest(then, reach);
    const actual = runningMost(peaks.slice(origin, origin + reach));
    for (const [index, most] of actual.entries())
      if (most !== undefined) errors[index]?.push(most - (foreseen[index] ?? 0));
  }
  for (const some of errors) some.sort((a, b) => a - b);
  const end = errors.findIndex((some) => some.length < LEAST_ERRORS);
  return end < 0 ? errors : errors.slice(0, end);
}

/** From the first day on; undefined as long as no peak is known. */
function runningMost(peaks: Peaks): (number | undefined)[] {
  let most: number | undefined;
  return peaks.map((peak) => {
    if (peak !== undefined) most = Math.max(most ?? peak, peak);
    return most;
  });
}

const highest = ({ peak }: Course, days: number): number[] => {
  let most = Number.NEGATIVE_INFINITY;
  return Array.from({ length: days }, (_, index) => {
    most = Math.max(most, peak(index + 1));
    return most;
  });
};

/** Of the most that is used within so many days, from what is foreseen. */
function deviation(errors: readonly number[][], days: number, confidence: number) {
  const judged = Math.min(days, errors.length);
  const sorted = errors[judged - 1] ?? [];
  // Of n errors and the next one each is as likely the largest: so the quantile is one of n + 1.
  const tail = Math.max(0, 1 - ((1 + confidence) / 2) * (1 + 1 / sorted.length));
  const middle = quantileSorted(sorted, 0.5);
  // An error of a trend grows by the day: so it is taken to do where it could not be judged any more.
  const wider = (days / judged) * forFew(sorted.length / (judged + WEEK - 1));
  return {
    low: middle - wider * (middle - quantileSorted(sorted, tail)),
    middle,
    high: middle + wider * (quantileSorted(sorted, 1 - tail) - middle),
  };
}

/**
 * Errors of days that follow each other are much the same: they say as much as spans that do not overlap. Few of those say little,
 * so that the interval is wider, about as one of Student's t is than one of the normal distribution.
 */
const forFew = (spans: number): number => 1 + 2 / spans;
