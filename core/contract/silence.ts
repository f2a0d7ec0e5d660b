/** What silence as evidence would come to, before or after a deployment says so (`deadAfterSilence`). */
import * as z from 'zod/mini';
import { cniName, deathCursor } from './ids.ts';
import { leastSilence, most, patterns } from './limits.ts';
import { foreseen } from './nodes.ts';
import { pageLimit } from './pool.ts';

export const foreseeSilenceQuery = z.strictObject({
  /** The cluster whose nodes would be judged. */
  cluster: cniName,
  /** Minutes of silence after which a node of it would be declared dead. */
  minutes: z.pipe(
    z.string().check(z.regex(patterns.silence, `must be a number from ${leastSilence} to ${most.silence}`)),
    z.transform(Number),
  ),
  cursor: z.optional(deathCursor),
  limit: pageLimit,
});
export type ForeseeSilenceQuery = z.output<typeof foreseeSilenceQuery>;

/** A node that is silent for so long. */
export const silentNode = z.object({
  /** The node's id. */
  node: z.string(),
  /** Its present life, which would be declared over. */
  incarnation: z.int(),
  /** What the cluster calls the node, as its agent says. */
  name: z.optional(z.string()),
  /** RFC 3339: when it was last heard of, by a heartbeat or a lease. */
  heardOfAt: z.optional(z.string()),
  /** Whether it would be declared dead, in its turn. */
  declared: z.boolean(),
  /** Why it would not be. */
  because: z.optional(z.string()),
  wouldFree: z.optional(foreseen),
});
export type SilentNode = z.infer<typeof silentNode>;

/** What would be declared now, and what the reclaim would free after it. Nothing was changed. */
export const foreseeSilenceResult = z.object({
  /** The cluster, as it was asked for. */
  cluster: z.string(),
  /** The minutes of silence, as they were asked for. */
  minutes: z.int(),
  /** Nodes of the cluster whose life is not over. */
  nodes: z.int(),
  /** Those of them that were heard of in the last 30 minutes. */
  heardLately: z.int(),
  /** How many would be declared dead in one run, at most; the next one is 5 minutes later. */
  eachRun: z.int(),
  /** Why none would be as it is now, however long they are silent. */
  because: z.optional(z.string()),
  /** RFC 3339: since when the deployment has watched for silence without a gap. Absent where it does not: then the watch begins with it, and none is declared before `minutes` are over. */
  watchedSince: z.optional(z.string()),
  /** Those that are silent for so long, the longest first. */
  silent: z.array(silentNode),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  nextCursor: z.optional(deathCursor),
});
export type ForeseeSilenceResult = z.infer<typeof foreseeSilenceResult>;
