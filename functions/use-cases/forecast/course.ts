/**
 * What daily peaks go on as: a trend that a few days of bursts do not turn, and the days of the week.
 *
 * The slope is Sen's, by season (Hirsch, Slack and Smith 1982, "Techniques of trend analysis for monthly water quality data"): the
 * median of the slopes between any two days, of which only the same days of the week are compared.
 */
import { median, quantile } from 'simple-statistics';

export type Peaks = readonly (number | undefined)[];

export interface Course {
  /** By how much a day's peak is more than that of the day before. */
  readonly slope: number;
  /** The peak of the day after so many days; 1 is the day after the last one. */
  readonly peak: (days: number) => number;
}

/** Of so many days, at most, is the course: what came before them was another time. */
const WINDOW = 28;
const WEEK = 7;

/** @param season 7 where the days of the week are told apart, or 1 */
export function courseOf(all: Peaks, season: number): Course | undefined {
  const peaks = all.slice(-WINDOW);
  const slope = slopeOf(peaks, season);
  const rests = peaks.flatMap((peak, day) => (peak === undefined ? [] : [{ day, rest: peak - slope * day }]));
  if (rests.length === 0) return undefined;
  const middle = median(rests.map(({ rest }) => rest));
  const ofPhases = Array.from({ length: season }, (_, phase) => {
    const same = rests.flatMap(({ day, rest }) => (day % season === phase ? [rest - middle] : []));
    return same.length === 0 ? 0 : median(same);
  });
  const over = (day: number) => ofPhases[day % season] ?? 0;
  // As it is now: a step is followed within days.
  const level = median(rests.slice(-WEEK).map(({ day, rest }) => rest - over(day)));
  const last = peaks.length - 1;
  return { slope, peak: (ahead) => level + over(last + ahead) + slope * (last + ahead) };
}

function slopeOf(peaks: Peaks, season: number): number {
  const slopes: number[] = [];
  for (const [day, peak] of peaks.entries())
    for (let later = day + season; later < peaks.length; later += season) {
      const other = peaks[later];
      if (peak !== undefined && other !== undefined) slopes.push((other - peak) / (later - day));
    }
  // Of hundreds of slopes: the median without sorting them.
  return slopes.length === 0 ? 0 : quantile(slopes, 0.5);
}
