/** What is over: who had an address at a time, what a pod, a node or a namespace had. */
import * as z from 'zod/mini';
import { nextCursor, nodeId, pod, podText, slotReference, vrf } from './ids.ts';
import { most, patterns } from './limits.ts';
import { time } from './time.ts';

/** The `nextCursor` of the page before. */
export const historyCursor = z
  .string()
  .check(z.maxLength(most.cursor), z.regex(patterns.historyCursor, 'must be the nextCursor of the page before'));

/** Between two times. */
export const timeRange = z.strictObject({
  /** Since then; as long as it is kept, if left out. */
  from: z.optional(time),
  /** Until then; until now, if left out. */
  to: z.optional(time),
  cursor: z.optional(historyCursor),
});

/** At a time, or between two. */
export const addressHistoryQuery = z.extend(timeRange, {
  vrf: vrf,
  /** An IPv4 or IPv6 address without a prefix length. */
  address: z.string().check(z.maxLength(most.addressText)),
  /** Who had it then. Leave out `from` and `to`. */
  at: z.optional(time),
});
export type AddressHistoryQuery = z.output<typeof addressHistoryQuery>;

/** A lease, over or not. */
export const pastLease = z.object({
  /** The name of the pool. */
  pool: z.string(),
  /** The slot whose addresses it had. */
  slot: slotReference,
  /** Its addresses, one of each range set, with the prefix length of the subnet. */
  addresses: z.array(z.string()),
  /** The node that held it. */
  node: z.string(),
  /** The life of the node in which it was leased. */
  incarnation: z.int(),
  /** The network of the attachment. */
  network: z.string(),
  /** The interface of the attachment. */
  ifname: z.string(),
  /** The container of the attachment; absent in lists by node and by pod of what is over. */
  containerId: z.optional(z.string()),
  /** The pod for which it was leased, where the runtime said it. */
  pod: z.optional(pod),
  /** The identity for which the address was kept; absent in lists by node and by pod of what is over. */
  identity: z.optional(z.string()),
  /** RFC 3339: since when the service has it as held. */
  from: z.string(),
  /** RFC 3339: when it ended; absent while it is held. */
  to: z.optional(z.string()),
});
export type PastLease = z.infer<typeof pastLease>;

/** A time of which it is not known whose the address was. */
export const unknownTime = z.object({
  /** RFC 3339: since when. */
  from: z.string(),
  /** RFC 3339: until when, at most. */
  to: z.string(),
});

/** Who had an address. */
export const addressHistory = z.object({
  /** The address that was asked for, in its short form. */
  address: z.string(),
  /** The VRF that is meant. */
  vrf: z.string(),
  /** The name of the pool in which it lies, or lay when it was had; absent where no pool has it. */
  pool: z.optional(z.string()),
  /** The slot to which it belongs. */
  slot: z.optional(slotReference),
  /**
   * What it was `at` that time: `unknown` where history does not have it, as of what is not written yet (some seconds), or is
   * older than what is kept.
   */
  state: z.optional(z.enum(['held', 'free', 'outside', 'unknown'])),
  /** In their order, the first one first; at a time one at most. */
  leases: z.array(pastLease),
  /** When it is not known whose the address was: a lease that is missing here ended in each of them. Otherwise the list is complete. */
  unknown: z.array(unknownTime),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  nextCursor: z.optional(nextCursor),
});
export type AddressHistory = z.infer<typeof addressHistory>;

/** Of a node, or of pods. */
export const leaseHistoryQuery = z.strictObject({
  vrf: vrf,
  /** The node's id. */
  node: z.optional(nodeId),
  /** Leases of pods of this namespace. */
  namespace: z.optional(podText),
  /** Leases of the pods that had this name; give their namespace too. */
  pod: z.optional(podText),
  /** Held then or later; as long as history is kept, if left out. */
  from: z.optional(time),
  /** Begun until then; until now, if left out. */
  to: z.optional(time),
  cursor: z.optional(historyCursor),
});
export type LeaseHistoryQuery = z.output<typeof leaseHistoryQuery>;

/** What a node or pods had. */
export const leaseHistory = z.object({
  /** What is over in the order in which it ended, then what is held. */
  leases: z.array(pastLease),
  /** RFC 3339: what ended later may be missing. Where the function `changes` is behind, what ended since it is. */
  knownUntil: z.string(),
  /** Give it back as `cursor` for the next page, which may have more although this one has none; absent on the last one. */
  nextCursor: z.optional(nextCursor),
});
export type LeaseHistory = z.infer<typeof leaseHistory>;
