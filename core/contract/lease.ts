/** A lease: asked for, released, reported, checked, shown. */
import * as z from 'zod/mini';
import {
  attachment,
  blockIndex,
  boot,
  claimedBlock,
  cniName,
  formerBlock,
  identityName,
  labels,
  namedPod,
  nonce,
  pod,
  poolId,
  slotReference,
  vrf,
} from './ids.ts';
import { most } from './limits.ts';
import { exclusions, poolDefinition, rangeSets } from './pool.ts';

/** An address with its gateway. */
export const leasedAddress = z.object({
  /** The address, with the prefix length of its subnet: `10.244.1.10/16`. */
  address: z.string(),
  /** The gateway of the address's subnet. */
  gateway: z.string(),
});

/**
 * `name` alone names an existing pool; with `ranges` the pool comes to be on first use. `names` are pools in the order in
 * which they are tried; with none the service chooses among those that ask for such pods. `exclude` goes with `ranges`: the
 * pool comes to be with it, and one that is there must exclude these addresses too.
 */
export const poolRequest = z.strictObject({
  /** The VRF in which the pool is. */
  vrf: vrf,
  /** The name of the pool, or of the network where `names` says which pools are meant. */
  name: cniName,
  /** The ranges of which the pool comes to be, one list for each address that the attachment gets. */
  ranges: z.optional(rangeSets),
  /** Addresses that are not handed out: `10.1.0.5`, `10.1.0.0/28` or `10.1.0.5-10.1.0.9`. */
  exclude: z.optional(exclusions),
  /** Names of pools in the order in which they are tried. Empty: the service chooses. */
  names: z.optional(z.array(cniName).check(z.maxLength(most.names))),
});

/** Blocks of a shared pool that have no free slot. */
export const fullBlocks = z.strictObject({
  /** The id of the pool. */
  pool: poolId,
  /** Its blocks. */
  blocks: z.array(blockIndex).check(z.maxLength(most.fullBlocks)),
});

/** `annotation`: the pod names the pool. `named`: the configuration does. `selector`: the pool asks for such pods. `default`: no other pool does. */
export const choice = z.enum(['annotation', 'named', 'selector', 'default']);

/** ADD: one lease for one attachment. */
export const allocateRequest = z.strictObject({
  attachment,
  nonce,
  /** 1 for the first try; from 2 on the service looks for a lease that an earlier try may have made. */
  attempt: z.int().check(z.gte(1), z.lte(most.attempts)),
  /** The pool from which the address is to be. */
  pool: poolRequest,
  /** Labels of the node, as its configuration gives them: selectors of pools go by them. */
  labels: z.optional(labels),
  /**
   * Addresses that are asked for, one of a range set at most; the other sets' follow. All of them or none. Only in pools whose
   * blocks belong to no node.
   */
  addresses: z.optional(
    z.array(z.string().check(z.maxLength(most.addressText))).check(z.minLength(1), z.maxLength(most.rangeSets)),
  ),
  /**
   * Pools that the pod itself names, by annotation, in the order in which they are tried: before those of `pool`, none of which is
   * tried then. Each has to be one that the configuration lets the pod have anyway, or one that is for its namespace.
   */
  podPools: z.optional(z.array(cniName).check(z.minLength(1), z.maxLength(most.names))),
  /**
   * What the pod is known by beyond its own name, in its namespace: it gets the address that is kept for it, or one that is kept from
   * now on. Only with `pod`, and without `addresses`.
   */
  identity: z.optional(identityName),
  /** The slot that the node would like, of a pool and a block that an earlier answer told it. */
  proposal: z.optional(slotReference),
  /** The generation at which the proposal's block is the node's, where blocks belong to nodes. */
  generation: z.optional(z.int().check(z.gte(1))),
  /**
   * Blocks of a shared pool that the node was told of, a short while ago, as without a free slot: they are looked into last. So
   * a search need not begin anew in each of the service's environments.
   */
  full: z.optional(fullBlocks),
  /**
   * Blocks that an earlier boot of this node owned, for this one to take over. The node names the generation that it
   * knows, so that a late copy of the request takes nothing from a later boot.
   */
  formerBlocks: z.optional(z.array(formerBlock).check(z.maxLength(most.formerBlocks))),
  /**
   * Blocks from which this node leases by itself, where leasing is delegated: the service chooses no slot in them. What is free
   * there only the node knows.
   */
  leasesFrom: z.optional(z.array(formerBlock).check(z.maxLength(most.blocksOfNode))),
  /** The start of the node's machine (Linux: /proc/sys/kernel/random/boot_id): with each the node begins another life. */
  boot,
  /** The newest incarnation that the service told this node since it booted, or the one after the last that is over. */
  incarnation: z.optional(z.int().check(z.gte(1))),
  /** The pod for which it is, where the runtime says it. */
  pod: z.optional(namedPod),
});
export type AllocateRequest = z.infer<typeof allocateRequest>;

/** Slots of a block that could not be had. */
export const takenSlots = z.object({
  block: blockIndex,
  /** Positions in the block. */
  slots: z.array(z.int()),
});

