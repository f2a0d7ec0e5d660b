/** The VRFs: address spaces of their own, each with its pools. */
import * as z from 'zod/mini';
import { cniName } from './ids.ts';
import { pageLimit } from './pool.ts';

export const listVrfsQuery = z.strictObject({
  /** The `nextCursor` of the page before. */
  cursor: z.optional(cniName),
  limit: pageLimit,
});
export type ListVrfsQuery = z.output<typeof listVrfsQuery>;

/** A VRF that has pools. */
export const vrfView = z.object({
  /** The name of the VRF. */
  vrf: z.string(),
  /** Pools that are in it. */
  pools: z.int(),
});
export type VrfView = z.infer<typeof vrfView>;

/** One page of the VRFs. */
export const listVrfsResult = z.object({
  /** In the order of their names. */
  vrfs: z.array(vrfView),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  nextCursor: z.optional(cniName),
});
export type ListVrfsResult = z.infer<typeof listVrfsResult>;

/** What the table of routes has of it. */
export const vrfsRoute = {
  function: 'operate',
  caller: 'operator',
  query: listVrfsQuery,
  result: listVrfsResult,
} as const;
