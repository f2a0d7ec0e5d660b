/** That a node is up, and what it counts in its journal: for people and for checks, evidence of nothing. */
import * as z from 'zod/mini';
import { boot } from './ids.ts';
import { most, patterns } from './limits.ts';
import { time } from './time.ts';

export const nodeRegion = z.string().check(z.minLength(1), z.maxLength(most.region), z.regex(patterns.region));

const text = (longest: number) => z.string().check(z.minLength(1), z.maxLength(longest));
const count = z.int().check(z.gte(0));

const lostFields = {
  /** Its addresses, with the prefix length of the subnet: the first ones. */
  addresses: z.array(z.string().check(z.maxLength(most.addressText))).check(z.maxLength(most.lostAddresses)),
  /** The container's id, as the runtime gives it. */
  containerId: text(most.name),
  /** `namespace/name` of its pod, where the runtime said it. */
  pod: z.optional(text(2 * most.podText + 1)),
};

const outageFields = {
  /** RFC 3339: when a request was first not answered. */
  from: time,
  /** RFC 3339: when one was answered again. */
  to: time,
};

/** A container that lives with an address which another one may have, as the node says. */
export const reportedLostLease = z.strictObject(lostFields);
/** A container that lives with an address which another one may have. */
export const lostLease = z.object(lostFields);
/** A time in which the API was not reached, as the node says. */
export const reportedOutage = z.strictObject(outageFields);
/** A time in which the API was not reached. */
export const outage = z.object(outageFields);

const journalFields = {
  /** Attachments in its journal. */
  attachments: count,
  /** Leases that the service is to have of this node, as far as it was answered. */
  held: count,
  /** Leases that the service may have of this node at most: also what it was asked for, and what is to be released. */
  mayHold: count,
  /** Leases that the node took from its own blocks, and of which the service was not told yet. */
  local: count,
  /** Reports and releases that the service is still to be told. */
  outbox: count,
  /** Seconds for which the oldest of them has waited. */
  outboxOldestSeconds: z.optional(count),
  /** Containers that live with an address which another one may have. */
  lost: count,
  /** Blocks of its own. */
  blocks: count,
  /** RFC 3339, as the node's clock has it: when it last compared the table with its journal. */
  reconciledAt: z.optional(time),
};

/** What a node counts in its journal. */
export const journalReport = z.strictObject({
  ...journalFields,
  /** The first ones of those that are lost. */
  lostLeases: z._default(z.array(reportedLostLease).check(z.maxLength(most.lostLeases)), []),
  /** The last time that the API was not reached, since the agent began. */
  outage: z.optional(reportedOutage),
});
export type JournalReport = z.infer<typeof journalReport>;

/** What a node said last of its journal. */
export const journalView = z.object({
  /** RFC 3339: when it said so. */
  at: z.string(),
  ...journalFields,
  /** The first ones of those that are lost. */
  lostLeases: z.array(lostLease),
  /** The last time that the API was not reached, since the agent began. */
  outage: z.optional(outage),
});
export type JournalView = z.infer<typeof journalView>;

/** What a node says of itself. */
export const heartbeatRequest = z.strictObject({
  boot,
  /** What the cluster calls this node: for people, never who it is. */
  name: z.optional(text(most.podText)),
  /** The version of the agent. */
  version: z.optional(text(most.version)),
  /** The AWS Region in which it says it is: for people, never evidence. */
  region: z.optional(nodeRegion),
  journal: z.optional(journalReport),
});
export type HeartbeatRequest = z.infer<typeof heartbeatRequest>;

/** For whom the service takes the caller, and whether that node was declared dead. */
export const heartbeatResult = z.object({
  /** Whom the service takes the caller for, as the signature proves it. */
  node: z.optional(z.string()),
  /** The life that is over; only where it was declared so. */
  incarnation: z.optional(z.int()),
  /** True where this node's life was declared over although it calls. */
  declaredDead: z.boolean(),
});
export type HeartbeatResult = z.infer<typeof heartbeatResult>;
