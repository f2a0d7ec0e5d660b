/** The conditions of the writes to an identity's item, by the names that docs/protocol.md and the store's expressions give them. */
import type { KeptSlot } from '../../core/protocol/identity.ts';

interface AgainstItem {
  /** The token that was read; undefined where there was no item. */
  readonly before: string | undefined;
}

type Condition = (item: KeptSlot | undefined, against: AgainstItem) => boolean;

export const identityConditions = {
  /** Of a write for which no item was read. */
  identityAbsent: (item, { before }) => item === undefined && before === undefined,
  sameToken: (item, { before }) => item !== undefined && item.token === before,
} as const satisfies Record<string, Condition>;
export type IdentityConditionName = keyof typeof identityConditions;

/** Each happens only if all conditions of one of its alternatives hold. */
export const identityOperations = {
  point: [['identityAbsent'], ['sameToken']],
  forget: [['sameToken']],
} as const satisfies Record<string, readonly (readonly IdentityConditionName[])[]>;
export type IdentityOperation = keyof typeof identityOperations;

export function identityAllows(
  operation: IdentityOperation,
  item: KeptSlot | undefined,
  against: AgainstItem,
): boolean {
  return identityOperations[operation].some((alternative: readonly IdentityConditionName[]) =>
    alternative.every((name) => identityConditions[name](item, against)),
  );
}
