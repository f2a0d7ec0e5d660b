/** The forecast of a pool, as it is answered. */
import type { ForecastResult, PeakPast } from '../../../core/contract/forecast.ts';
import { FORECAST_CONFIDENCE, FORECAST_DAYS } from '../../../core/contract/limits.ts';
import type { Dependencies } from '../dependencies.ts';
import { namedPool, type PoolName } from '../pools/named-pool.ts';
import { dailyPeaks } from './daily-peaks.ts';
import { type Forecast, forecastOf, type PoolOutlook } from './forecast-of.ts';

/** Days ahead for which it is told how much will be used: tomorrow, in a week, in a month. */
const TOLD = [1, 7, 30];

const DAY_MS = 86_400_000;

/** @throws LessorError pool.unknown */
export async function poolForecast(deps: Dependencies, { vrf, name }: PoolName): Promise<ForecastResult> {
  const pool = await namedPool(deps, vrf, name);
  const { unit, capacity, samples, outcome } = await forecastOf(deps, pool);
  const used = samples.at(-1)?.taken;
  return {
    pool: pool.definition.name,
    vrf,
    state: pool.state,
    unit,
    ...(used === undefined ? {} : { used }),
    capacity: String(capacity),
    ...(outcome.kind === 'unknown' ? { unknown: outcome.because } : told(outcome)),
    ...(used === undefined ? {} : { pastPeaks: pastOf(samples) }),
    confidence: FORECAST_CONFIDENCE,
    horizonDays: FORECAST_DAYS.ahead,
    samples: { count: samples.length, ...spanOf(samples) },
    at: timeText(deps.now()),
  };
}

const timeText = (at: number): string => new Date(at).toISOString();
const orNull = (at: number | undefined): string | null => (at === undefined ? null : timeText(at));

function told({ perDay, fullAt, bands }: PoolOutlook): Pick<ForecastResult, 'perDay' | 'fullAt' | 'peaks'> {
  const { earliest, expected, latest } = fullAt;
  return {
    perDay: Math.round(perDay * 100) / 100,
    fullAt: { earliest: orNull(earliest), expected: orNull(expected), latest: orNull(latest) },
    peaks: TOLD.flatMap((days) => {
      const band = bands[days - 1];
      if (band === undefined) return [];
      const [least, middle, most] = [band.least, band.expected, band.most].map((used) => Math.max(0, used));
      return [{ days, least: Math.floor(least ?? 0), expected: Math.round(middle ?? 0), most: Math.ceil(most ?? 0) }];
    }),
  };
}

/** Of each day that has a peak. */
function pastOf(samples: Forecast['samples']): PeakPast[] {
  const peaks = dailyPeaks(samples);
  const end = samples.at(-1)?.at ?? 0;
  return peaks.flatMap((most, day) => {
    const until = end - (peaks.length - 1 - day) * DAY_MS;
    const then = samples.findLast(({ at }) => at <= until);
    if (most === undefined || then === undefined) return [];
    return [{ until: timeText(until), most, capacity: String(BigInt(then.capacity)) }];
  });
}

function spanOf(samples: Forecast['samples']): { from?: string; to?: string } {
  const [first, last] = [samples[0], samples.at(-1)];
  return first === undefined || last === undefined ? {} : { from: timeText(first.at), to: timeText(last.at) };
}
