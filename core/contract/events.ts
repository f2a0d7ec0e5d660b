/**
 * What the service tells on its event bus. Fields are only added to a version; where one changes its meaning, the version does, and
 * the one before is told beside it for a release.
 */
import * as z from 'zod/mini';
import { detailTypes, type EventType } from './event-types.ts';
import { attachment, blockIndex, nodeId, pod } from './ids.ts';
import { most, patterns } from './limits.ts';

const text = (longest: number) => z.string().check(z.maxLength(longest));
const id = z.string().check(z.regex(patterns.id));
const count = z.int().check(z.gte(0));
const time = text(most.time);

/** What each event says beside what it is about. */
const envelope = z.object({
  /** Of the event's schema, by its detail-type. */
  version: z.literal(1),
  /** What happened has one id, however often it is told: who does something for an event remembers the ids of a day. */
  id: z.string().check(z.regex(patterns.nonce)),
  /** RFC 3339: when it happened, by the clock of whoever did it. Events may come late, and in another order. */
  at: time,
  /** The deployment whose event it is. */
  deployment: text(most.name),
});

/** A node in one of its lives. */
const life = z.object({
  /** The node's id. */
  node: nodeId,
  /** The life of the node that is meant: each boot begins another one, and so does a return after a declared death. */
  incarnation: count,
});

/** A pool. */
const inPool = z.object({
  /** The pool's id. */
  poolId: id,
  /** The VRF of the pool; absent where the pool is gone. */
  vrf: z.optional(text(most.name)),
  /** The pool's name; absent where the pool is gone. */
  pool: z.optional(text(most.name)),
});

/** A block of a pool, and as of which claim. */
const inBlock = z.object({
  ...inPool.shape,
  block: blockIndex,
  /** It grows each time the block changes hands. */
  generation: count,
  /** Its addresses: one subnet for each range set where blocks have gateways of their own, else spans `first-last`. */
  prefixes: z.array(text(most.spanText)).check(z.maxLength(most.eventPrefixes)),
});

/** A slot of a pool. */
const inSlot = z.object({
  ...inPool.shape,
  block: blockIndex,
  /** The position in the block, from 0. */
  slot: count,
  /** Its addresses, one for each range set, each with the prefix length of its subnet; absent where the pool is gone. */
  addresses: z.optional(z.array(text(most.addressText)).check(z.maxLength(most.rangeSets))),
});

/** Who has, or had, a lease. */
const holder = z.object({
  ...life.shape,
  /** The container's attachment, as CNI names it. */
  attachment,
  /** The pod, where the runtime names it. */
  pod: z.optional(pod),
});

/** A node's life is over: its addresses are about to be freed. Somebody said so, or the evidence did that the deployment goes by. */
export const nodeDead = z.object({
  ...envelope.shape,
  ...life.shape,
  /** The cluster of the node, where it is known. */
  cluster: z.optional(text(most.name)),
  /** What the cluster calls the node, where it is known. */
  name: z.optional(text(most.podText)),
  /** Why, as it was declared. */
  reason: z.optional(text(most.reason)),
  /** Who declared it: an operator, the node itself, or by which evidence the service did. */
  declaredBy: z.optional(text(most.node)),
});

/** Leases of a dead node were freed, by one run of the reclaim. A large node may take several; the first that came to the end is `complete`. Of a node that had none nothing is told. */
export const leasesReclaimed = z.object({
  ...envelope.shape,
  ...life.shape,
  /** Leases that this run freed; 0 where it only came to the end of what another run began. */
  freed: count,
  /** Leases that were freed since the declaration. */
  freedInAll: count,
  /** Whether the run went through all of the node's blocks: then nothing of that life is held any more. */
  complete: z.boolean(),
});

/** A block belongs to a node that did not have it before. */
export const blockClaimed = z.object({ ...envelope.shape, ...life.shape, ...inBlock.shape });

/** A block belongs to no node any more. */
export const blockReturned = z.object({
  ...envelope.shape,
  ...life.shape,
  ...inBlock.shape,
  /** `given-back`: by its node, which has no lease in it. `reclaimed`: the life of its node is over. */
  because: z.enum(['given-back', 'reclaimed']),
});

