/**
 * Which slot an identity has. The item is a pointer, and no lock: the slot itself is, which says for which identity it is held. But
 * whoever holds a slot for an identity is answered only once the pointer names it by a token of its own.
 */

/** An identity is one of a namespace, in a pool. */
export interface IdentityKey {
  readonly pool: string;
  readonly namespace: string;
  readonly identity: string;
}

/** Parts by number, so that all keys of identities are known where items may be deleted. */
export const identityPart = (shard: number): string => `ID#${shard.toString(16)}`;

export interface KeptSlot {
  readonly block: bigint;
  readonly slot: number;
  /** Of the write that made it so: never the same again. What is decided by what was read before is compared with it. */
  readonly token: string;
}
