/** What is asked of what is there: whether an ADD would succeed, how full a pool is, who has an address, why a pod gets none. */
import * as z from 'zod/mini';
import {
  blockCursor,
  blockIndex,
  cniName,
  identityName,
  labels,
  listCursor,
  nextCursor,
  nodeId,
  podName,
  podText,
  slotReference,
  vrf,
} from './ids.ts';
import { addressesToImport, importOutlook } from './imports.ts';
import { allocateRequest, choice, leaseRow } from './lease.ts';
import { most } from './limits.ts';
import { affinity, poolDefinition, poolState } from './pool.ts';

/** Of which pools an address is wanted. */
export const readinessRequest = z.strictObject({
  /** The pool from which an address is wanted. */
  pool: allocateRequest.shape.pool,
  labels: allocateRequest.shape.labels,
  /** Addresses with which containers of the calling node live, and that it is about to import: who has them in the pool. */
  imports: z.optional(addressesToImport),
});
export type ReadinessRequest = z.infer<typeof readinessRequest>;

/** Whether an ADD could be given an address. */
export const readinessResult = z.object({
  /** True where pods of some namespace could be given one. */
  ready: z.boolean(),
  /** Why no address could be had: the problem's code and what it would say. */
  code: z.optional(z.string()),
  /** What that problem would say. */
  detail: z.optional(z.string()),
  /** What to do about it, as `detail` says it last. */
  remedy: z.optional(z.string()),
  /** Where `imports` were asked for and the pool may be used: what is there of them. Absent from services of before 1.6. */
  imports: z.optional(importOutlook),
});
export type ReadinessResult = z.infer<typeof readinessResult>;

export const listLeasesQuery = z.strictObject({
  vrf: vrf,
  /** Only of this block, and those behind it. */
  fromBlock: z.optional(blockIndex),
  /** Only of this block, and those before it. */
  toBlock: z.optional(blockIndex),
  cursor: z.optional(listCursor),
});
export type ListLeasesQuery = z.output<typeof listLeasesQuery>;

/** One page of a pool's leases. */
export const listLeasesResult = z.object({
  /** The pool that has them. */
  pool: poolDefinition,
  /** Addresses that can be handed out at all, as decimal text: an IPv6 pool's are more than a double can count. */
  capacity: z.string(),
  /** Held and cooling, of the blocks of this page. */
  leases: z.array(leaseRow),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  nextCursor: z.optional(nextCursor),
});
export type ListLeasesResult = z.infer<typeof listLeasesResult>;

/** Slots, exact when `at` was read: each is counted by reading it. */
const counts = {
  /** Slots that are held. */
  held: z.int(),
  /** Slots that were released and cannot be had yet. */
  cooling: z.int(),
};

export const usageQuery = z.strictObject({
  vrf: vrf,
  /** Also count for each of these. */
  by: z.optional(z.enum(['block', 'node', 'namespace'])),
  /** `true`: from the counters, a few reads however large the pool is; by namespace only, and without what cools. */
  cheap: z._default(z.enum(['true', 'false']), 'false'),
  /** Where blocks belong to nodes: also what this one has and could get. */
  node: z.optional(nodeId),
});

/** What a block, a node or a namespace has of a pool. */
export const usagePart = z.object({
  /** The block, the node or the namespace. */
  of: z.string(),
  /** The node that owns the block; only by block. */
  node: z.optional(z.string()),
  /** Slots that are held. */
  held: counts.held,
  /** Slots that were released and cannot be had yet. */
  cooling: z.optional(counts.cooling),
});

/** Blocks of a pool whose blocks belong to nodes. */
export const blockCounts = z.object({
  /** Those that have an address to hand out, as decimal text. */
  usable: z.string(),
  /** Those that nodes own. */
  claimed: z.int(),
  /** Those that can be claimed, as decimal text. */
  free: z.string(),
});

/** What is free, by who gets it; decimal text. */
export const freeParts = z.object({
  /** In blocks that nodes own: only the node of each gets it. */
  claimedBlocks: z.string(),
  /** In blocks that can be claimed. */
  freeBlocks: z.string(),
});

/** What a node could get of a pool whose blocks belong to nodes; decimal text. */
export const nodeProspect = z.object({
  /** Blocks that it may still claim. */
  blocks: z.string(),
  /** Addresses, at most: what is free in its own blocks, and in those that it may claim. */
  addresses: z.string(),
});

/** What a node has of a pool whose blocks belong to nodes, and could get. */
export const nodeShare = z.extend(nodeProspect, {
  /** The node's id. */
  node: z.string(),
  /** Blocks that it owns. */
  ownBlocks: z.int(),
  /** Addresses that are free in them. */
  ownFree: z.int(),
});

