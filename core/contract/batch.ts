/** What a node tells of several leases at once: with which containers live, and which are over. */
import * as z from 'zod/mini';
import { nonce, poolId } from './ids.ts';
import { releaseRequest, releaseResult, reportRequest, reportResult } from './lease.ts';
import { most } from './limits.ts';
import { leasing, poolPolicy } from './pool.ts';

/** The release of one lease, by its nonce. */
export const batchRelease = z.extend(releaseRequest, {
  /** With which it was leased. */
  nonce,
});

/** One lease: what is to be reported of it, and whether it is released afterwards. One of the two at least. */
export const batchItem = z.strictObject({
  /** That a container lives with it, or did. */
  report: z.optional(reportRequest),
  /** That it is over. It is carried out after the report, also where that was refused, but not where nobody decided on it. */
  release: z.optional(batchRelease),
});
export type BatchItem = z.infer<typeof batchItem>;

/** Each is carried out by itself; those with the same nonce in their order. */
export const batchRequest = z.strictObject({
  /** The leases that are told of. */
  items: z.array(batchItem).check(z.minLength(1), z.maxLength(most.itemsOfBatch)),
});
export type BatchRequest = z.infer<typeof batchRequest>;

/** Why one item was not carried out, as a problem of its own route says it. */
export const itemProblem = z.object({
  /** What kind of problem it is. */
  code: z.string(),
  /** What is wrong, and the remedy. */
  detail: z.string(),
  /** The remedy by itself, where one is known. */
  remedy: z.optional(z.string()),
});
export type ItemProblem = z.infer<typeof itemProblem>;

/** What came of one item. */
export const batchOutcome = z.object({
  /** The report was taken. */
  reported: z.optional(reportResult),
  /** The release was carried out. */
  released: z.optional(releaseResult),
  /** The report was refused, which did not stand in the way of the release. */
  refused: z.optional(itemProblem),
  /** Something was refused, or not got to. The item is to be told again, unless it is refused for good. */
  problem: z.optional(itemProblem),
});
export type BatchOutcome = z.infer<typeof batchOutcome>;

/** What a node has to know of a pool whose blocks belong to nodes, as it is now. */
export const toldPolicy = z.object({
  id: poolId,
  /** `online` also where the pool has quotas, or gives this node no new lease. */
  leasing,
  tellWithinSeconds: poolPolicy.shape.tellWithinSeconds.def.innerType,
  /** Seconds for which a released address is not handed out again. */
  cooldownSeconds: poolPolicy.shape.cooldownSeconds.def.innerType,
  /** Addresses that are not handed out. */
  exclude: poolPolicy.shape.exclude.def.innerType,
});
export type ToldPolicy = z.infer<typeof toldPolicy>;

/** What came of each item, in their order. */
export const batchResult = z.object({
  /** In the order of the request. */
  items: z.array(batchOutcome),
  /** Pools of these leases. */
  pools: z.array(toldPolicy),
});
export type BatchResult = z.infer<typeof batchResult>;

/** What the table of routes has of it. */
export const batchRoute = {
  function: 'allocate',
  caller: 'node',
  request: batchRequest,
  longestBody: most.largeBodyBytes,
  result: batchResult,
} as const;
