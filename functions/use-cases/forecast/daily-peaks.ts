/** A pool is full when the most that is used in a day reaches its capacity, whatever its nights are: forecasts go by daily peaks. */
import type { UseSample } from '../../../core/protocol/history.ts';

const DAY_MS = 86_400_000;
/** With less of its hours a day has no peak that is known. */
const LEAST_HOURS = 12;

/**
 * The most that was taken in each 24 hours before the last sample, which is in the last of them; the oldest first. Undefined where
 * too few samples are of that day.
 */
export function dailyPeaks(samples: readonly Pick<UseSample, 'at' | 'taken'>[]): (number | undefined)[] {
  const last = samples.at(-1)?.at ?? 0;
  const days: { peak: number; hours: number }[] = [];
  for (const { at, taken } of samples) {
    const before = Math.floor((last - at) / DAY_MS);
    const { peak, hours } = days[before] ?? { peak: 0, hours: 0 };
    days[before] = { peak: Math.max(peak, taken), hours: hours + 1 };
  }
  return Array.from(days, (day) => (day !== undefined && day.hours >= LEAST_HOURS ? day.peak : undefined)).reverse();
}
