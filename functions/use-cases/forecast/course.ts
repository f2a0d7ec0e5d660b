/**
 * What daily peaks go on as: a trend that a few days of bursts do not turn, and the days of the week.
 *
 * The slope is the seasonal Kendall slope (Hirsch, Slack and Smith, 1982): the median of the slopes between any two days, as
 * Theil and Sen have it, of which with weeks only the same days of the week are compared.
 */
import { median } from 'simple-statistics';

export type Peaks = readonly (number | undefined)[];

export interface Course {
  /** More in a day than in the day before. */
  readonly slope: number;
  /** The peak of the day after so many days; 1 is the day after the last one. */
  readonly peak: (days: number) => number;
}

/** Of so many days, at most, is the trend: what came before them was another time. */
const WINDOW = 28;
const WEEK = 7;

/** @param season 7 where days of the week are told apart, or 1 */
export function courseOf(peaks: Peaks, season: number): Course | undefined {
  const first = Math.max(0, peaks.length - WINDOW);
  const days = peaks.slice(first).flatMap((peak, index) => (peak === undefined ? [] : [{ day: first + index, peak }]));
  if (days.length === 0) return undefined;
  const slope = slopeOf(days, season);
  const rest = days.map(({ day, peak }) => ({ day, rest: peak - slope * day }));
  const middle = median(rest.map((one) => one.rest));
  const ofPhase = Array.from({ length: season }, (_, phase) => {
    const same = rest.filter(({ day }) => day % season === phase);
    return same.length === 0 ? 0 : median(same.map((one) => one.rest)) - middle;
  });
  const over = (day: number) => ofPhase[day % season] ?? 0;
  // As it is now: a step is followed within days.
  const level = median(rest.slice(-WEEK).map((one) => one.rest - over(one.day)));
  const last = peaks.length - 1;
  return { slope, peak: (ahead) => level + over(last + ahead) + slope * (last + ahead) };
}

function slopeOf(days: readonly { day: number; peak: number }[], season: number): number {
  const slopes = days.flatMap((one, index) =>
    days
      .slice(index + 1)
      .filter((other) => (other.day - one.day) % season === 0)
      .map((other) => (other.peak - one.peak) / (other.day - one.day)),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}
