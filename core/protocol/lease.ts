/** What is known of a slot, and the conditions under which it may change. */
import type { Attachment, Pod } from '../contract/ids.ts';

/** Who holds a slot, or held it last. */
export interface Holding {
  readonly attachment: Attachment;
  readonly nonce: string;
  readonly node: string;
  /** The node's life in which it was leased: a sweep frees no lease of a later one. */
  readonly incarnation: number;
  /** Milliseconds since 1970. */
  readonly heldAt: number;
  readonly pod?: Pod;
  /** For which the slot is kept, of the pod's namespace: there is none without a pod. */
  readonly identity?: string;
}

/** A slot item. One that never held anything may be absent; it is never deleted once it exists (I7). */
export interface SlotState {
  readonly held: boolean;
  readonly generation: number;
  /** Milliseconds since 1970 from which on a free slot may be handed out again. */
  readonly reusableAt: number;
  readonly holding?: Holding;
  /**
   * Milliseconds since 1970: when the last lease that ended here did so. It stays while the next one is held, so that each lease
   * tells when the one before it ended, and what history lacks is known to be missing. Absent where none ended, or an earlier
   * version ended it.
   */
  readonly endedAt?: number;
}

/** That a lease ends now, and from when on its slot may be handed out again (ms). */
export interface Ending {
  readonly endedAt: number;
  readonly reusableAt: number;
  /** The same where it was an identity's; as any other's if left out. */
  readonly keptUntil?: number;
}

/**
 * What a slot says then of when its last lease ended (ms): never less than before, however late a request comes. Else a lease of which the
 * beginning comes late as well would be from before that.
 */
export const endedAtOf = ({ endedAt = 0 }: SlotState, said: number): number => Math.max(said, endedAt);

/** What a conditional write compares the slot with. */
export interface Against {
  readonly now: number;
  readonly generation: number;
  readonly containerId: string;
  readonly ifname: string;
  readonly nonce: string;
  readonly node: string;
  readonly incarnation: number;
  /** For whom the slot may be kept: for an identity, or where the pool keeps a pod's address, for the pod. Else all are empty. */
  readonly namespace: string;
  readonly podName: string;
  readonly identity: string;
}

/** Of the slots of a pool that is deleted: no request carries it or a newer one, so nothing is ever leased there again. */
export const SEALED_GENERATION = Number.MAX_SAFE_INTEGER;

type Condition<K extends keyof Against> = (slot: SlotState | undefined, against: Pick<Against, K>) => boolean;
const condition = <K extends keyof Against>(test: Condition<K>): Condition<K> => test;

/** Each condition has one name: here and in the DynamoDB store's expressions. */
export const slotConditions = {
  slotAbsent: condition<never>((slot) => slot === undefined),
  slotFree: condition<never>((slot) => slot?.held === false),
  slotHeld: condition<never>((slot) => slot?.held === true),
  /** Delays reuse only; nothing that is safe depends on it (I9). */
  slotCooled: condition<'now'>((slot, { now }) => slot !== undefined && slot.reusableAt <= now),
  generationNotNewer: condition<'generation'>(
    (slot, { generation }) => slot !== undefined && slot.generation <= generation,
  ),
  generationOlder: condition<'generation'>(
    (slot, { generation }) => slot !== undefined && slot.generation < generation,
  ),
  sameOwner: condition<'containerId' | 'ifname'>(
    (slot, { containerId, ifname }) =>
      slot?.holding?.attachment.containerId === containerId && slot.holding.attachment.ifname === ifname,
  ),
  sameNonce: condition<'nonce'>((slot, { nonce }) => slot?.holding?.nonce === nonce),
  /** Not the request that had it: a late copy of that one must not hold it again. */
  otherNonce: condition<'nonce'>((slot, { nonce }) => slot?.holding !== undefined && slot.holding.nonce !== nonce),
  /**
   * An identity has its own address again at once, and so has a pod in a sticky pool, while it cools for all others. What is kept for
   * an identity is not its last pod's.
   */
  samePod: condition<'namespace' | 'podName' | 'identity'>((slot, { namespace, podName, identity }) => {
    if (slot?.holding?.pod?.namespace !== namespace) return false;
    if (identity !== '') return slot.holding.identity === identity;
    return podName !== '' && slot.holding.pod.name === podName && slot.holding.identity === undefined;
  }),
  sameNode: condition<'node'>((slot, { node }) => slot?.holding?.node === node),
  incarnationNotNewer: condition<'incarnation'>(
    (slot, { incarnation }) => slot?.holding !== undefined && slot.holding.incarnation <= incarnation,
  ),
};
export type SlotConditionName = keyof typeof slotConditions;

/**
 * The writes to a slot: each happens only if all conditions of one of its alternatives hold, decided and written in one
 * step by the store.
 */
export const slotOperations = {
  /** ADD. The last two: the attachment's own slot before it has cooled, and the repeat of a request whose answer was lost. */
  hold: [
    ['slotAbsent'],
    ['slotFree', 'slotCooled', 'generationNotNewer'],
    ['slotFree', 'samePod', 'generationNotNewer'],
    ['slotFree', 'sameOwner', 'sameNode', 'otherNonce', 'generationNotNewer'],
    ['slotHeld', 'sameOwner', 'sameNonce', 'sameNode', 'incarnationNotNewer'],
  ],
  /**
   * A node says again what a container of this boot lives with and the table does not have. That the slot cools is no obstacle:
   * its address is in use already. The last one: it is held, or was in an earlier life of the node.
   */
  assert: [
    ['slotAbsent'],
    ['slotFree', 'generationNotNewer'],
    ['slotHeld', 'sameOwner', 'sameNonce', 'sameNode', 'incarnationNotNewer'],
  ],
  /** DEL. */
  release: [['slotHeld', 'sameOwner', 'sameNode', 'sameNonce']],
  /** Reclaim of a node that was declared dead. */
  sweep: [['slotHeld', 'sameNode', 'incarnationNotNewer']],
  /** A fence's pass over a slot: from then on no request of an earlier generation can hold it (I4). */
  advance: [['slotAbsent'], ['slotFree', 'generationOlder']],
  /** A forced fence's pass over a slot that a dead node holds. */
  evict: [['slotHeld', 'generationOlder']],
} as const satisfies Record<string, readonly (readonly SlotConditionName[])[]>;
export type SlotOperation = keyof typeof slotOperations;

/** Whether `operation` may be carried out on `slot`. */
export function allows(operation: SlotOperation, slot: SlotState | undefined, against: Against): boolean {
  return slotOperations[operation].some((alternative) =>
    alternative.every((name) => slotConditions[name](slot, against)),
  );
}

const keptForNobody = { namespace: '', podName: '', identity: '' };

/** A comparison in which only `given` counts: for operations whose conditions name nothing else. */
export function against(given: Partial<Against>): Against {
  const nothing = { now: 0, generation: 0, containerId: '', ifname: '', nonce: '', node: '', incarnation: 0 };
  return { ...nothing, ...keptForNobody, ...given };
}

/** What `hold` compares a slot with. @param sticky whether the pool keeps a pod's address for it */
export function againstHolding(
  { attachment, nonce, node, incarnation, heldAt, pod, identity }: Holding,
  generation: number,
  sticky: boolean,
): Against {
  const { containerId, ifname } = attachment;
  const of = { now: heldAt, generation, containerId, ifname, nonce, node, incarnation, ...keptForNobody };
  if (pod === undefined) return of;
  if (identity !== undefined) return { ...of, namespace: pod.namespace, identity };
  return sticky ? { ...of, namespace: pod.namespace, podName: pod.name } : of;
}
