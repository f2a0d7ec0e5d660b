/**
 * Every write and every decision of the protocol with its conditions, each by its name: an operation may be carried out if
 * all conditions of one of its alternatives hold. The explorer takes them away one at a time (mutants.ts).
 */
export const operations = {
  // One item of the table of leases.
  hold: [
    ['slotAbsent'],
    ['slotFree', 'slotCooled', 'generationNotNewer'],
    ['slotHeld', 'sameOwner', 'sameNonce', 'sameNode'],
  ],
  release: [['slotHeld', 'sameOwner', 'sameNode', 'sameNonce']],
  sweep: [['slotHeld', 'sameNode', 'sameNonce', 'incarnationNotNewer']],
  fenceSlot: [['slotAbsent'], ['slotFree', 'generationOlder'], ['fenceForced', 'generationOlder']],

  // One block item.
  claim: [['blockAbsent'], ['blockFree']],
  adopt: [['generationUnchanged']],
  fence: [['generationUnchanged']],
  abort: [['blockReleasing', 'generationUnchanged']],
  finish: [['blockReleasing', 'generationUnchanged']],

  // One node item.
  register: [['sameIncarnation']],
  declare: [['incarnationNotNewer', 'overOlder']],

  // What the service decides from facts that never change again once they are true.
  allocate: [['ownedByCaller']],
  takeUp: [['ownedByCaller', 'lifeOver']],
  giveBackHeard: [['ownedByCaller']],
  reclaim: [['lifeOver']],
  pass: [['generationReached']],

  // What a node decides from its journal.
  propose: [['claimOfThisBoot', 'claimOfThisJournal', 'slotUnjournaled']],
  acknowledge: [['entryThere', 'slotUnjournaled']],
  learn: [['ownedByThisLife', 'notGivenBack']],
  giveBack: [['journalEmpty']],
  reconcile: [
    ['leaseOfThisLife', 'entryAbsent'],
    ['entryAcknowledged', 'entryElsewhere'],
    ['lifeOver'],
    ['noAddRunning', 'unknownToRuntime'],
  ],

  // The pool's items.
  createPool: [['rangesDisjoint', 'registryUnchanged']],
  removePool: [['poolSealed', 'registryUnchanged']],
  open: [['shardOpen']],
  seal: [['slotAbsent'], ['slotFree'], ['slotHeld', 'poolDeserted']],
  sealBlock: [['blockAbsent'], ['blockFree']],
} as const;

export type Operation = keyof typeof operations;
export type Condition<O extends Operation> = (typeof operations)[O][number][number];
/** One condition of one alternative, taken away. */
export interface Removal {
  readonly operation: Operation;
  readonly alternative: number;
  readonly condition: string;
}

/** Whether `operation` may be carried out, given which of its conditions hold. */
export function permits<O extends Operation>(
  removal: Removal | undefined,
  operation: O,
  facts: Readonly<Record<Condition<O>, boolean>>,
): boolean {
  const alternatives: readonly (readonly string[])[] = operations[operation];
  const held: Readonly<Record<string, boolean>> = facts;
  return alternatives.some((alternative, index) =>
    alternative.every(
      (condition) =>
        held[condition] ||
        (removal?.operation === operation && removal.alternative === index && removal.condition === condition),
    ),
  );
}
