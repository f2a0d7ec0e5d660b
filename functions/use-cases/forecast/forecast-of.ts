/** When a pool will be full, of its samples. */
import { FORECAST_CONFIDENCE, FORECAST_DAYS } from '../../../core/contract/limits.ts';
import type { UseSample } from '../../../core/protocol/history.ts';
import type { Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { dailyPeaks } from './daily-peaks.ts';
import { type Band, outlook } from './outlook.ts';
import { SAMPLED_MS } from './samples.ts';

const DAY_MS = 86_400_000;

export interface Forecast {
  /** What is counted, and how much of it there is at present. */
  readonly unit: 'addresses' | 'blocks';
  readonly capacity: bigint;
  /** In their order. */
  readonly samples: readonly UseSample[];
  readonly outcome: PoolOutlook | { readonly kind: 'unknown'; readonly because: 'too-few-samples' | 'samples-too-old' };
}

export interface PoolOutlook {
  readonly kind: 'foreseen';
  /** By how many more are used each day. */
  readonly perDay: number;
  /** Milliseconds since 1970; absent where it is not within the days that are looked ahead. */
  readonly fullAt: { readonly earliest?: number; readonly expected?: number; readonly latest?: number };
  /** Of the most that is used within 1, 2, 3 days and so on, from the last sample on. */
  readonly bands: readonly Band[];
}

/**
 * One request for the pool's samples: some 20 read units for 13 weeks of them.
 * @param pool as it is now: a forecast is of its present capacity
 */
export async function forecastOf({ store, now }: Dependencies, pool: KnownPool): Promise<Forecast> {
  const { definition, space } = pool;
  const byBlock = definition.affinity === 'node';
  const at = now();
  const kept = await store.history.readSamples(definition.id, at - SAMPLED_MS, at);
  // A clock may have been ahead: days are counted from the last sample.
  const samples = kept.filter((sample) => sample.at <= at);
  const capacity = byBlock ? space.usableBlocks().size : space.capacity - space.reserved;
  const unit = byBlock ? 'blocks' : 'addresses';
  return { unit, capacity, samples, outcome: foresee(samples, Number(capacity), at) };
}

/**
 * Until the earliest time, at most as many as are looked ahead; undefined where nothing is foreseen, or of too few days for a
 * metric.
 */
export function daysUntilFull({ samples, outcome }: Forecast, now: number): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (outcome.kind === 'unknown' || first === undefined || last === undefined) return undefined;
  if (last.at - first.at < (FORECAST_DAYS.measured - 1) * DAY_MS) return undefined;
  const { earliest } = outcome.fullAt;
  return earliest === undefined ? FORECAST_DAYS.ahead : Math.max(0, (earliest - now) / DAY_MS);
}

/**
 * @param at now, in milliseconds since 1970
 * @param method another one to compare it with
 */
export function foresee(
  samples: readonly UseSample[],
  capacity: number,
  at: number,
  method: typeof outlook = outlook,
): Forecast['outcome'] {
  const last = samples.at(-1);
  const peaks = dailyPeaks(samples);
  const { least, ahead } = FORECAST_DAYS;
  if (last === undefined || peaks.filter((peak) => peak !== undefined).length < least)
    return unknown('too-few-samples');
  if (at - last.at > DAY_MS) return unknown('samples-too-old');
  const foreseen = method(peaks, { confidence: FORECAST_CONFIDENCE, days: ahead });
  if (foreseen === undefined) return unknown('too-few-samples');
  const { slope: perDay, bands } = foreseen;
  if (last.taken >= capacity) return { kind: 'foreseen', perDay, bands, fullAt: allAt(last.at) };
  const within = (bound: keyof Band) => bands.findIndex((band) => band[bound] >= capacity);
  const [earliest, expected, latest] = [within('most'), within('expected'), within('least')];
  const fullAt = {
    // Within a day nothing is known: it may be at its beginning, in its middle, or at its end.
    ...(earliest < 0 ? {} : { earliest: Math.max(at, last.at + earliest * DAY_MS) }),
    ...(expected < 0 ? {} : { expected: Math.max(at, last.at + (expected + 0.5) * DAY_MS) }),
    ...(latest < 0 ? {} : { latest: last.at + (latest + 1) * DAY_MS }),
  };
  return { kind: 'foreseen', perDay, bands, fullAt };
}

const allAt = (time: number) => ({ earliest: time, expected: time, latest: time });
const unknown = (because: 'too-few-samples' | 'samples-too-old') => ({ kind: 'unknown', because }) as const;
