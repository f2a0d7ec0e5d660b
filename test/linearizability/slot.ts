/**
 * What a slot is to those who use it: a lock, free or held by one try of one attachment. It knows nothing of the store's
 * conditions. It is freed by a DEL of the very try that holds it, or on evidence that the life is over in which it was
 * leased; it is not handed out while it cools, nor at an earlier generation than it was seen at, nor after its pool is gone.
 */
import type { SlotState } from '../../core/protocol/lease.ts';
import type { Specification } from './wgl.ts';

/** One try to attach: what a nonce stands for. */
export interface Try {
  readonly node: string;
  readonly containerId: string;
  readonly nonce: string;
  /** Namespace and name, where the pool keeps a pod's address for it. */
  readonly pod?: string;
  /** Namespace and name, where it has one: its address is kept for that, and not for the pod. */
  readonly identity?: string;
}

export const nameOf = ({ node, containerId, nonce }: Try): string => `${containerId} of ${node} (try ${nonce})`;

/** What the clock said (ms) when the operation was asked for, and when it was answered; what a request itself says of it where there was no answer. */
interface Clocks {
  readonly from: number;
  readonly to: number;
}

export type SlotOperation =
  /** An ADD or a report: the try comes to hold the slot, or holds it already. */
  | ({ readonly kind: 'acquire'; readonly by: Try; readonly generation: number; readonly life: number } & Clocks)
  /** A DEL that freed it, and for how long (ms) it cools. */
  | ({ readonly kind: 'release'; readonly by: Try; readonly cooldown: number } & Clocks)
  /** A DEL that found nothing here to free. */
  | { readonly kind: 'not held'; readonly by: Try }
  /** An ADD that was refused since no slot of the pool could be had. */
  | ({ readonly kind: 'not to be had' } & Clocks)
  /** Somebody looked at the table. */
  | { readonly kind: 'read'; readonly state: SlotState | undefined }
  /** A container begins to live with it while the service is away: a fact of the node, at one moment. */
  | { readonly kind: 'lived with'; readonly by: Try; readonly generation: number; readonly life: number }
  | { readonly kind: 'left'; readonly by: Try }
  /** A report was refused: others have the slot, or the block. */
  | { readonly kind: 'lost'; readonly by: Try }
  | { readonly kind: 'pool deleted' };

/** That a node's lives up to this one are over, known from `invoked` on. */
export interface Evidence {
  readonly node: string;
  readonly life: number;
  readonly invoked: number;
  /** Milliseconds: nothing was freed on it before. */
  readonly clock: number;
  /** How long (ms) what it frees cools, at least. */
  readonly cooldown: number;
}

interface Leased {
  readonly by: Try;
  readonly life: number;
  /** Whether that life was answered. */
  readonly isTold: boolean;
}

export interface Slot {
  /** As the table has it. */
  readonly holder?: Leased | undefined;
  /** Lives with it though the table does not know yet. */
  readonly local?: Leased | undefined;
  /** Who held it last, and between which two instants (ms) it can be had again. */
  readonly last?: Try | undefined;
  readonly reusable: readonly [number, number];
  readonly generation: number;
  readonly deleted: boolean;
}

const NEVER_HELD: Slot = { reusable: [0, 0], generation: 0, deleted: false };
const NEVER = Number.POSITIVE_INFINITY;

const same = (a: Try | undefined, b: Try): boolean =>
  a?.node === b.node && a.containerId === b.containerId && a.nonce === b.nonce;
const sameAttachment = (a: Try | undefined, b: Try): boolean => a?.node === b.node && a.containerId === b.containerId;
const tryOf = (one: Leased | undefined): string => (one ? `${nameOf(one.by)} ${one.life} ${one.isTold}` : '');

