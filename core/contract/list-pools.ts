/** The list of a VRF's pools. */
import * as z from 'zod/mini';
import { cniName, vrf } from './ids.ts';
import { flag, pageLimit, poolView } from './pool.ts';

export const listPoolsQuery = z.strictObject({
  vrf,
  /** The `nextCursor` of the page before. */
  cursor: z.optional(cniName),
  limit: pageLimit,
  /** `true`: also how many addresses of each pool are held, by the counters. */
  held: flag,
});

/** A pool, and how much of it is held. */
export const countedPool = z.extend(poolView, {
  /** Slots that are held, as the counters have it, which follow each change within some seconds; where it was asked for. */
  held: z.optional(z.int()),
});
export type CountedPool = z.infer<typeof countedPool>;

/** One page of a VRF's pools. */
export const listPoolsResult = z.object({
  /** In the order of their names. */
  pools: z.array(countedPool),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  nextCursor: z.optional(cniName),
});
export type ListPoolsResult = z.infer<typeof listPoolsResult>;