/** The lease, and what the node may remember for its next requests. */
export const allocateResult = z.object({
  /** The slot that is leased. */
  slot: slotReference,
  /** Which rule chose the pool. */
  chosenBy: z.optional(choice),
  /** For which identity the address is kept, where the request names one. */
  identity: z.optional(z.string()),
  /** Whom the service takes the caller for, as the signature proves it. */
  node: z.optional(z.string()),
  /** Further slots of the attachment, where its addresses lie in several. */
  more: z.optional(z.array(slotReference)),
  /** One address of each range set, in their order. */
  addresses: z.array(leasedAddress),
  /**
   * The life of the node in which the lease counts: a number that grows with each boot, and with each declared death.
   */
  incarnation: z.int(),
  /**
   * Blocks of this pool in which the node may propose slots from now on, as far as the service looked. A proposal's block
   * that is not among them is not the node's any more.
   */
  blocks: z.array(claimedBlock),
  /** Blocks that are claimed for an earlier boot of this node: `formerBlocks` of its next request. Absent where nobody looked. */
  former: z.optional(z.array(claimedBlock)),
  /** Without its quotas and reservations; addresses that are reserved are among those that are excluded. */
  pool: poolDefinition,
  /** What the service saw on its way: slots of a block that could not be had then. Absent on the shortest path. */
  taken: z.optional(z.array(takenSlots)),
  /** Blocks of a shared pool that have no free slot any more, as far as the service saw. */
  full: z.optional(z.array(blockIndex)),
});
export type AllocateResult = z.infer<typeof allocateResult>;

/** DEL: what is to be released. */
export const releaseRequest = z.strictObject({
  attachment,
  /** Left out only where the journal is lost: then nothing is freed, and the answer has what to release. */
  nonce: z.optional(nonce),
  /** The slot that the journal has. */
  slot: z.optional(slotReference),
  /** True where an answer acknowledged `slot`, so that nothing else can be held. */
  acknowledged: z.boolean(),
});
export type ReleaseRequest = z.infer<typeof releaseRequest>;

/** A slot that an attachment holds. */
export const heldSlot = z.object({
  /** The slot that is held. */
  slot: slotReference,
  /** The nonce with which it was leased: a release has to name it. */
  nonce,
});

/** What was released. */
export const releaseResult = z.object({
  /** The slots that were held and are now free; none is a success as well (CNI specification: DEL may be repeated). */
  released: z.array(slotReference),
  /** The pool of the request's slot is being drained: blocks of it that are empty are wanted back, the last one too. */
  draining: z.optional(z.boolean()),
  /**
   * Only where the request had no nonce: what the attachment holds, to be released by what was read. A request that frees by
   * the container's name alone could arrive late, when another attachment has that name.
   */
  held: z.optional(z.array(heldSlot)),
});
export type ReleaseResult = z.infer<typeof releaseResult>;

/**
 * A lease that a node took from its own block while the API could not be reached, and with which a container has lived
 * since: exactly this slot, at the generation at which the block is the node's.
 */
export const reportRequest = z.strictObject({
  attachment,
  nonce,
  boot,
  slot: slotReference,
  /** The generation at which the slot's block is the node's. With `again` it says nothing. */
  generation: z.int().check(z.gte(1)),
  /**
   * The service granted the lease before, in any kind of pool, and does not have it any more, or in a life of the node that is
   * over; or another IPAM gave the container its address, which the node imports. It is held in the present life, if no other
   * container holds the slot.
   */
  again: z.optional(z.literal(true)),
  /** The pod for which it is, where the runtime said it. */
  pod: z.optional(pod),
  /** The identity for which the service granted it. */
  identity: z.optional(identityName),
});
export type ReportRequest = z.infer<typeof reportRequest>;

/** The report was taken: the slot is held. */
export const reportResult = z.object({
  /** The life of the node in which the lease counts. */
  incarnation: z.int(),
  /** The generation at which the slot's block is the node's now; only where it was asserted in a block of the node's own. */
  generation: z.optional(z.int()),
});
export type ReportResult = z.infer<typeof reportResult>;

/** CHECK: of which attachment, and where to look. */
export const checkRequest = z.strictObject({
  attachment,
  /** The slots that the journal has; without them the node's blocks are gone through. */
  slots: z.optional(z.array(slotReference).check(z.minLength(1), z.maxLength(most.rangeSets))),
});
export type CheckRequest = z.infer<typeof checkRequest>;

/** A slot that an attachment holds, with its addresses. */
export const heldLease = z.extend(heldSlot, {
  /** The addresses of the slot, one of each range set. */
  addresses: z.array(leasedAddress),
});

/** What the attachment holds. */
export const checkResult = z.object({
  /** What the attachment holds, as far as the service looked; of the asked slots only those that it holds. */
  held: z.array(heldLease),
});
export type CheckResult = z.infer<typeof checkResult>;

const addressList = z.array(z.string());

/** A lease as operators see it. */
export const leaseRow = z.object({
  /** `held`; or `cooling`: it was released, and its addresses are not handed out yet. */
  state: z.enum(['held', 'cooling']),
  /** Its addresses, one of each range set, with the prefix length of the subnet. */
  addresses: addressList,
  /** The slot whose addresses it has. */
  slot: slotReference,
  /** The node that holds it, or held it last. */
  node: z.string(),
  /** The life of the node in which it was leased. */
  incarnation: z.int(),
  /** The attachment that holds it, or held it last. */
  attachment,
  /** The pod for which it was leased, where the runtime said it. */
  pod: z.optional(pod),
  /** The identity for which its address is kept. */
  identity: z.optional(z.string()),
  /** RFC 3339: since when it is held. */
  heldAt: z.string(),
  /** RFC 3339: from when on it can be had again. Only while it cools. */
  reusableAt: z.optional(z.string()),
});
export type LeaseRow = z.infer<typeof leaseRow>;
