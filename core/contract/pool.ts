/** A pool as operators write it, as the service stores it and as it is shown. */
import * as z from 'zod/mini';
import { cniName, entriesUpTo, labels, namespaceName, podText, poolId, storedLabels, vrf } from './ids.ts';
import { LEAST_BLOCK_SIZE, most, otherwise } from './limits.ts';
import { reservation, reservationInput } from './reservation.ts';

const addressText = z.string().check(z.maxLength(most.addressText));
/** `10.1.0.5`, `10.1.0.0/28` or `10.1.0.5-10.1.0.9`. */
const spanText = z.string().check(z.maxLength(most.spanText));

/** `shared`: any node takes slots of any block. `node`: each block belongs to one node. */
export const affinity = z.enum(['shared', 'node']);

/** `online`: the service is asked for each address. `delegated`: a node answers from its own blocks, and tells the service afterwards. */
export const leasing = z.enum(['online', 'delegated']);

/** One range as host-local writes it; what is left out has host-local's default. */
export const rangeText = z.strictObject({
  /** The subnet in CIDR notation: `10.1.0.0/16`. */
  subnet: addressText,
  /** The first address; left out: the first one of the subnet. */
  rangeStart: z.optional(addressText),
  /** The last address; left out: the last one of the subnet, but for the broadcast address. */
  rangeEnd: z.optional(addressText),
  /** The gateway; left out: the first address of the subnet. It is not handed out. */
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
  /**
   * Seconds for which a released address is kept for the identity that had it, on whichever pod and node; 0: the pool keeps none,
   * and a pod that names an identity gets no address here. Where blocks belong to nodes it must be 0.
   */
  identitySeconds: z._default(z.int().check(z.gte(0), z.lte(most.identity)), otherwise.identitySeconds),
  /** Clusters whose nodes may lease here; none named: all of them. The caller's role says which cluster it is of. */
  clusters: z._default(z.array(cniName).check(z.maxLength(most.clusters)), []),
  /** Pods of these namespaces get their addresses here where the configuration names no pool. They may also choose the pool by annotation. */
  namespaces: z._default(z.array(cniName).check(z.maxLength(most.namespaces)), []),
  /**
   * Pods on nodes that have all these labels get their addresses here too, where the configuration names no pool. Labels are
   * those of the node's configuration.
   */
  nodeLabels: z._default(storedLabels, {}),
  /** Pods that no other pool asks for get their addresses here. */
  default: z._default(z.boolean(), false),
  /** Of several pools that fit alike, the one with the lowest order comes first. */
  order: z._default(z.int().check(z.gte(-most.order), z.lte(most.order)), otherwise.order),
  /** Blocks that one node may own, where a block belongs to a node. */
  maxBlocksPerNode: z._default(z.int().check(z.gte(1), z.lte(most.blocksOfNode)), otherwise.maxBlocksPerNode),
  /**
   * `delegated`: a node leases from its own blocks by itself, and tells the service afterwards. It needs affinity `node`. As
   * long as the pool has quotas or drains, nodes ask as with `online`.
   */
  leasing: z._default(leasing, otherwise.leasing),
  /** Where leasing is delegated, seconds for which a node gathers what it tells the service in one request. */
  tellWithinSeconds: z._default(z.int().check(z.gte(1), z.lte(most.tellWithin)), otherwise.tellWithinSeconds),
  /** Leases that each namespace may hold; no limit if left out. Pods of which nothing is known are one namespace. */
  quota: z.optional(leases),
  /** Leases that some namespaces may hold, in place of `quota`. */
  quotas: z._default(quotaRecord(), {}),
});
export type PoolPolicy = z.infer<typeof poolPolicy>;

/** Addresses that are not handed out: `10.1.0.5`, `10.1.0.0/28` or `10.1.0.5-10.1.0.9`. */
export const exclusions = poolPolicy.shape.exclude.def.innerType;

/** One range of a pool, every default filled in. */
export const range = z.object({
  /** The subnet in CIDR notation. */
  subnet: z.string(),
  /** The first address. */
  rangeStart: z.string(),
  /** The last address. */
  rangeEnd: z.string(),
  /** The gateway, which is not handed out. */
  gateway: z.string(),
});

/** Everything that a pool's addresses are computed from, and its policy. */
export const poolDefinition = z.extend(poolPolicy, {
  id: poolId,
  /** The VRF in which the pool is. */
  vrf: cniName,
  /** The name of the pool, unique in its VRF. */
  name: cniName,
  affinity,
  /** `pool`: the gateways of the ranges. `block`: each block is a subnet with a gateway of its own, its first address. */
  gateway: z._default(z.enum(['pool', 'block']), 'pool'),
  /** The ranges, one list for each address that an attachment gets; every default filled in. */
  ranges: z.array(z.array(range)),
  /** Slots a block: a power of two. */
  blockSize: z.int(),
  /** RFC 3339: when the pool was created. */
  createdAt: z.string(),
});
export type PoolDefinition = z.infer<typeof poolDefinition>;

