/** A pool as operators write it, as the service stores it and as it is shown. */
import * as z from 'zod/mini';
import { cniName, entriesUpTo, labels, podText, poolId, storedLabels, vrf } from './ids.ts';
import { LEAST_BLOCK_SIZE, most, otherwise } from './limits.ts';

const addressText = z.string().check(z.maxLength(most.addressText));
/** `10.1.0.5`, `10.1.0.0/28` or `10.1.0.5-10.1.0.9`. */
const spanText = z.string().check(z.maxLength(most.spanText));

/** One range as host-local writes it; what is left out has host-local's default. */
export const rangeText = z.strictObject({
  subnet: addressText,
  rangeStart: z.optional(addressText),
  rangeEnd: z.optional(addressText),
  gateway: z.optional(addressText),
});
export type RangeText = z.infer<typeof rangeText>;

/** An attachment gets one address from each set. */
export const rangeSets = z
  .array(z.array(rangeText).check(z.minLength(1), z.maxLength(most.rangesOfSet)))
  .check(z.minLength(1), z.maxLength(most.rangeSets));

const seconds = z.int().check(z.gte(0), z.lte(most.cooldown));

const leases = z.int().check(z.gte(0));
const quotaRecord = () => z.record(podText, leases);

/** Addresses that are kept for pods of one namespace, or for one of them. */
export const reservation = z.strictObject({
  /** What people call it. */
  name: cniName,
  /** As in `exclude`. */
  addresses: z.array(spanText).check(z.minLength(1), z.maxLength(most.addressesOfReservation)),
  namespace: podText,
  /** The pod's name; left out: each pod of the namespace. */
  pod: z.optional(podText),
});
export type Reservation = z.infer<typeof reservation>;

/** What of a pool may be changed while it is in use; what is left out has the default. */
export const poolPolicy = z.object({
  /** Addresses that are not handed out: `10.1.0.5`, `10.1.0.0/28` or `10.1.0.5-10.1.0.9`. */
  exclude: z._default(z.array(spanText).check(z.maxLength(most.exclusions)), []),
  /** Pods that a reservation is for get an address of it or none. Where blocks belong to nodes there are none. */
  reservations: z._default(z.array(reservation).check(z.maxLength(most.reservations)), []),
  /** Seconds for which a released address is not handed out again. */
  cooldownSeconds: z._default(seconds, otherwise.cooldownSeconds),
  /**
   * Seconds for which a released address is kept for a pod of the same namespace and name; 0: not at all. Where blocks belong
   * to nodes it must be 0.
   */
  stickySeconds: z._default(z.int().check(z.gte(0), z.lte(most.sticky)), otherwise.stickySeconds),
  /** Clusters whose nodes may lease here; none named: all of them. The caller's role says which cluster it is of. */
  clusters: z._default(z.array(cniName).check(z.maxLength(most.clusters)), []),
  /** Pods of these namespaces get their addresses here where the configuration names no pool. */
  namespaces: z._default(z.array(cniName).check(z.maxLength(most.namespaces)), []),
  /** So do pods on nodes that have all these labels, as the node's configuration gives them. */
  nodeLabels: z._default(storedLabels, {}),
  /** So do pods that no other pool asks for. */
  default: z._default(z.boolean(), false),
  /** Of several pools that fit alike, the one with the lowest order comes first. */
  order: z._default(z.int().check(z.gte(-most.order), z.lte(most.order)), otherwise.order),
  /** Blocks that one node may own, where a block belongs to a node. */
  maxBlocksPerNode: z._default(z.int().check(z.gte(1), z.lte(most.blocksOfNode)), otherwise.maxBlocksPerNode),
  /** Leases that each namespace may hold; no limit if left out. Pods of which nothing is known are one namespace. */
  quota: z.optional(leases),
  /** For some namespaces another number. */
  quotas: z._default(quotaRecord(), {}),
});
export type PoolPolicy = z.infer<typeof poolPolicy>;

export const exclusions = poolPolicy.shape.exclude.def.innerType;

/** Everything that a pool's addresses are computed from, and its policy. */
export const poolDefinition = z.extend(poolPolicy, {
  id: poolId,
  vrf: cniName,
  name: cniName,
  /** Whether any node takes slots of any block, or a block belongs to one node. */
  affinity: z.enum(['shared', 'node']),
  /** `block`: each block is a subnet with a gateway of its own, the block's first address. */
  gateway: z._default(z.enum(['pool', 'block']), 'pool'),
  /** Every default filled in. */
  ranges: z.array(
    z.array(z.object({ subnet: z.string(), rangeStart: z.string(), rangeEnd: z.string(), gateway: z.string() })),
  ),
  /** Slots a block: a power of two. */
  blockSize: z.int(),
  createdAt: z.string(),
});
export type PoolDefinition = z.infer<typeof poolDefinition>;

const flag = z.pipe(
  z._default(z.enum(['true', 'false']), 'false'),
  z.transform((text) => text === 'true'),
);

