/** The named conditions as DynamoDB writes them: one expression a name, one condition expression an operation. */
import { type BlockConditionName, type BlockOperation, blockOperations } from '../../core/protocol/block.ts';
import { type SlotConditionName, type SlotOperation, slotOperations } from '../../core/protocol/lease.ts';

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
  otherNonce: 'n <> :nonce',
  samePod: 'ns = :namespace AND p = :podName AND attribute_not_exists(id)',
  sameNode: 'nd = :node',
  incarnationNotNewer: 'e <= :incarnation',
};

export const nodeExpressions = {
  nodeAbsent: 'attribute_not_exists(pk)',
  nodeAlive: 'st = :alive',
  sameBoot: 'boot = :boot',
  sameIncarnation: 'e = :incarnation',
  deathAbsent: 'attribute_not_exists(pk)',
  deathThere: 'attribute_exists(pk)',
  concludedNothing: 'attribute_not_exists(concluded)',
  concludedLess: 'concluded < :before',
  listingAbsent: 'attribute_not_exists(pk)',
  listingThere: 'attribute_exists(pk)',
  listedLifeOlder: 'e < :incarnation',
  sameListedLife: 'e = :incarnation',
  listedAlive: 'st = :alive',
  neverAsked: 'attribute_not_exists(ec2At)',
  askedBefore: 'ec2At <= :at',
  neverWatched: 'attribute_not_exists(since)',
  watchedLater: 'since <= :since',
} as const;

export const blockExpressions: Record<BlockConditionName, string> = {
  blockAbsent: 'attribute_not_exists(pk)',
  blockFree: 'st = :free',
  blockReleasing: 'st = :releasing',
  generationUnchanged: 'g = :generation',
};

export const poolExpressions = {
  poolAbsent: 'attribute_not_exists(pk)',
  poolUnchanged: 'v = :before',
  poolActive: 'st = :active',
  openUnchanged: 'opened = :from',
  apartAbsent: 'attribute_not_exists(apart)',
  apartRoom: 'size(apart) < :most',
  notApart: 'NOT contains(apart, :block)',
  apartUncounted: 'attribute_not_exists(#by)',
  apartShare: '#by < :share',
  passedLess: 'NOT (passedAt = :before AND passed >= :blocks)',
  registryAbsent: 'attribute_not_exists(pk)',
  registryUnchanged: 'v = :before',
} as const;

/** `#shard` names the attribute in which a counter keeps the last change of a shard that it counted. */
export const counterExpressions = {
  shardUncounted: 'attribute_not_exists(#shard)',
  shardOlder: '#shard < :first',
  besideNone: 'attribute_not_exists(b)',
  besideUnchanged: 'b = :had',
  neverRecounted: 'attribute_not_exists(rc)',
  recountsUnchanged: 'rc = :recounts',
} as const;

/** Of a level that was noted: it counts its changes. */
export const fillExpressions = {
  fillAbsent: 'attribute_not_exists(turn)',
  turnBefore: 'turn = :before',
} as const;

/** Of the slot that an identity has. */
export const identityExpressions = {
  identityAbsent: 'attribute_not_exists(pk)',
  sameToken: 't = :before',
  /** `samePod`, where an identity is compared with. */
  sameIdentity: 'ns = :namespace AND id = :identity',
};

/**
 * @param keptFor what a kept slot is compared with: where nothing is, what asks for the same one never holds (`samePod`), and each
 * condition takes the store its time
 */
export function conditionOf(operation: SlotOperation, keptFor: 'pod' | 'identity' | 'nobody' = 'pod'): string {
  const all: readonly (readonly SlotConditionName[])[] = slotOperations[operation];
  const compared = keptFor === 'nobody' ? all.filter((names) => !names.includes('samePod')) : all;
  const samePod = keptFor === 'identity' ? identityExpressions.sameIdentity : slotExpressions.samePod;
  return alternatives(compared, { ...slotExpressions, samePod });
}
export const blockConditionOf = (operation: BlockOperation): string =>
  alternatives(blockOperations[operation], blockExpressions);

/** `(a AND b) OR (c)`. */
function alternatives<Name extends string>(all: readonly (readonly Name[])[], expressions: Record<Name, string>) {
  return all.map((names) => `(${names.map((name) => expressions[name]).join(' AND ')})`).join(' OR ');
}

/** By expression: there are a few, and each is used for every lease. */
const named = new Map<string, ReadonlySet<string>>();

/** Those of `values` that `expression` names: DynamoDB refuses a value that is not used. */
export function valuesIn(expression: string, values: Record<string, unknown>): Record<string, unknown> {
  const used = named.get(expression) ?? new Set(expression.match(/:\w+/g));
  named.set(expression, used);
  return Object.fromEntries(Object.entries(values).filter(([name]) => used.has(name)));
}
