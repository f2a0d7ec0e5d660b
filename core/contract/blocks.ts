/** Blocks that belong to nodes: who has which, and giving one back. */
import * as z from 'zod/mini';
import { blockIndex, boot, nextCursor, poolId, vrf } from './ids.ts';

/** A block that a node does not need. */
export const giveBackRequest = z.strictObject({
  /** The id of the pool. */
  pool: poolId,
  block: blockIndex,
  /** The generation as the node was told it: a late copy of the request gives back nothing that was claimed later. */
  generation: z.int().check(z.gte(1)),
  /** The start of the node's machine, and the first 16 digits of its nonces: for whom the block was claimed. */
  boot,
  /** The first 16 digits of the node's nonces. */
  journal: poolId,
});
export type GiveBackRequest = z.infer<typeof giveBackRequest>;

/** What became of the block. */
export const giveBackResult = z.object({
  /** `kept`: an address of the block is held. */
  outcome: z.enum(['released', 'kept']),
  /** The generation at which a kept block is the node's from now on; not where it was claimed in an earlier life of the node. */
  generation: z.optional(z.int()),
});
export type GiveBackResult = z.infer<typeof giveBackResult>;

/** A block as operators see it. */
export const blockRow = z.object({
  block: blockIndex,
  /** Its addresses: one subnet for each range set where blocks have gateways of their own, else spans `first-last`. */
  prefixes: z.array(z.string()),
  /** Its gateways, one for each range set; only where blocks have gateways of their own. */
  gateways: z.optional(z.array(z.string())),
  /**
   * `claimed`: it belongs to a node. `releasing`: it is being taken back. `free`: a node may claim it. `sealed`: its
   * pool is being deleted.
   */
  state: z.enum(['claimed', 'releasing', 'free', 'sealed']),
  /** It grows each time the block changes hands. */
  generation: z.int(),
  /** Whose it is; a block that is being taken back still names its last owner. */
  node: z.optional(z.string()),
});
export type BlockRow = z.infer<typeof blockRow>;

export const listBlocksQuery = z.strictObject({ vrf: vrf, cursor: z.optional(blockIndex) });

/** One page of a pool's blocks. */
export const listBlocksResult = z.object({
  /** Blocks that were claimed at some time. */
  blocks: z.array(blockRow),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  nextCursor: z.optional(nextCursor),
});
export type ListBlocksResult = z.infer<typeof listBlocksResult>;
