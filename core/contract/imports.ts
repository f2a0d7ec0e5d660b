/**
 * What a node asks before it imports: of addresses with which containers live that another IPAM gave, in which slots of a pool
 * they lie and who has those. Nothing is changed. What is imported is asserted afterwards (`again` of a report).
 */
import * as z from 'zod/mini';
import { attachment, blockIndex, nonce, slotReference } from './ids.ts';
import { most } from './limits.ts';
import { poolDefinition } from './pool.ts';

/** Addresses without prefix length, as they lie in the pool that the question names. */
export const addressesToImport = z
  .array(z.string().check(z.maxLength(most.addressText)))
  .check(z.minLength(1), z.maxLength(most.addressesToImport));

/** Who holds a slot. */
export const importHolder = z.object({
  /** The node that holds it. */
  node: z.string(),
  /** The attachment that holds it. */
  attachment,
  /** The nonce with which it was leased; only where the calling node holds it. */
  nonce: z.optional(nonce),
});
export type ImportHolder = z.infer<typeof importHolder>;

/** Whose the block of a slot is, where blocks belong to nodes. */
export const importBlock = z.object({
  block: blockIndex,
  /** `free` is also a block that was never claimed. */
  state: z.enum(['free', 'claimed', 'releasing', 'sealed']),
  /** The node that owns it. */
  node: z.optional(z.string()),
  /** The boot for which it was claimed; only where it is the calling node's. */
  boot: z.optional(z.string()),
  /** The first 16 digits of the nonces of the journal for which it was claimed; only where it is the calling node's. */
  journal: z.optional(z.string()),
});
export type ImportBlock = z.infer<typeof importBlock>;

/** An address, in the order of the question. */
export const addressToImport = z.object({
  /** The address as it was asked for. */
  address: z.string(),
  /** The slot that has it; absent where the pool does not have the address. */
  slot: z.optional(slotReference),
  /** True where its block is not open and cannot be: the pool opened others only, since it excluded this one from the beginning. */
  closed: z.optional(z.boolean()),
  /** Who holds the slot; absent where nobody does. */
  holder: z.optional(importHolder),
  /** Whose its block is; only where blocks belong to nodes. */
  block: z.optional(importBlock),
});
export type AddressToImport = z.infer<typeof addressToImport>;

/** What is there of them. */
export const importOutlook = z.object({
  /** Whom the service takes the caller for, as the signature proves it. */
  node: z.string(),
  /** As an ADD is told it. */
  pool: poolDefinition,
  /** In the order of the question. */
  addresses: z.array(addressToImport),
});
export type ImportOutlook = z.infer<typeof importOutlook>;