/** A node uses an address that it does not hold any more: its container is to be deleted and made again. */
export const leaseLost = z.object({
  ...envelope.shape,
  /** The node's id. */
  node: nodeId,
  attachment,
  /** The pod, where the runtime names it. */
  pod: z.optional(pod),
  ...inSlot.shape,
  /** Why it is not the node's. */
  why: text(most.why),
});

/** What was found of a pool. */
const fill = z.object({
  ...inPool.shape,
  /** How much of what nodes can have without a reservation is taken, 0 to 100: of addresses, or of blocks where they belong to nodes. */
  usePercent: z.number().check(z.gte(0), z.lte(100)),
});

/** A pool that had room is nearly full. It is told once, until the pool has had room again. */
export const poolNearExhaustion = z.object({ ...envelope.shape, ...fill.shape });

/** Nothing of a pool is free: pods that ask for more are refused. It is told once, until something was free again. */
export const poolExhausted = z.object({ ...envelope.shape, ...fill.shape });

/** A pool that was nearly full, or full, has room again. */
export const poolRecovered = z.object({ ...envelope.shape, ...fill.shape });

/** Something says that a node is gone, or that a dead one is not, and something else contradicts it: nothing was freed, and a person should look. */
export const nodeInDoubt = z.object({
  ...envelope.shape,
  /** The node's id. */
  node: nodeId,
  /** The life of the node that is meant, where it is known. */
  incarnation: z.optional(count),
  /** `evidence-unclear`: what EC2 says of its instance does not agree. `heard-of-after-death`: it was declared dead, and runs. */
  because: z.enum(['evidence-unclear', 'heard-of-after-death']),
  /** What was found. */
  why: text(most.why),
});

/** An address is held by a container. It is told only where the deployment asks for it (`events.leases`). */
export const leaseGranted = z.object({ ...envelope.shape, ...holder.shape, ...inSlot.shape });

/** An address is not held any more. It is told only where the deployment asks for it (`events.leases`). */
export const leaseEnded = z.object({
  ...envelope.shape,
  ...holder.shape,
  ...inSlot.shape,
  /** RFC 3339: since when it was held. */
  heldAt: time,
});

/** Each event by its name in the code: how EventBridge calls it, and what it says. */
export const eventTypes = {
  nodeDead: { detailType: detailTypes.nodeDead, detail: nodeDead },
  leasesReclaimed: { detailType: detailTypes.leasesReclaimed, detail: leasesReclaimed },
  leaseLost: { detailType: detailTypes.leaseLost, detail: leaseLost },
  nodeInDoubt: { detailType: detailTypes.nodeInDoubt, detail: nodeInDoubt },
  blockClaimed: { detailType: detailTypes.blockClaimed, detail: blockClaimed },
  blockReturned: { detailType: detailTypes.blockReturned, detail: blockReturned },
  poolNearExhaustion: { detailType: detailTypes.poolNearExhaustion, detail: poolNearExhaustion },
  poolExhausted: { detailType: detailTypes.poolExhausted, detail: poolExhausted },
  poolRecovered: { detailType: detailTypes.poolRecovered, detail: poolRecovered },
  leaseGranted: { detailType: detailTypes.leaseGranted, detail: leaseGranted },
  leaseEnded: { detailType: detailTypes.leaseEnded, detail: leaseEnded },
} as const satisfies Record<EventType, object>;

type Detail<T extends EventType> = z.output<(typeof eventTypes)[T]['detail']>;

/** What happened, as a use case tells it. Version, id and deployment are added where it is put. */
export type LessorEvent = {
  [T in EventType]: {
    readonly type: T;
    /** With the type, what happened and nothing else: the same for each telling, another one for whatever else happens. */
    readonly key: readonly (string | number)[];
    /** Milliseconds since 1970. */
    readonly at: number;
    readonly detail: Readonly<Omit<Detail<T>, keyof z.output<typeof envelope>>>;
  };
}[EventType];
