/** The named conditions as DynamoDB writes them: one expression a name, one condition expression an operation. */
import { type SlotConditionName, type SlotOperation, slotOperations } from '../../core/lease.ts';

/** Attribute names are short because an item of up to 1 KB costs one write unit; see items.ts for what each holds. */
export const slotExpressions: Record<SlotConditionName, string> = {
  slotAbsent: 'attribute_not_exists(pk)',
  slotFree: 's = :free',
  slotHeld: 's = :held',
  slotCooled: 'r <= :now',
  generationNotNewer: 'g <= :generation',
  generationOlder: 'g < :generation',
  sameOwner: 'o = :containerId AND i = :ifname',
  sameNonce: 'n = :nonce',
  sameNode: 'nd = :node',
  incarnationNotNewer: 'e <= :incarnation',
};

export const nodeExpressions = {
  nodeAbsent: 'attribute_not_exists(pk)',
  nodeAlive: 'st = :alive',
  sameBoot: 'boot = :boot',
  sameIncarnation: 'e = :incarnation',
  deathAbsent: 'attribute_not_exists(pk)',
  deathOlder: 'e < :incarnation',
} as const;

export const poolExpressions = {
  poolAbsent: 'attribute_not_exists(pk)',
  registryAbsent: 'attribute_not_exists(pk)',
  registryUnchanged: 'v = :before',
} as const;

/** `(a AND b) OR (c)`. */
export function conditionOf(operation: SlotOperation): string {
  return slotOperations[operation]
    .map((alternative) => `(${alternative.map((name) => slotExpressions[name]).join(' AND ')})`)
    .join(' OR ');
}

/** Those of `values` that `expression` names: DynamoDB refuses a value that is not used. */
export function valuesIn(expression: string, values: Record<string, unknown>): Record<string, unknown> {
  const used = new Set(expression.match(/:\w+/g));
  return Object.fromEntries(Object.entries(values).filter(([name]) => used.has(name)));
}
