/** Who changed which pool, and declared which death. */
import * as z from 'zod/mini';
import { timeRange } from './history.ts';
import { nextCursor } from './ids.ts';
import { death } from './nodes.ts';
import { poolView } from './pool.ts';

/** Between two times. */
export const auditQuery = z.extend(timeRange, {});
export type AuditQuery = z.output<typeof auditQuery>;

/** What somebody did. Dry runs are not among it. */
export const auditRow = z.object({
  /** RFC 3339: when it began. */
  at: z.string(),
  /** Who asked for it, as the signature proves it. */
  by: z.string(),
  /** What was asked for. */
  action: z.enum(['pool.created', 'pool.changed', 'pool.deleted', 'node.declared-dead']),
  /** `<vrf>/<name>` of a pool, or the node's id. */
  subject: z.string(),
  /**
   * `refused`: nothing was changed. `begun`, for longer than a request takes: it may have happened or not, since whoever carried
   * it out was interrupted. What is there now tells.
   */
  outcome: z.enum(['begun', 'done', 'refused']),
  /** The pool before it; absent where there was none. */
  before: z.optional(poolView),
  /** The pool after it; absent where it is gone, or nothing was changed. */
  after: z.optional(poolView),
  /** The declaration, and what was freed after it. */
  death: z.optional(death),
});
export type AuditRow = z.infer<typeof auditRow>;

/** One page of what was done. */
export const auditResult = z.object({
  /** In the order in which they began. */
  entries: z.array(auditRow),
  /** Give it back as `cursor` for the next page, which may have more although this one has none; absent on the last one. */
  nextCursor: z.optional(nextCursor),
});
export type AuditResult = z.infer<typeof auditResult>;
