/** What crosses the wire between a node or an operator and the API: JSON bodies, camelCase, addresses as text. */
import * as z from 'zod/mini';

const matching = (pattern: RegExp, what: string) => z.string().check(z.regex(pattern, what));

/** CNI specification, section 2: network names and container ids; also what a pool is called. */
export const cniName = z
  .string()
  .check(
    z.maxLength(255),
    z.regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, 'must begin with a letter or digit and hold only letters, digits, _ . -'),
  );
/** Linux's IFNAMSIZ and dev_valid_name(): 1-15 characters, neither "." nor "..", without "/", ":" or white space. */
const interfaceName = z
  .string()
  .check(z.minLength(1), z.maxLength(15), z.regex(/^(?!\.{1,2}$)[^/:\s]+$/, 'is not an interface name'));
/**
 * Made by the plugin once per attachment and kept in its journal: 16 hex digits that name the journal itself, the same
 * for all its attachments until it is lost, then 16 random ones. Blocks of nodes belong to one journal.
 */
export const nonce = matching(/^[0-9a-f]{32}$/, 'must be 32 lower-case hex digits');
export const poolId = matching(/^[0-9a-f]{16}$/, 'must be 16 lower-case hex digits');
/** A block's index in its pool: hex without leading zeros, since an IPv6 pool has more blocks than a double can count. */
export const blockIndex = matching(/^(0|[1-9a-f][0-9a-f]{0,31})$/, 'must be lower-case hex without leading zeros');
/** `i-…` on EC2, `role/<role>/<session>` or `user/<name>` elsewhere: what the signature proves. */
export const nodeId = z.string().check(z.minLength(1), z.maxLength(256));

/** One range as host-local writes it; what is left out has host-local's default. */
export const rangeText = z.strictObject({
  subnet: z.string(),
  rangeStart: z.optional(z.string()),
  rangeEnd: z.optional(z.string()),
  gateway: z.optional(z.string()),
});
export type RangeText = z.infer<typeof rangeText>;
/** An attachment gets one address from each set. */
export const rangeSets = z
  .array(z.array(rangeText).check(z.minLength(1), z.maxLength(128)))
  .check(z.minLength(1), z.maxLength(16));

/** A block that belongs to a node, and as of which claim; shared blocks are at generation 1 for ever. */
export const claimedBlock = z.strictObject({ block: blockIndex, generation: z.int().check(z.gte(1)) });
export type ClaimedBlock = z.infer<typeof claimedBlock>;
export const formerBlock = z.extend(claimedBlock, { pool: poolId });
export type FormerBlock = z.infer<typeof formerBlock>;

/** A slot: `slot` is the place in its block, 0 to block size - 1. */
export const slotReference = z.strictObject({
  pool: poolId,
  block: blockIndex,
  slot: z.int().check(z.gte(0), z.lte(4095)),
});
export type SlotReference = z.infer<typeof slotReference>;

/** The key that CNI gives us (CNI specification, section 2: container id and interface name; and the network's name). */
export const attachment = z.strictObject({ network: cniName, containerId: cniName, ifname: interfaceName });
export type Attachment = z.infer<typeof attachment>;

const seconds = z.int().check(z.gte(0), z.lte(86_400));
export const labels = z.record(z.string().check(z.minLength(1), z.maxLength(317)), z.string().check(z.maxLength(253)));
const podText = z.string().check(z.minLength(1), z.maxLength(253));
export const pod = z.strictObject({ namespace: podText, name: podText, uid: z.optional(podText) });
export type Pod = z.infer<typeof pod>;

export const allocateRequest = z.strictObject({
  attachment,
  nonce,
  /** 1 for the first try; from 2 on the service looks for a lease that an earlier try may have made. */
  attempt: z.int().check(z.gte(1), z.lte(1000)),
  /**
   * `name` alone names an existing pool; with `ranges` the pool comes to be on first use. `names` are pools in the order in
   * which they are tried; with none the service chooses among those that ask for such pods.
   */
  pool: z.strictObject({
    vrf: z._default(cniName, 'default'),
    name: cniName,
    ranges: z.optional(rangeSets),
    names: z.optional(z.array(cniName).check(z.maxLength(64))),
  }),
  /** The node's, as its configuration gives them. */
  labels: z.optional(labels),
  /**
   * Addresses that it must be, one of a range set at most; the other sets' follow. All of them or none. Only in pools whose
   * blocks belong to no node.
   */
  addresses: z.optional(z.array(z.string().check(z.maxLength(64))).check(z.minLength(1), z.maxLength(16))),
  /** The slot that the node would like, of a pool and a block that an earlier answer told it. */
  proposal: z.optional(slotReference),
  /** Of the proposal's block, where blocks belong to nodes. */
  generation: z.optional(z.int().check(z.gte(1))),
  /**
   * Blocks that an earlier boot of this node owned, for this one to take over. The node names the generation that it
   * knows, so that a late copy of the request takes nothing from a later boot.
   */
  formerBlocks: z.optional(z.array(formerBlock).check(z.maxLength(4096))),
  /** The start of the node's machine (Linux: /proc/sys/kernel/random/boot_id): with each the node begins another life. */
  boot: z.string().check(z.minLength(1), z.maxLength(64)),
  /** The incarnation that the service told this node since it booted. */
  incarnation: z.optional(z.int().check(z.gte(1))),
  pod: z.optional(pod),
});
export type AllocateRequest = z.infer<typeof allocateRequest>;

const leases = z.int().check(z.gte(0));