/**
 * A power of two, so that blocks can be subnets. At least 4: the smallest that has an address beside network, gateway
 * and broadcast. At most 256: a /24 for a node, more pods than kubelet starts on one; a full block is read by one Query,
 * and the 16 blocks of a page of leases stay below the 6 MB that a function may answer.
 */
const blockSize = z.int().check(
  z.gte(LEAST_BLOCK_SIZE),
  z.lte(most.blockSize),
  z.refine((size: number) => Number.isInteger(Math.log2(size)), 'must be a power of two'),
);

const quotas = quotaRecord().check(...entriesUpTo(most.quotas));

export const poolInput = z.strictObject({
  ...poolPolicy.shape,
  nodeLabels: z._default(labels, {}),
  quotas: z._default(quotas, {}),
  vrf,
  name: cniName,
  affinity: z._default(z.enum(['shared', 'node']), 'shared'),
  gateway: z._default(z.enum(['pool', 'block']), 'pool'),
  /** As host-local writes them. */
  ranges: rangeSets,
  blockSize: z._default(blockSize, otherwise.blockSize),
});
export type PoolInput = z.infer<typeof poolInput>;

export const createPoolQuery = z.strictObject({ dryRun: flag });

export const poolQuery = z.strictObject({ vrf });

export const changePoolQuery = z.strictObject({ vrf, dryRun: flag });

export const listPoolsQuery = z.strictObject({
  vrf,
  /** The `nextCursor` of the page before. */
  cursor: z.optional(cniName),
  limit: z.pipe(
    z._default(z.string().check(z.regex(/^([1-9]\d?|100)$/, 'must be a number from 1 to 100')), '50'),
    z.transform(Number),
  ),
});

export const defaultPolicy: PoolPolicy = z.parse(poolPolicy, {});

/** Fields of which no other value is taken: they are here so that the refusal can say why. */
export const FIXED = ['id', 'vrf', 'name', 'affinity', 'gateway', 'blockSize', 'createdAt'] as const;

const fixed = z.optional(z.unknown());

const { cooldownSeconds, stickySeconds, clusters, namespaces, order, maxBlocksPerNode, quota, reservations } =
  poolPolicy.shape;

export const poolPatch = z.strictObject({
  exclude: z.optional(exclusions),
  reservations: z.optional(reservations.def.innerType),
  cooldownSeconds: z.optional(cooldownSeconds.def.innerType),
  clusters: z.optional(clusters.def.innerType),
  namespaces: z.optional(namespaces.def.innerType),
  nodeLabels: z.optional(labels),
  default: z.optional(poolPolicy.shape.default.def.innerType),
  order: z.optional(order.def.innerType),
  maxBlocksPerNode: z.optional(maxBlocksPerNode.def.innerType),
  stickySeconds: z.optional(stickySeconds.def.innerType),
  /** null: no limit. */
  quota: z.nullable(quota),
  quotas: z.optional(quotas),
  /** `draining`: nothing new is leased, what is held stays. */
  state: z.optional(z.enum(['active', 'draining'])),
  /** The whole list: what is there, and further ranges at the ends of its sets. */
  ranges: z.optional(rangeSets),
  id: fixed,
  vrf: fixed,
  name: fixed,
  affinity: fixed,
  gateway: fixed,
  blockSize: fixed,
  createdAt: fixed,
} satisfies Record<keyof z.infer<typeof poolDefinition> | 'state', unknown>);
export type PoolPatch = z.infer<typeof poolPatch>;

export const poolView = z.extend(poolDefinition, {
  /** `closing`: it is being deleted. */
  state: z.enum(['active', 'draining', 'closing']),
  /** Addresses (or tuples of them) that can be handed out at all, as decimal text: more than a double can count. */
  capacity: z.string(),
  /** Blocks that have been used yet or may be, as decimal text; more are opened when these are full. */
  openBlocks: z.string(),
  /** Counts the changes; the ETag is this number in quotation marks. */
  version: z.int(),
});
export type PoolView = z.infer<typeof poolView>;

/** What was done, or with `dryRun` what would be: a sentence each. */
const outcome = { dryRun: z.boolean(), effects: z.array(z.string()) };

export const createPoolResult = z.object({
  ...outcome,
  /** False where the same pool was there already. */
  created: z.boolean(),
  /** Of a dry run, the id and the time are not those that the pool will have. */
  pool: poolView,
});
export type CreatePoolResult = z.infer<typeof createPoolResult>;

export const changePoolResult = z.object({ ...outcome, pool: poolView });
export type ChangePoolResult = z.infer<typeof changePoolResult>;

export const deletePoolResult = z.object({
  ...outcome,
  /** False (status 202) where time ran out: the same request goes on. */
  deleted: z.boolean(),
  /** Blocks that can be used no more, of those that could. */
  sealed: z.int(),
  total: z.int(),
});
export type DeletePoolResult = z.infer<typeof deletePoolResult>;

export const listPoolsResult = z.object({ pools: z.array(poolView), nextCursor: z.optional(cniName) });
export type ListPoolsResult = z.infer<typeof listPoolsResult>;