/** @param evidence of every node's */
export function slotSpecification(evidence: readonly Evidence[]): Specification<Slot, SlotOperation> {
  /** That frees it, if it is known by `before`. */
  const freeing = (one: Leased | undefined, before: number): Evidence | undefined =>
    one && evidence.find(({ node, life, invoked }) => node === one.by.node && one.life <= life && invoked < before);
  const steps: Steps = {
    acquire: (slot, { by, generation, life, from, to }, before, isPending) => {
      const next = { by, life, isTold: !isPending };
      if (same(slot.holder?.by, by)) return held(slot, next, generation);
      const free = freed(slot, freeing(slot.holder, before));
      if (free === undefined || free.deleted || generation < free.generation) return [];
      const isOthers = slot.local !== undefined && slot.local.by.node !== by.node && !freeing(slot.local, before);
      if (isOthers || (free.reusable[0] > to && !comesBack(free.last, by))) return [];
      return [occupied(free, next, generation, from)];
    },
    release: (slot, { by, cooldown, from, to }) =>
      // Who compares a table knows not for which identity it is held.
      slot.holder !== undefined && same(slot.holder.by, by)
        ? [{ ...slot, ...cooling(slot.holder.by, [from + cooldown, to + cooldown]) }]
        : [],
    'not held': (slot, { by }, before) => (same(slot.holder?.by, by) && !freeing(slot.holder, before) ? [] : [slot]),
    'not to be had': (slot, { from }) => (slot.holder || slot.reusable[1] > from || slot.deleted ? [slot] : []),
    read: (slot, { state }, before) => read(slot, state, freeing(slot.holder, before)),
    'lived with': (slot, { by, generation, life }, before) => {
      const mine = { by, life, isTold: true };
      const isOver = freeing(mine, before) !== undefined;
      const isOthers = [slot.holder, slot.local].some(
        (one) => one !== undefined && one.by.node !== by.node && !freeing(one, before),
      );
      return !isOver && (isOthers || slot.generation > generation) ? [] : [{ ...slot, local: mine }];
    },
    left: (slot, { by }) => [same(slot.local?.by, by) ? { ...slot, local: undefined } : slot],
    lost: (slot, { by }, before) => (same(slot.local?.by, by) && !freeing(slot.local, before) ? [] : [slot]),
    'pool deleted': (slot, _, before) => {
      const free = freed(slot, freeing(slot.holder, before));
      return free === undefined ? [] : [{ ...free, deleted: true }];
    },
  };
  return {
    initial: NEVER_HELD,
    step: (slot, { operation, responded }, before) =>
      stepOf(steps, operation)(slot, operation, before, responded === NEVER),
    keyOf: ({ holder, local, last, reusable, generation, deleted }) =>
      [tryOf(holder), tryOf(local), last ? nameOf(last) : '', ...reusable, generation, deleted].join('|'),
  };
}

type Steps = {
  readonly [Kind in SlotOperation['kind']]: (
    slot: Slot,
    operation: Extract<SlotOperation, { kind: Kind }>,
    before: number,
    isPending: boolean,
  ) => readonly Slot[];
};
type Step = (slot: Slot, operation: SlotOperation, before: number, isPending: boolean) => readonly Slot[];
const stepOf = (steps: Steps, { kind }: SlotOperation) => steps[kind] as Step;

const cooling = (last: Try, reusable: readonly [number, number]) => ({ holder: undefined, last, reusable });

/** As it is once nobody holds it; undefined while somebody does who may. */
function freed(slot: Slot, evidence: Evidence | undefined): Slot | undefined {
  if (slot.holder === undefined) return slot;
  return evidence && { ...slot, ...cooling(slot.holder.by, [evidence.clock + evidence.cooldown, NEVER]) };
}

/** An attachment has its own slot again before it has cooled, and so has whom it is kept for; a late copy has not. */
const comesBack = (last: Try | undefined, by: Try): boolean =>
  last !== undefined && ((sameAttachment(last, by) && last.nonce !== by.nonce) || isKeptFor(last, by));

const isKeptFor = (last: Try, { pod, identity }: Try): boolean =>
  identity === undefined
    ? pod !== undefined && last.identity === undefined && last.pod === pod
    : last.identity === identity;

function occupied(slot: Slot, holder: Leased, generation: number, from: number): Slot {
  const { local } = slot;
  return {
    ...slot,
    holder,
    local: same(local?.by, holder.by) ? undefined : local,
    last: undefined,
    reusable: [from, from],
    generation,
  };
}

/** The repeat of a request: it may have been written anew, or only have found what an earlier one wrote. */
function held(slot: Slot, next: Leased, generation: number): Slot[] {
  const { holder = next } = slot;
  // What was answered in a life is of that life or a later one, whatever copies of earlier requests still arrive.
  const told = next.isTold && next.life > holder.life ? next : holder;
  const written = holder.isTold ? told : next;
  const again = occupied(slot, written, generation, slot.reusable[0]);
  const isSame = generation === slot.generation && written.life === holder.life && written.isTold === holder.isTold;
  if (!next.isTold) return isSame ? [] : [again];
  return generation === slot.generation ? [again] : [again, { ...again, generation: slot.generation }];
}

function read(slot: Slot, state: SlotState | undefined, evidence: Evidence | undefined): Slot[] {
  if (state === undefined) return slot.holder === undefined && slot.generation === 0 ? [slot] : [];
  const { held: isHeld, generation, reusableAt, holding } = state;
  if (isHeld) {
    if (holding === undefined || generation !== slot.generation) return [];
    const { node, nonce, attachment } = holding;
    return same(slot.holder?.by, { node, nonce, containerId: attachment.containerId }) ? [slot] : [];
  }
  const free = freed(slot, evidence);
  if (free === undefined || generation < free.generation) return [];
  const [from, to] = free.reusable;
  return reusableAt < from || reusableAt > to ? [] : [{ ...free, generation, reusable: [reusableAt, reusableAt] }];
}
