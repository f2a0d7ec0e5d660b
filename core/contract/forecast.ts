/** When a pool will be full, as far as its use of the last weeks tells. */
import * as z from 'zod/mini';
import { poolState } from './pool.ts';

/** RFC 3339, or null where it is not within the days that the forecast looks ahead. */
const timeOrNever = z.nullable(z.string());

/** The first time that the pool is full. */
export const fullAt = z.object({
  /** RFC 3339: with a chance of one in ten it is full before. Null: nor is that likely within `horizonDays`. */
  earliest: timeOrNever,
  /** RFC 3339: as likely before as after. Null: not within `horizonDays`. */
  expected: timeOrNever,
  /** RFC 3339: with a chance of one in ten it is full after that. Null: it may well be that it is not within `horizonDays`. */
  latest: timeOrNever,
});

/** The most that will be used at once within so many days from the last sample. */
export const peakForeseen = z.object({
  /** Days from the last sample. */
  days: z.int(),
  /** With a chance of one in ten it stays below. */
  least: z.int(),
  /** As likely more as less. */
  expected: z.int(),
  /** With a chance of one in ten it is more. It may be more than the capacity: so many are wanted then. */
  most: z.int(),
});

/** The most that was used at once on a day. */
export const peakPast = z.object({
  /** RFC 3339: the end of the day, which is 24 hours: days are counted from the last sample on. */
  until: z.string(),
  /** How many were taken at once. */
  most: z.int(),
  /** How many there were then, without what is reserved: decimal text, of more than 2^53 rounded. */
  capacity: z.string(),
});
export type PeakPast = z.infer<typeof peakPast>;

/** The samples that a forecast goes by. */
export const samplesUsed = z.object({
  /** How many there are. */
  count: z.int(),
  /** RFC 3339: the first one; absent where there is none. */
  from: z.optional(z.string()),
  /** RFC 3339: the last one. */
  to: z.optional(z.string()),
});

/** When a pool will be full. */
export const forecastResult = z.object({
  /** The name of the pool. */
  pool: z.string(),
  /** The VRF in which it is. */
  vrf: z.string(),
  /** `draining`: it gives no new lease. `closing`: it is being deleted. Neither is sampled. */
  state: poolState,
  /** What is counted: addresses, or blocks where they belong to nodes. Whoever wants one of them is refused when none is left. */
  unit: z.enum(['addresses', 'blocks']),
  /** How many were taken at the last sample: held or cooling, or claimed. Without what is reserved. */
  used: z.optional(z.int()),
  /** How many there are at present, without what is reserved: decimal text. */
  capacity: z.string(),
  /** By how many more are used each day; less than 0 where fewer are. */
  perDay: z.optional(z.number()),
  /** When it will be full; absent where that is `unknown`. */
  fullAt: z.optional(fullAt),
  /** How much will be used; absent where that is `unknown`. */
  peaks: z.optional(z.array(peakForeseen)),
  /** How much was used, day by day: the earliest first, 91 of them at most. A day of which less than half is known is left out. */
  pastPeaks: z.optional(z.array(peakPast)),
  /** Why nothing is foreseen: less than some days of samples, or none of the last day, as of a pool that was drained. */
  unknown: z.optional(z.enum(['too-few-samples', 'samples-too-old'])),
  /** Of ten intervals so many hold, in parts of 1: 0.8 is eight of ten. */
  confidence: z.number(),
  /** So many days it looks ahead. */
  horizonDays: z.int(),
  /** What it goes by. */
  samples: samplesUsed,
  /** RFC 3339: as of when. */
  at: z.string(),
});
export type ForecastResult = z.infer<typeof forecastResult>;
