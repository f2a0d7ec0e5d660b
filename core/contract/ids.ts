/** Who and what a message is about: names, ids, slots, attachments, pods. JSON in camelCase. */
import * as z from 'zod/mini';
import { most, patterns } from './limits.ts';

const matching = (pattern: RegExp, what: string) => z.string().check(z.regex(pattern, what));

const textUpTo = (longest: number) => z.string().check(z.minLength(1), z.maxLength(longest));

export const cniName = z
  .string()
  .check(
    z.maxLength(most.name),
    z.regex(patterns.name, 'must begin with a letter or digit and hold only letters, digits, _ . -'),
  );

const interfaceName = textUpTo(most.interfaceName).check(z.regex(patterns.interfaceName, 'is not an interface name'));

/**
 * Made by the plugin once per attachment and kept in its journal: 16 hex digits that name the journal itself, the same
 * for all its attachments until it is lost, then 16 random ones. Blocks of nodes belong to one journal.
 */
export const nonce = matching(patterns.nonce, 'must be 32 lower-case hex digits');

/**
 * A pool's id: 16 hex digits that the service draws when the pool is created. Another pool of the same name has another
 * id.
 */
export const poolId = matching(patterns.id, 'must be 16 lower-case hex digits');

/** A block's index in its pool: hex without leading zeros, since an IPv6 pool has more blocks than a double can count. */
export const blockIndex = matching(patterns.blockIndex, 'must be lower-case hex without leading zeros');

/** Where a list goes on; opaque to whoever gives it back. */
export const nextCursor = textUpTo(most.cursor);

/** The `nextCursor` of the page before, in the list of one pool's leases. */
export const listCursor = matching(patterns.cursor, 'must be the nextCursor of the page before');
/** The `nextCursor` of the page before, in lists that go through blocks of several pools. */
export const blockCursor = matching(patterns.blockCursor, 'must be the nextCursor of the page before');
/** The `nextCursor` of the page before, in the lists of deaths and of silent nodes. */
export const deathCursor = matching(patterns.deathCursor, 'must be the nextCursor of the page before');

/** The `nextCursor` of the page before, in the list of nodes. */
export const nodeCursor = matching(patterns.nodeCursor, 'must be the nextCursor of the page before');

/**
 * What the signature proves: `i-…` on EC2, `role/<role>/<session>` or `user/<name>` elsewhere. Of an account other than the
 * deployment's it begins with that account: `123456789012/i-…`.
 */
export const nodeId = textUpTo(most.node);

/** The start of a machine (Linux: /proc/sys/kernel/random/boot_id). */
export const boot = textUpTo(most.boot);

/** The VRF: an address space of its own, in which pools may not overlap. `default` where nothing else is said. */
export const vrf = z._default(cniName, 'default');

export const podText = textUpTo(most.podText);

/** Where a request names something for the first time; what is stored already is read as it is. */
const printable = z.regex(patterns.printable, 'must have no control characters: they can be shown nowhere');
export const podName = podText.check(printable);

/** What a pod is known by beyond its own name, in its namespace: an address may be kept for it. */
export const identityName = z
  .string()
  .check(
    z.maxLength(most.identityName),
    z.regex(
      patterns.identity,
      'is not an identity: it has lower-case letters, digits, - and . and begins and ends with a letter or digit (RFC 1123 subdomain)',
    ),
  );

/** In an operator's pool. One that no pod can be of would be a selector, or a quota, without any effect. */
export const namespaceName = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(most.namespace),
    z.regex(
      patterns.namespace,
      'is not the name of a namespace, and no pod can be of it: Kubernetes has lower-case letters, digits and - in them (RFC 1123 labels)',
    ),
  );

/**
 * The pod for which an attachment is, as the runtime names it. It is shown, and selectors, quotas and reservations go
 * by it.
 */
export const pod = z.strictObject({
  /** The pod's namespace. */
  namespace: podText,
  /** The pod's name. */
  name: podText,
  /** The pod's UID, where the runtime gives it. */
  uid: z.optional(podText),
});
export type Pod = z.infer<typeof pod>;

/** The pod for which an attachment is asked for. */
export const namedPod = z.strictObject({
  /** The pod's namespace. */
  namespace: podName,
  /** The pod's name. */
  name: podName,
  /** The pod's UID, where the runtime gives it. */
  uid: z.optional(podName),
});

/** JSON Schema says of an object how many fields it may have; zod says it of none. */
export const entriesUpTo = (longest: number) =>
  [
    z.refine<Record<string, unknown>>(
      (record) => Object.keys(record).length <= longest,
      `must have at most ${longest} entries`,
    ),
    z.meta({ maxProperties: longest }),
  ] as const;

const labelValue = z.string().check(z.maxLength(most.labelValue));

/** As they are stored and shown: what was admitted once stays readable. */
export const storedLabels = z.record(textUpTo(most.label), labelValue);

/** A node's labels: key and value, as Kubernetes writes them. */
export const labels = z
  .record(textUpTo(most.label).check(printable), labelValue.check(printable))
  .check(...entriesUpTo(most.labels));

/** The key that CNI gives us (CNI specification, section 2: container id and interface name; and the network's name). */
export const attachment = z.strictObject({
  /** The name of the network, as its configuration has it. */
  network: cniName,
  /** The container's id, as the runtime gives it. */
  containerId: cniName,
  /** The name of the interface in the container. */
  ifname: interfaceName,
});
export type Attachment = z.infer<typeof attachment>;

/** A slot: `slot` is the position in its block, 0 to block size - 1. */
export const slotReference = z.strictObject({
  /** The id of the pool. */
  pool: poolId,
  block: blockIndex,
  /** The position in the block, from 0. */
  slot: z.int().check(z.gte(0), z.lte(most.slotsOfBlock - 1)),
});
export type SlotReference = z.infer<typeof slotReference>;

/** A block that belongs to a node, and as of which claim; shared blocks are at generation 1 for ever. */
export const claimedBlock = z.strictObject({
  block: blockIndex,
  /** The generation at which the block is the node's. It grows each time the block changes hands. */
  generation: z.int().check(z.gte(1)),
});
export type ClaimedBlock = z.infer<typeof claimedBlock>;

/** A block of a pool, and the generation at which an earlier boot of the node had it. */
export const formerBlock = z.extend(claimedBlock, {
  /** The id of the pool. */
  pool: poolId,
});
export type FormerBlock = z.infer<typeof formerBlock>;
