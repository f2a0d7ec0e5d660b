/** A node: what it holds, that it is up, that its life was declared over. */
import * as z from 'zod/mini';
import { journalView, nodeRegion } from './heartbeat.ts';
import {
  attachment,
  blockCursor,
  blockIndex,
  boot,
  cniName,
  deathCursor,
  nextCursor,
  nodeCursor,
  nodeId,
  nonce,
  pod,
  slotReference,
} from './ids.ts';
import { instanceStates, most, patterns } from './limits.ts';
import { flag, pageLimit } from './pool.ts';

export const ownLeasesQuery = z.strictObject({ cursor: z.optional(blockCursor) });

/** A lease as the node that holds it sees it. */
export const ownLease = z.object({
  /** The slot that is held. */
  slot: slotReference,
  /** The attachment that holds it. */
  attachment,
  /** The nonce with which it was leased. */
  nonce,
  /** The life of the node in which it was leased. */
  incarnation: z.int(),
  /** RFC 3339: since when it is held. */
  heldAt: z.string(),
  /** The pod for which it was leased, where the runtime said it. */
  pod: z.optional(pod),
});
export type OwnLease = z.infer<typeof ownLease>;

/** A block that belongs to the calling node: in the boot and with the journal that it names, and in a life that is not over. */
export const ownBlock = z.object({
  /** The id of the pool. */
  pool: z.string(),
  block: blockIndex,
  /** Counts its owners. */
  generation: z.int(),
  /** The boot in which it was claimed. */
  boot: z.string(),
  /** The first 16 digits of the nonces of the journal for which it was claimed. */
  journal: z.string(),
});
export type OwnBlock = z.infer<typeof ownBlock>;

/** One page of what the calling node holds. */
export const ownLeasesResult = z.object({
  /** Whom the service takes the caller for, as the signature proves it; absent from services that do not say it. */
  node: z.optional(z.string()),
  /** The node's life now; absent where the service does not know the node. */
  incarnation: z.optional(z.int()),
  /** The boot in which the node's life is, as the node named it. */
  boot: z.optional(z.string()),
  /** The first life of the boot. What an earlier life leased is of an earlier boot. */
  firstOfBoot: z.optional(z.int()),
  /** What the table says this node holds; of the blocks of this page. */
  leases: z.array(ownLease),
  /** Of the blocks of this page those that are the node's own; absent from services that do not say it. */
  blocks: z.optional(z.array(ownBlock)),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  nextCursor: z.optional(nextCursor),
});
export type OwnLeasesResult = z.infer<typeof ownLeasesResult>;

/** A life of the calling node, as `ownLeasesResult` names it. */
export const goodbyeRequest = z.strictObject({
  boot,
  /** The life that is over. */
  incarnation: z.int().check(z.minimum(1)),
});
export type GoodbyeRequest = z.infer<typeof goodbyeRequest>;

/** Whether the life was ended. */
export const goodbyeResult = z.object({
  /** Whether that life is over. False where the node is in another one, or in none: then nothing was changed. */
  ended: z.boolean(),
});
export type GoodbyeResult = z.infer<typeof goodbyeResult>;

/** A query, since a node's id may have slashes. */
export const nodeQuery = z.strictObject({
  /** The node's id. */
  node: nodeId,
});

/** A block of a pool. */
export const blockReference = z.object({
  /** The id of the pool. */
  pool: z.string(),
  block: blockIndex,
  /** The name of the pool; absent where it is gone, or more are asked for than are looked up. */
  name: z.optional(z.string()),
  /** The VRF of the pool, where its name is known. */
  vrf: z.optional(z.string()),
});

/** A node as operators see it. */
export const nodeView = z.object({
  /** The node's id. */
  node: z.string(),
  /** What the cluster calls the node, as its agent says. */
  name: z.optional(z.string()),
  /** The version of its agent, as the agent says. */
  version: z.optional(z.string()),
  /** False once its present life was declared over. */
  alive: z.boolean(),
  /** Its present life, or the one that is over. */
  incarnation: z.int(),
  /** The boot of that life, as the node names it. */
  boot: z.string(),
  /** RFC 3339: when it last leased in a new block or was heard of. */
  heartbeatAt: z.optional(z.string()),
  journal: z.optional(journalView),
  /** Blocks in which it may hold leases. */
  blocks: z.array(blockReference),
});
export type NodeView = z.infer<typeof nodeView>;

export const listNodesQuery = z.strictObject({
  /** Only nodes of this cluster. */
  cluster: z.optional(cniName),
  /** Only nodes of this AWS account. */
  account: z.optional(z.string().check(z.regex(patterns.account, 'must be the 12 digits of an AWS account'))),
  /** Only nodes that say they are in this AWS Region. */
  region: z.optional(nodeRegion),
  /** Only nodes whose present life is not over, or only those whose is. */
  alive: z.optional(z.enum(['true', 'false'])),
  cursor: z.optional(nodeCursor),
  limit: pageLimit,
});
export type ListNodesQuery = z.output<typeof listNodesQuery>;