/** How full a pool is. */
export const usageResult = z.object({
  /** The name of the pool. */
  pool: z.string(),
  /** The VRF in which it is. */
  vrf: z.string(),
  /** `draining`: it gives no new lease. `closing`: it is being deleted. */
  state: poolState,
  /** Whether any node takes slots of any block, or a block belongs to one node. */
  affinity,
  /** `exact`: every slot was read. `counted`: as the counters had it, which follow each change within some seconds. */
  source: z.enum(['exact', 'counted']),
  /** Slots that are held. */
  held: counts.held,
  /** Slots that were released and cannot be had yet. Not known by the counters; nor is `free`. */
  cooling: z.optional(counts.cooling),
  /**
   * Decimal text: an IPv6 pool's are more than a double can count. `free` of `capacity` is neither held nor cooling nor
   * reserved. Where blocks belong to nodes, `freeIn` says who gets it.
   */
  free: z.optional(z.string()),
  /** Addresses (or tuples of them) that can be handed out at all, as decimal text. */
  capacity: z.string(),
  /** Of the capacity, what is reserved, held or not. */
  reserved: z.string(),
  /** Blocks that are owned by a node; only with node affinity, and only where it is exact. */
  claimedBlocks: z.optional(z.int()),
  /** Blocks, where they belong to nodes, and only where it is exact. */
  blocks: z.optional(blockCounts),
  /** `free` in two parts, where blocks belong to nodes, and only where it is exact. */
  freeIn: z.optional(freeParts),
  /** What a node without a block could get, where blocks belong to nodes, and only where it is exact. */
  newNode: z.optional(nodeProspect),
  /** By `node`: what it owns, the blocks that it may still claim, and the addresses that it could get at most in both. */
  node: z.optional(nodeShare),
  /** What each block, node or namespace has of it, as `by` asked; the fullest first. */
  parts: z.optional(z.array(usagePart)),
  /** RFC 3339: as of when. */
  at: z.string(),
});
export type UsageResult = z.infer<typeof usageResult>;

export const addressQuery = z.strictObject({ vrf: vrf });

/** As a parameter: an IPv6 address in a path is signed in two ways, of which API Gateway knows one. */
export const addressSearch = z.strictObject({
  vrf: vrf,
  /** An IPv4 or IPv6 address without a prefix length. */
  address: z.string().check(z.maxLength(most.addressText)),
});

/** Who has an address. */
export const addressResult = z.object({
  /** The address that was asked for, in its short form. */
  address: z.string(),
  /** The VRF that is meant. */
  vrf: z.string(),
  /** `outside`: no pool of the VRF has it. `unusable`: a gateway, or excluded. */
  state: z.enum(['outside', 'unusable', 'reserved', 'free', 'held', 'cooling']),
  /** The name of the reservation that keeps it. */
  reservation: z.optional(z.string()),
  /** The name of the pool in which it lies. */
  pool: z.optional(z.string()),
  /** The slot to which it belongs. */
  slot: z.optional(slotReference),
  /** Who holds it, or held it last while it cools. */
  lease: z.optional(leaseRow),
  /** The node whose block it lies in, with node affinity. */
  blockOf: z.optional(z.string()),
});
export type AddressResult = z.infer<typeof addressResult>;

/** By node, or by pod. */
export const leasesQuery = z.strictObject({
  vrf: vrf,
  /** The node's id. */
  node: z.optional(nodeId),
  /** Leases of pods of this namespace. */
  namespace: z.optional(podText),
  /** Leases of the pod of this name, in whichever namespace if that is left out. */
  pod: z.optional(podText),
  cursor: z.optional(blockCursor),
});
export type LeasesQuery = z.output<typeof leasesQuery>;

/** A lease, and in which pool. */
export const foundLease = z.extend(leaseRow, {
  /** The name of the pool. */
  pool: z.string(),
});

/** What a node or pods have. */
export const leasesResult = z.object({
  /** What they hold, and what cools since they released it. */
  leases: z.array(foundLease),
  /** Give it back as `cursor` for the next page, which may have more although this one has none; absent on the last one. */
  nextCursor: z.optional(nextCursor),
});
export type LeasesResult = z.infer<typeof leasesResult>;

/** Who would ask for an address, and of which pools. */
export const explainRequest = z.strictObject({
  /** The VRF that is meant. */
  vrf: vrf,
  /** The names in the network configuration; none where it names none. */
  pools: z._default(z.array(cniName).check(z.maxLength(most.names)), []),
  /** The names in the pod's annotation; none where it names none. */
  podPools: z.optional(z.array(cniName).check(z.minLength(1), z.maxLength(most.names))),
  /** The identity in the pod's annotation. */
  identity: z.optional(identityName),
  /** The node on which the pod would be. Its own blocks count for it alone. */
  node: z.optional(nodeId),
  /** The cluster of the node's role. */
  cluster: z.optional(cniName),
  /** The pod's namespace. */
  namespace: z.optional(podName),
  /** The pod's name, for the reservations that are for it alone. */
  pod: z.optional(podName),
  /** The node's labels. */
  labels: z._default(labels, {}),
});
export type ExplainRequest = z.output<typeof explainRequest>;

/** A block that was looked at. */
export const blockVerdict = z.object({
  block: blockIndex,
  ...counts,
  /** Slots that can be had. */
  free: z.int(),
  /** The node that owns the block. */
  node: z.optional(z.string()),
  /** A sentence: whether it has room for this pod, or why not. */
  verdict: z.string(),
});

/** A pool that was looked at. */
export const poolVerdict = z.object({
  /** The name of the pool. */
  pool: z.string(),
  /** Where it would be tried; absent if it is passed over. */
  rule: z.optional(choice),
  /** A sentence: whether it has room, or why it gives none. */
  verdict: z.string(),
  /** Every block that was looked at. */
  blocks: z.array(blockVerdict),
});

/** What an ADD would come to, and why. */
export const explainResult = z.object({
  /** Whether an ADD would get an address now, from which pool, or what to do. */
  verdict: z.string(),
  /** The name of the pool that would give the address. */
  pool: z.optional(z.string()),
  /** Pools in the order in which they would be tried, then those that are passed over. */
  pools: z.array(poolVerdict),
  /** Pools of the VRF that are not shown. Those that an ADD would try come first, and of the first 8 the blocks are looked at. */
  morePools: z.optional(z.int()),
  /** RFC 3339: as of when. */
  at: z.string(),
});
export type ExplainResult = z.infer<typeof explainResult>;
