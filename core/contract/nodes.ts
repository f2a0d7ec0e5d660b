/** A node: what it holds, that it is up, that its life was declared over. */
import * as z from 'zod/mini';
import { attachment, blockCursor, blockIndex, boot, nextCursor, nodeId, nonce, pod, slotReference } from './ids.ts';
import { most } from './limits.ts';

export const ownLeasesQuery = z.strictObject({ cursor: z.optional(blockCursor) });

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
  nextCursor: z.optional(nextCursor),
});
export type OwnLeasesResult = z.infer<typeof ownLeasesResult>;

export const heartbeatRequest = z.strictObject({
  boot,
  /** What the cluster calls this node: for people, never who it is. */
  name: z.optional(z.string().check(z.minLength(1), z.maxLength(most.podText))),
  /** Of the agent. */
  version: z.optional(z.string().check(z.minLength(1), z.maxLength(most.version))),
});
export type HeartbeatRequest = z.infer<typeof heartbeatRequest>;

export const heartbeatResult = z.object({
  /** Whom the service takes the caller for, as the signature proves it. */
  node: z.optional(z.string()),
  /** The life that is over; only where it was declared so. */
  incarnation: z.optional(z.int()),
  /** True where this node's life was declared over although it calls. */
  declaredDead: z.boolean(),
});
export type HeartbeatResult = z.infer<typeof heartbeatResult>;

/** A life of the calling node, as `ownLeasesResult` names it. */
export const goodbyeRequest = z.strictObject({ boot, incarnation: z.int().check(z.minimum(1)) });
export type GoodbyeRequest = z.infer<typeof goodbyeRequest>;

export const goodbyeResult = z.object({
  /** Whether that life is over. False where the node is in another one, or in none: then nothing was changed. */
  ended: z.boolean(),
});
export type GoodbyeResult = z.infer<typeof goodbyeResult>;

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
  heartbeatAt: z.optional(z.string()),
  /** Blocks in which it may hold leases. */
  blocks: z.array(z.object({ pool: z.string(), block: blockIndex })),
});
export type NodeView = z.infer<typeof nodeView>;

export const declareDeathRequest = z.strictObject({
  node: nodeId,
  /** Why the operator is certain that nothing of this node runs any more. */
  reason: z.string().check(z.minLength(1), z.maxLength(most.reason)),
});
export type DeclareDeathRequest = z.infer<typeof declareDeathRequest>;

export const death = z.object({
  node: z.string(),
  /** The life of the node that is over; what it leases after a return belongs to the next one. */
  incarnation: z.int(),
  reason: z.string(),
  declaredBy: z.string(),
  declaredAt: z.string(),
  /** Leases that were freed so far, and when the node's blocks were last gone through. */
  freed: z.int(),
  sweptAt: z.optional(z.string()),
});
export type Death = z.infer<typeof death>;

export const listDeathsResult = z.object({ deaths: z.array(death) });
export type ListDeathsResult = z.infer<typeof listDeathsResult>;