/** What EC2 said of a node's instance when it was asked last. */
export const instanceView = z.object({
  /** As EC2 says it, or `not-found` where it knows no such instance: so it says of any other account or Region. */
  state: z.enum(instanceStates),
  /** RFC 3339: when it was asked. */
  at: z.string(),
});

/** A node as the list has it: for showing, while `readNode` says what holds. */
export const listedNodeView = z.object({
  /** The node's id. */
  node: z.string(),
  /** The AWS account of the identity with which it signs. */
  account: z.optional(z.string()),
  /** The partition of that account: `aws`, `aws-cn`, `aws-us-gov`. */
  partition: z.optional(z.string()),
  /** The AWS Region in which it says it is. */
  region: z.optional(z.string()),
  /** The cluster of its role. */
  cluster: z.optional(z.string()),
  /** What the cluster calls the node, as its agent says. */
  name: z.optional(z.string()),
  /** The version of its agent, as the agent says. */
  version: z.optional(z.string()),
  /** False once its present life was declared over. */
  alive: z.boolean(),
  /** Its present life, or the one that is over. */
  incarnation: z.int(),
  /** RFC 3339: when that life was listed, just before it began. */
  lifeAt: z.string(),
  /** RFC 3339: when its agent was last heard of. */
  heartbeatAt: z.optional(z.string()),
  journal: z.optional(journalView),
  instance: z.optional(instanceView),
  /** RFC 3339: when EC2 was first seen to know it. */
  knownToEc2At: z.optional(z.string()),
});
export type ListedNodeView = z.infer<typeof listedNodeView>;

/** One page of the nodes. */
export const listNodesResult = z.object({
  /** In no order that means anything, the same one each time. */
  nodes: z.array(listedNodeView),
  /** Give it back as `cursor` for the next page; absent on the last one. A page may be empty and have one. */
  nextCursor: z.optional(nodeCursor),
});
export type ListNodesResult = z.infer<typeof listNodesResult>;

/** That a node's present life is over, and why. */
export const declareDeathRequest = z.strictObject({
  /** The node's id. */
  node: nodeId,
  /** Why the operator is certain that nothing of this node runs any more. */
  reason: z.string().check(z.minLength(1), z.maxLength(most.reason)),
  /** True: also if the node was heard of within the last 15 minutes. */
  alsoIfAlive: z.optional(z.boolean()),
});
export type DeclareDeathRequest = z.infer<typeof declareDeathRequest>;

export const declareDeathQuery = z.strictObject({ dryRun: flag });

/** A declared death: the end of a node's life. */
export const death = z.object({
  /** The node's id. */
  node: z.string(),
  /** The life of the node that is over; what it leases after a return belongs to the next one. */
  incarnation: z.int(),
  /** Why, as it was declared. */
  reason: z.string(),
  /** Who declared it: an operator, the node itself, or by which evidence the service did: `ec2/event`, `ec2/DescribeInstances`. */
  declaredBy: z.string(),
  /** RFC 3339: when it was declared. */
  declaredAt: z.string(),
  /** Leases that were freed so far. */
  freed: z.int(),
  /** RFC 3339: when the node's blocks were last gone through. */
  sweptAt: z.optional(z.string()),
});
export type Death = z.infer<typeof death>;

/** A block of which a declaration would free something. */
export const foreseenBlock = z.object({
  /** The pool's name. */
  pool: z.string(),
  /** The VRF of the pool. */
  vrf: z.string(),
  block: blockIndex,
  /** Leases that would be freed in it. */
  leases: z.int(),
  /** Whether it is the node's own, and is taken back. */
  owned: z.boolean(),
});

/** What the reclaim would free after a declaration, as it is now. */
export const foreseen = z.object({
  /** Leases that would be freed. */
  leases: z.int(),
  /** Blocks in which something is freed, or that are taken back: those with most leases, 100 at most. */
  blocks: z.array(foreseenBlock),
  /** False where there are more blocks than are named here, or more than could be looked into in one request. */
  complete: z.boolean(),
});
export type Foreseen = z.infer<typeof foreseen>;

/** The death that was recorded; of a dry run, as it would be. */
export const declareDeathResult = z.extend(death, {
  /** True for a dry run, which changed nothing; left out otherwise, as what follows. */
  dryRun: z.optional(z.boolean()),
  /** What would be done: a sentence each. */
  effects: z.optional(z.array(z.string())),
  wouldFree: z.optional(foreseen),
  /** RFC 3339: when the node was last heard of, by a heartbeat or a lease. */
  heardOfAt: z.optional(z.string()),
  /** Whether the declaration is refused as it is, since the node was heard of lately. */
  refused: z.optional(z.boolean()),
});
export type DeclareDeathResult = z.infer<typeof declareDeathResult>;

export const listDeathsQuery = z.strictObject({
  /** Only the last death of this node. */
  node: z.optional(nodeId),
  cursor: z.optional(deathCursor),
  limit: pageLimit,
});
export type ListDeathsQuery = z.output<typeof listDeathsQuery>;

/** One page of the declared deaths. */
export const listDeathsResult = z.object({
  /** The latest first. */
  deaths: z.array(death),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  nextCursor: z.optional(deathCursor),
});
export type ListDeathsResult = z.infer<typeof listDeathsResult>;
