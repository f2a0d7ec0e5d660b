/** What is asked of what is there: whether an ADD would succeed, how full a pool is, who has an address, why a pod gets none. */
import * as z from 'zod/mini';
import {
  blockCursor,
  blockIndex,
  cniName,
  labels,
  listCursor,
  nextCursor,
  nodeId,
  podText,
  slotReference,
  vrf,
} from './ids.ts';
import { allocateRequest, leaseRow } from './lease.ts';
import { most } from './limits.ts';
import { poolDefinition } from './pool.ts';

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
  /** What to do about it, as `detail` says it last. */
  remedy: z.optional(z.string()),
});
export type ReadinessResult = z.infer<typeof readinessResult>;

export const listLeasesQuery = z.strictObject({ vrf: vrf, cursor: z.optional(listCursor) });

export const listLeasesResult = z.object({
  pool: poolDefinition,
  /** Addresses that can be handed out at all, as decimal text: an IPv6 pool's are more than a double can count. */
  capacity: z.string(),
  leases: z.array(leaseRow),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  nextCursor: z.optional(nextCursor),
});
export type ListLeasesResult = z.infer<typeof listLeasesResult>;

/** Slots, exact when `at` was read: each is counted by reading it. */
const counts = { held: z.int(), cooling: z.int() };

export const usageQuery = z.strictObject({
  vrf: vrf,
  /** Also count for each of these. */
  by: z.optional(z.enum(['block', 'node', 'namespace'])),
  /** `true`: from the counters, one or two reads however large the pool is; by namespace only, and without what cools. */
  cheap: z._default(z.enum(['true', 'false']), 'false'),
});

export const usageResult = z.object({
  pool: z.string(),
  vrf: z.string(),
  state: z.enum(['active', 'draining', 'closing']),
  affinity: z.enum(['shared', 'node']),
  /** `exact`: every slot was read. `counted`: as the counters had it, which follow each change within some seconds. */
  source: z.enum(['exact', 'counted']),
  held: counts.held,
  /** Not known by the counters; nor is `free`. */
  cooling: z.optional(counts.cooling),
  /** Decimal text: an IPv6 pool's are more than a double can count. `free` of `capacity` is neither held nor cooling nor reserved. */
  free: z.optional(z.string()),
  capacity: z.string(),
  /** Of the capacity, what is reserved, held or not. */
  reserved: z.string(),
  /** Blocks that are owned by a node; only with node affinity, and only where it is exact. */
  claimedBlocks: z.optional(z.int()),
  /** By `by`, the fullest first. */
  parts: z.optional(
    z.array(
      z.object({
        of: z.string(),
        node: z.optional(z.string()),
        held: counts.held,
        cooling: z.optional(counts.cooling),
      }),
    ),
  ),
  /** RFC 3339. */
  at: z.string(),
});
export type UsageResult = z.infer<typeof usageResult>;

export const addressQuery = z.strictObject({ vrf: vrf });

/** As a parameter: an IPv6 address in a path is signed in two ways, of which API Gateway knows one. */
export const addressSearch = z.strictObject({ vrf: vrf, address: z.string().check(z.maxLength(most.addressText)) });

export const addressResult = z.object({
  address: z.string(),
  vrf: z.string(),
  /** `outside`: no pool of the VRF has it. `unusable`: a gateway, or excluded. */
  state: z.enum(['outside', 'unusable', 'reserved', 'free', 'held', 'cooling']),
  /** The name of the reservation that keeps it. */
  reservation: z.optional(z.string()),
  pool: z.optional(z.string()),
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
  node: z.optional(nodeId),
  namespace: z.optional(podText),
  pod: z.optional(podText),
  cursor: z.optional(blockCursor),
});
export type LeasesQuery = z.output<typeof leasesQuery>;

export const leasesResult = z.object({
  leases: z.array(z.extend(leaseRow, { pool: z.string() })),
  /** Give it back as `cursor` for the next page, which may have more although this one has none; absent on the last one. */
  nextCursor: z.optional(nextCursor),
});
export type LeasesResult = z.infer<typeof leasesResult>;

export const explainRequest = z.strictObject({
  vrf: vrf,
  /** The names in the network configuration; none where it names none. */
  pools: z._default(z.array(cniName).check(z.maxLength(most.names)), []),
  /** Who asks. */
  node: z.optional(nodeId),
  cluster: z.optional(cniName),
  namespace: z.optional(podText),
  /** The pod's name, for the reservations that are for it alone. */
  pod: z.optional(podText),
  labels: z._default(labels, {}),
});
export type ExplainRequest = z.output<typeof explainRequest>;

const blockVerdict = z.object({
  block: blockIndex,
  ...counts,
  free: z.int(),
  node: z.optional(z.string()),
  verdict: z.string(),
});

export const explainResult = z.object({
  /** Whether an ADD would get an address now, from which pool, or what to do. */
  verdict: z.string(),
  pool: z.optional(z.string()),
  pools: z.array(
    z.object({
      pool: z.string(),
      /** Where it would be tried; absent if it is passed over. */
      rule: z.optional(z.enum(['named', 'selector', 'default'])),
      verdict: z.string(),
      /** Every block that was looked at. */
      blocks: z.array(blockVerdict),
    }),
  ),
  /** Pools of the VRF that are not shown. Those that an ADD would try come first, and of the first 8 the blocks are looked at. */
  morePools: z.optional(z.int()),
  at: z.string(),
});
export type ExplainResult = z.infer<typeof explainResult>;