/** Addresses that are kept for pods of one namespace, or for one of them. */
export const reservation = z.strictObject({
  /** What people call it. */
  name: cniName,
  /** As in `exclude`. */
  addresses: z.array(z.string()).check(z.minLength(1), z.maxLength(64)),
  namespace: podText,
  /** The pod's name; left out: each pod of the namespace. */
  pod: z.optional(podText),
});
export type Reservation = z.infer<typeof reservation>;

/** What of a pool may be changed while it is in use; what is left out has the default. */
export const poolPolicy = z.object({
  /** Addresses that are not handed out: `10.1.0.5`, `10.1.0.0/28` or `10.1.0.5-10.1.0.9`. */
  exclude: z._default(z.array(z.string()).check(z.maxLength(256)), []),
  /** Pods that a reservation is for get an address of it or none. Where blocks belong to nodes there are none. */
  reservations: z._default(z.array(reservation).check(z.maxLength(64)), []),
  /** Seconds for which a released address is not handed out again. */
  cooldownSeconds: z._default(seconds, 30),
  /**
   * Seconds for which a released address is kept for a pod of the same namespace and name; 0: not at all. Where blocks belong
   * to nodes it must be 0.
   */
  stickySeconds: z._default(z.int().check(z.gte(0), z.lte(2_592_000)), 0),
  /** Clusters whose nodes may lease here; none named: all of them. The caller's role says which cluster it is of. */
  clusters: z._default(z.array(cniName).check(z.maxLength(64)), []),
  /** Pods of these namespaces get their addresses here where the configuration names no pool. */
  namespaces: z._default(z.array(cniName).check(z.maxLength(256)), []),
  /** So do pods on nodes that have all these labels, as the node's configuration gives them. */
  nodeLabels: z._default(labels, {}),
  /** So do pods that no other pool asks for. */
  default: z._default(z.boolean(), false),
  /** Of several pools that fit alike, the one with the lowest order comes first. */
  order: z._default(z.int().check(z.gte(-1000), z.lte(1000)), 0),
  /** Blocks that one node may own, where a block belongs to a node. */
  maxBlocksPerNode: z._default(z.int().check(z.gte(1), z.lte(4096)), 64),
  /** Leases that each namespace may hold; no limit if left out. Pods of which nothing is known are one namespace. */
  quota: z.optional(leases),
  /** For some namespaces another number. */
  quotas: z._default(z.record(podText, leases), {}),
});
export type PoolPolicy = z.infer<typeof poolPolicy>;

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

/** One for each range set, in their order. */
export const leasedAddress = z.object({
  /** With the prefix length of its subnet: `10.244.1.10/16`. */
  address: z.string(),
  gateway: z.string(),
});

export const allocateResult = z.object({
  slot: slotReference,
  /** Which rule chose the pool. */
  chosenBy: z.optional(z.enum(['named', 'selector', 'default'])),
  /** Further slots of the attachment, where requested addresses lie in several. */
  more: z.optional(z.array(slotReference)),
  addresses: z.array(leasedAddress),
  incarnation: z.int(),
  /**
   * Blocks of this pool in which the node may propose slots from now on, as far as the service looked. A proposal's block
   * that is not among them is not the node's any more.
   */
  blocks: z.array(claimedBlock),
  /** Blocks that are claimed for an earlier boot of this node: `formerBlocks` of its next request. Absent where nobody looked. */
  former: z.optional(z.array(claimedBlock)),
  pool: poolDefinition,
  /** What the service saw on its way: slots of a block that could not be had then. Absent on the shortest path. */
  taken: z.optional(z.array(z.object({ block: blockIndex, slots: z.array(z.int()) }))),
});
export type AllocateResult = z.infer<typeof allocateResult>;

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

export const releaseResult = z.object({
  /** The slots that were held and are now free; none is a success as well (CNI specification: DEL may be repeated). */
  released: z.array(slotReference),
  /** The pool of the request's slot is being drained: blocks of it that are empty are wanted back, the last one too. */
  draining: z.optional(z.boolean()),
  /**
   * Only where the request had no nonce: what the attachment holds, to be released by what was read. A request that frees by
   * the container's name alone could arrive late, when another attachment has that name.
   */
  held: z.optional(z.array(z.object({ slot: slotReference, nonce }))),
});
export type ReleaseResult = z.infer<typeof releaseResult>;

const addressList = z.array(z.string());
export const leaseRow = z.object({
  state: z.enum(['held', 'cooling']),
  addresses: addressList,
  slot: slotReference,
  node: z.string(),
  incarnation: z.int(),
  attachment,
  pod: z.optional(pod),
  /** RFC 3339: since when it is held, and from when on it can be had again. */
  heldAt: z.string(),
  reusableAt: z.optional(z.string()),
});
export type LeaseRow = z.infer<typeof leaseRow>;

export const listLeasesQuery = z.strictObject({ vrf: z._default(cniName, 'default'), cursor: z.optional(blockIndex) });
export const listLeasesResult = z.object({
  pool: poolDefinition,
  /** Addresses that can be handed out at all, as decimal text: an IPv6 pool's are more than a double can count. */
  capacity: z.string(),
  leases: z.array(leaseRow),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  nextCursor: z.optional(blockIndex),
});
export type ListLeasesResult = z.infer<typeof listLeasesResult>;

export const declareDeathRequest = z.strictObject({
  node: nodeId,
  /** Why the operator is certain that nothing of this node runs any more. */
  reason: z.string().check(z.minLength(1), z.maxLength(500)),
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
