/** What operators say of pools and are answered. */
import * as z from 'zod/mini';
import { cniName, type PoolPolicy, poolDefinition, poolPolicy, rangeSets } from './messages.ts';

const vrf = z._default(cniName, 'default');
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
  z.gte(4),
  z.lte(256),
  z.refine((size: number) => Number.isInteger(Math.log2(size)), 'must be a power of two'),
);

export const poolInput = z.strictObject({
  ...poolPolicy.shape,
  vrf,
  name: cniName,
  affinity: z._default(z.enum(['shared', 'node']), 'shared'),
  gateway: z._default(z.enum(['pool', 'block']), 'pool'),
  /** As host-local writes them. */
  ranges: rangeSets,
  blockSize: z._default(blockSize, 64),
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

const {
  exclude,
  cooldownSeconds,
  stickySeconds,
  clusters,
  namespaces,
  nodeLabels,
  order,
  maxBlocksPerNode,
  quota,
  quotas,
  reservations,
} = poolPolicy.shape;
export const poolPatch = z.strictObject({
  exclude: z.optional(exclude.def.innerType),
  reservations: z.optional(reservations.def.innerType),
  cooldownSeconds: z.optional(cooldownSeconds.def.innerType),
  clusters: z.optional(clusters.def.innerType),
  namespaces: z.optional(namespaces.def.innerType),
  nodeLabels: z.optional(nodeLabels.def.innerType),
  default: z.optional(poolPolicy.shape.default.def.innerType),
  order: z.optional(order.def.innerType),
  maxBlocksPerNode: z.optional(maxBlocksPerNode.def.innerType),
  stickySeconds: z.optional(stickySeconds.def.innerType),
  /** null: no limit. */
  quota: z.nullable(quota),
  quotas: z.optional(quotas.def.innerType),
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