/** `true`: decide everything, say what would be done, and write nothing. */
export const flag = z.pipe(
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

/** Of the policy, what an operator may write today: stricter than what is stored, so that pools of before are read as they are. */
const written = {
  reservations: z.array(reservationInput).check(z.maxLength(most.reservations)),
  namespaces: z.array(namespaceName).check(z.maxLength(most.namespaces)),
  nodeLabels: labels,
  quotas: z.record(namespaceName, leases).check(...entriesUpTo(most.quotas)),
};

/** A pool as an operator writes it. */
export const poolInput = z.strictObject({
  ...poolPolicy.shape,
  reservations: z._default(written.reservations, []),
  namespaces: z._default(written.namespaces, []),
  nodeLabels: z._default(written.nodeLabels, {}),
  quotas: z._default(written.quotas, {}),
  /** The VRF in which the pool is to be. */
  vrf,
  /** The name of the pool, unique in its VRF. */
  name: cniName,
  /** `shared`: any node takes slots of any block. `node`: each block belongs to one node. */
  affinity: z._default(affinity, 'shared'),
  /**
   * `pool`: the gateways of the ranges. `block`: each block is a subnet with a gateway of its own, the first address of
   * the block.
   */
  gateway: z._default(z.enum(['pool', 'block']), 'pool'),
  /** The ranges as host-local writes them: one list for each address that an attachment gets. */
  ranges: rangeSets,
  blockSize: z._default(blockSize, otherwise.blockSize),
});
export type PoolInput = z.infer<typeof poolInput>;

const upTo100 = z.string().check(z.regex(/^([1-9]\d?|100)$/, 'must be a number from 1 to 100'));

/** How many of the list are wanted at most. */
export const pageLimit = z.pipe(z._default(upTo100, '50'), z.transform(Number));

/** The same where nothing is left out otherwise. */
export const pageCount = z.pipe(upTo100, z.transform(Number));

export const createPoolQuery = z.strictObject({ dryRun: flag });

export const poolQuery = z.strictObject({ vrf });

export const changePoolQuery = z.strictObject({ vrf, dryRun: flag });

export const defaultPolicy: PoolPolicy = z.parse(poolPolicy, {});

/** Fields of which no other value is taken: they are here so that the refusal can say why. */
export const FIXED = ['id', 'vrf', 'name', 'affinity', 'gateway', 'blockSize', 'createdAt'] as const;

/** It is so for good: no other value than the pool's is taken (`pool.fixed`). */
const fixed = z.optional(z.unknown());

const { cooldownSeconds, stickySeconds, identitySeconds, clusters, order, maxBlocksPerNode, tellWithinSeconds, quota } =
  poolPolicy.shape;

/** What is to be changed; what is left out stays as it is. */
export const poolPatch = z.strictObject({
  exclude: z.optional(exclusions),
  reservations: z.optional(written.reservations),
  cooldownSeconds: z.optional(cooldownSeconds.def.innerType),
  clusters: z.optional(clusters.def.innerType),
  namespaces: z.optional(written.namespaces),
  /** Pods on nodes that have all these labels get their addresses here where the configuration names no pool. */
  nodeLabels: z.optional(written.nodeLabels),
  default: z.optional(poolPolicy.shape.default.def.innerType),
  order: z.optional(order.def.innerType),
  maxBlocksPerNode: z.optional(maxBlocksPerNode.def.innerType),
  stickySeconds: z.optional(stickySeconds.def.innerType),
  identitySeconds: z.optional(identitySeconds.def.innerType),
  leasing: z.optional(leasing),
  tellWithinSeconds: z.optional(tellWithinSeconds.def.innerType),
  /** Leases that each namespace may hold; null: no limit. */
  quota: z.nullable(quota),
  /** The whole of it: a namespace that is left out loses its own. */
  quotas: z.optional(written.quotas),
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

/** `draining`: it gives no new lease, what is held stays. `closing`: it is being deleted. */
export const poolState = z.enum(['active', 'draining', 'closing']);

/** A pool as operators see it. */
export const poolView = z.extend(poolDefinition, {
  state: poolState,
  /** Addresses (or tuples of them) that can be handed out at all, as decimal text: more than a double can count. */
  capacity: z.string(),
  /** Blocks that have been used yet or may be, as decimal text; more are opened when these are full. */
  openBlocks: z.string(),
  /** Counts the changes; the ETag is this number in quotation marks. */
  version: z.int(),
});
export type PoolView = z.infer<typeof poolView>;

const outcome = {
  /** Whether it was decided only, and nothing was written. */
  dryRun: z.boolean(),
  /** What was done, or with `dryRun` what would be: a sentence each. */
  effects: z.array(z.string()),
};
/** What was done, or would be, and is seldom meant: a sentence each; absent where there is nothing. */
const warnings = z.optional(z.array(z.string()));

/** The pool that is there now. */
export const createPoolResult = z.object({
  ...outcome,
  /** False where the same pool was there already. */
  created: z.boolean(),
  /** The pool as it is; of a dry run, with an id and a time that are not those which it will have. */
  pool: poolView,
  warnings,
});
export type CreatePoolResult = z.infer<typeof createPoolResult>;

/** What was changed, and the pool as it is now. */
export const changePoolResult = z.object({
  ...outcome,
  /** The pool as it is now; of a dry run, as it would be. */
  pool: poolView,
  /** What was done, or would be, and is seldom meant: a sentence each; absent where there is nothing. */
  warnings,
});
export type ChangePoolResult = z.infer<typeof changePoolResult>;

/** How far the deletion is. */
export const deletePoolResult = z.object({
  ...outcome,
  /** False (status 202) where time ran out: the same request goes on where this one ended. */
  deleted: z.boolean(),
  /** Blocks that can be used no more, of the `total` that could. 0 as long as it is looked whether they are in use. */
  sealed: z.int(),
  /** Blocks of the pool that could be used. */
  total: z.int(),
});
export type DeletePoolResult = z.infer<typeof deletePoolResult>;
