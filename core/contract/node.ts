/** What a node asks about itself: what it holds, whether it could get an address, and what it reports afterwards. */
import * as z from 'zod/mini';
import {
  allocateRequest,
  attachment,
  blockIndex,
  leasedAddress,
  nodeId,
  nonce,
  pod,
  slotReference,
} from './messages.ts';

const boot = z.string().check(z.minLength(1), z.maxLength(64));

/**
 * A lease that a node took from its own block while the API could not be reached, and with which a container has lived
 * since: exactly this slot, at the generation at which the block is the node's.
 */
export const reportRequest = z.strictObject({
  attachment,
  nonce,
  boot,
  slot: slotReference,
  generation: z.int().check(z.gte(1)),
  pod: z.optional(pod),
});
export type ReportRequest = z.infer<typeof reportRequest>;
export const reportResult = z.object({
  /** The life of the node in which the lease counts. */
  incarnation: z.int(),
});
export type ReportResult = z.infer<typeof reportResult>;

/** Opaque; a place in the node's list of blocks. */
const placeCursor = z.string().check(z.minLength(1), z.maxLength(64));
export const ownLeasesQuery = z.strictObject({ cursor: z.optional(placeCursor) });
export const ownLease = z.object({
  slot: slotReference,
  attachment,
  nonce,
  /** The life of the node in which it was leased. */
  incarnation: z.int(),
  /** RFC 3339. */
  heldAt: z.string(),
  pod: z.optional(pod),
});
export type OwnLease = z.infer<typeof ownLease>;
export const ownLeasesResult = z.object({
  /** The node's life now; absent where the service does not know the node. */
  incarnation: z.optional(z.int()),
  /** The boot of that life, and the first life of that boot: what an earlier life leased is of an earlier boot. */
  boot: z.optional(z.string()),
  firstOfBoot: z.optional(z.int()),
  /** What the table says this node holds; of the blocks of this page. */
  leases: z.array(ownLease),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  nextCursor: z.optional(placeCursor),
});
export type OwnLeasesResult = z.infer<typeof ownLeasesResult>;

export const checkRequest = z.strictObject({
  attachment,
  /** The slots that the journal has; without them the node's blocks are gone through. */
  slots: z.optional(z.array(slotReference).check(z.minLength(1), z.maxLength(16))),
});
export type CheckRequest = z.infer<typeof checkRequest>;
export const checkResult = z.object({
  /** What the attachment holds, as far as the service looked; of the asked slots only those that it holds. */
  held: z.array(z.object({ slot: slotReference, nonce, addresses: z.array(leasedAddress) })),
});
export type CheckResult = z.infer<typeof checkResult>;

export const readinessRequest = z.strictObject({
  pool: allocateRequest.shape.pool,
  labels: allocateRequest.shape.labels,
});
export type ReadinessRequest = z.infer<typeof readinessRequest>;
export const readinessResult = z.object({
  ready: z.boolean(),
  /** Why no address could be had: the problem's code and what it would say. */
  code: z.optional(z.string()),
  detail: z.optional(z.string()),
});
export type ReadinessResult = z.infer<typeof readinessResult>;

export const seenRequest = z.strictObject({
  boot,
  /** What the cluster calls this node: for people, never who it is. */
  name: z.optional(z.string().check(z.minLength(1), z.maxLength(253))),
  /** Of the agent. */
  version: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
});
export type SeenRequest = z.infer<typeof seenRequest>;
export const seenResult = z.object({
  /** The life that is over; only where it was declared so. */
  incarnation: z.optional(z.int()),
  /** True where this node's life was declared over although it calls. */
  declaredDead: z.boolean(),
});
export type SeenResult = z.infer<typeof seenResult>;

/** A query, since a node's id may have slashes. */
export const nodeQuery = z.strictObject({ node: nodeId });
export const nodeView = z.object({
  node: z.string(),
  name: z.optional(z.string()),
  version: z.optional(z.string()),
  alive: z.boolean(),
  incarnation: z.int(),
  boot: z.string(),
  /** RFC 3339: when it last leased in a new block or was heard of. */
  seenAt: z.optional(z.string()),
  /** Blocks in which it may hold leases. */
  blocks: z.array(z.object({ pool: z.string(), block: blockIndex })),
});
export type NodeView = z.infer<typeof nodeView>;
