/** Who changed which pool, and declared which death. */
import * as z from 'zod/mini';
import { timeRange } from './history.ts';
import { nextCursor } from './ids.ts';
import { most } from './limits.ts';
import { death } from './nodes.ts';
import { pageCount, poolView } from './pool.ts';

/** Between two times. */
export const auditQuery = z.extend(timeRange, {
  /** Only what was done to this: `<vrf>/<name>` of a pool, or a node's id. */
  subject: z.optional(z.string().check(z.minLength(1), z.maxLength(2 * most.name + 1))),
  /** `latest`: backwards, so that the first page has what was done last. */
  order: z._default(z.enum(['earliest', 'latest']), 'earliest'),
  /** How many are wanted at most; as many as an answer has room for, if left out. */
  limit: z.optional(pageCount),
});
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
  /** In the order in which they began, or backwards. */
  entries: z.array(auditRow),
  /** Give it back as `cursor` for the next page, which may have more although this one has none; absent on the last one. */
  nextCursor: z.optional(nextCursor),
});
export type AuditResult = z.infer<typeof auditResult>;
