/**
 * Every write and every decision of the protocol with its conditions, each by its name: it happens only if all conditions
 * of one of its alternatives hold. Those of items are the code's own; the explorer takes them away one at a time.
 */
import { blockConditions, blockOperations } from '../../core/protocol/block.ts';
import {
  type Against,
  type SlotOperation,
  type SlotState,
  slotConditions,
  slotOperations,
} from '../../core/protocol/lease.ts';
import { at, type Universe, type World } from './world.ts';

/** Conditions that are taken away, as `sweep.sameNonce`, and bad variants of the protocol by their names. */
export type Mutations = ReadonlySet<string>;

/** What is decided from facts that never change once they are true, and what a node decides from its own disk. */
export const decisions = {
  /** ADD at the service: the generation that the request names is of the caller's block. */
  allocate: [['ownedByCaller']],
  /** The service gives another slot than the proposed one. */
  choose: [['blockNotLeasedFrom']],
  takeUpHeard: [['ownedByCaller']],
  giveBackHeard: [['ownedByCaller']],
  /** The service holds again what a node asserts. */
  assertHeard: [['ownedByCaller']],
  /** After a restore ADDs are let through again. */
  reopen: [['leasesHeld', 'claimsConfirmed']],
  /** A fence or a sweep on evidence: the mark of this very declaration was written. */
  reclaim: [['markedDead']],
  finishDecided: [['slotsAtGeneration']],
  evictDecided: [['fenceForced']],
  /** The node proposes a slot of its block, and may use it at once if the service cannot be reached. */
  propose: [['claimOfThisBoot', 'claimOfThisJournal', 'claimOfToldLife', 'slotUnjournaled']],
  acknowledge: [['entryThere', 'slotNotLivedWith']],
  learn: [['generationClaimed', 'ownerOfThisBoot', 'ownerOfThisJournal', 'notGivenBack']],
  /** The answer that names the node's life. */
  hear: [['lifeNotLeft']],
  takeUpDecided: [['ownerOfOtherBoot']],
  giveBackDecided: [['journalEmpty']],
  /** A node says goodbye. Its journal is looked at and the mark made in one step, and while there is a mark no ADD begins. */
  leave: [['journalEmpty']],
  begin: [['notLeaving']],
  /** It changes its mind: a goodbye that was sent may arrive at any time. */
  stay: [['goodbyeUnsaid']],
  /** It takes containers again, and uses nothing that it was told in that life. */
  left: [['saidLifeOver']],
  /** The node compares its leases, listed before, with its journal, read after. */
  reconcile: [
    ['nonceOfThisJournal', 'entryAbsent'],
    ['entryElsewhere', 'entryAcknowledged'],
    ['lifeOfEarlierBoot'],
    ['noAddRunning', 'unknownToRuntime'],
  ],
  /** The node item. */
  join: [['nodeAbsent'], ['nodeAlive', 'sameBoot']],
  beginLife: [['sameIncarnation']],
  markDead: [['sameIncarnation']],
} as const;

export type Decision = keyof typeof decisions;
type Fact<D extends Decision> = (typeof decisions)[D][number][number];

export function decides<D extends Decision>(
  mutations: Mutations,
  decision: D,
  facts: Record<Fact<D>, boolean>,
): boolean {
  const alternatives: readonly (readonly string[])[] = decisions[decision];
  const given: Readonly<Record<string, boolean>> = facts;
  return alternatives.some((all) => all.every((name) => given[name] || mutations.has(`${decision}.${name}`)));
}

export function blockPermits(
  mutations: Mutations,
  operation: keyof typeof blockOperations,
  { block }: World,
  generation: number,
): boolean {
  const state = block.is === 'absent' ? undefined : { state: block.is, generation: block.g };
  return blockOperations[operation].some((all: readonly (keyof typeof blockConditions)[]) =>
    all.every((name) => mutations.has(`${operation}.${name}`) || blockConditions[name](state, generation)),
  );
}

/** Whether `operation` of container `c`, at `generation` and in `life`, may change slot `k`. */
export function slotPermits(
  universe: Universe,
  mutations: Mutations,
  operation: SlotOperation,
  world: World,
  k: number,
  by: { readonly c: number; readonly generation: number; readonly life: number },
): boolean {
  const slot = at(world.slots, k);
  const attachmentOf = (c: number) => ({ network: 'n', containerId: at(universe.containers, c).owner, ifname: 'eth0' });
  const holding =
    slot.by < 0
      ? {}
      : {
          holding: {
            attachment: attachmentOf(slot.by),
            nonce: at(universe.containers, slot.by).nonce,
            node: `${at(universe.containers, slot.by).node}`,
            incarnation: slot.life,
            heldAt: 0,
          },
        };
  const state: SlotState | undefined =
    slot.is === 'absent'
      ? undefined
      : { held: slot.is === 'held', generation: slot.g, reusableAt: slot.is === 'cooling' ? 1 : 0, ...holding };
  const against: Against = {
    now: 0,
    generation: by.generation,
    ...(by.c < 0 ? { containerId: '', ifname: '' } : attachmentOf(by.c)),
    nonce: by.c < 0 ? '' : at(universe.containers, by.c).nonce,
    node: by.c < 0 ? '' : `${at(universe.containers, by.c).node}`,
    incarnation: by.life,
    // Pods are not told apart: a cooling slot is handed out to nobody.
    namespace: '',
    podName: '',
    identity: '',
  };
  return slotOperations[operation].some((all) =>
    all.every((name) => mutations.has(`${operation}.${name}`) || slotConditions[name](state, against)),
  );
}
