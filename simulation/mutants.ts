/** Deliberate mistakes, each in place of one decision of the product: a run has to find every one of them out. */
import { routes } from '../core/contract/routes.ts';
import { allows, type SlotOperation, type SlotState } from '../core/protocol/lease.ts';
import type { Store } from '../core/store.ts';
import { addressHistory } from '../functions/use-cases/questions/address-history.ts';
import { reclaim } from '../functions/use-cases/reclaim/reclaim.ts';
import { memoryStore } from '../test/store/memory-store.ts';
import { withoutCondition } from '../test/store/without-condition.ts';
import { forgetsReleases, takesUsedSlots, tellsNothingTaken } from './broken-delegation.ts';
import {
  freesAfterAWhile,
  freesSilentNodes,
  givesAnySlot,
  releasesByContainer,
  releasesByPodName,
  sweepsAnyLife,
} from './broken-use-cases.ts';
import type { ConfigurationName } from './configurations.ts';
import { laggingIn } from './identity-mutants.ts';
import type { Broken } from './stage.ts';
import { storesWithout } from './store-mutants.ts';
import { found } from './verdicts.ts';
import type { Violation } from './witness.ts';

export interface Mutant {
  readonly broken: Broken;
  /** As which a run finds it out, and where it is looked for first. */
  readonly property: Violation['property'];
  readonly where: ConfigurationName;
  /** The seed and the length of a play that finds it. */
  readonly seed?: number;
  readonly operations?: number;
}

const TTL_MS = 10 * 60_000;

const permitting =
  (permits: (operation: SlotOperation, slot: SlotState | undefined) => boolean): NonNullable<Broken['store']> =>
  () =>
    memoryStore((operation, slot, against) => permits(operation, slot) || allows(operation, slot, against));

const lacking =
  (...lacks: Parameters<typeof withoutCondition>): NonNullable<Broken['store']> =>
  () =>
    memoryStore(withoutCondition(...lacks));

/** Items with a time to live: what was leased so long ago is not there any more. */
const forgetful: NonNullable<Broken['store']> = (_, now) => {
  const unexpired = (slot: SlotState | undefined) =>
    slot !== undefined && now() - (slot.holding?.heldAt ?? now()) > TTL_MS ? undefined : slot;
  const store = memoryStore((operation, slot, against) => allows(operation, unexpired(slot), against));
  const readBlock: Store['leases']['readBlock'] = async (key) =>
    new Map([...(await store.leases.readBlock(key))].filter(([, slot]) => unexpired(slot) !== undefined));
  return { ...store, leases: { ...store.leases, readBlock } };
};

const freedBeforeItsSlots: NonNullable<Broken['requests']> = (base) => ({
  ...base,
  blocks: {
    ...base.blocks,
    async fence(key, generation, forced) {
      const fenced = await base.blocks.fence(key, generation, forced);
      if (fenced) await base.blocks.finish(key, generation + 1);
      return fenced;
    },
  },
});

/** Whoever is in the list of deaths is dead, whether or not that was ever confirmed. */
const onSuspicion: typeof reclaim = (deps, call) => {
  const { nodes } = deps.store;
  const suspicious: Store['nodes'] = {
    ...nodes,
    async readNode(id) {
      const { diedAt: _, ...node } = (await nodes.readNode(id)) ?? {};
      return 'id' in node ? { ...node, alive: false } : undefined;
    },
  };
  return reclaim({ ...deps, store: { ...deps.store, nodes: suspicious } }, call);
};

const nobodysIfUnknown: typeof addressHistory = async (deps, query) => {
  const answer = await addressHistory(deps, query);
  return answer.state === 'unknown' ? { ...answer, state: 'free' } : answer;
};

const foundAs = (property: Mutant['property'], broken: Broken, where: ConfigurationName = 'dense'): Mutant => ({
  ...{ property, broken, where },
});
const FREED = 'living address freed';
const IN_ANOTHERS = 'held in a block of another';
const TWICE = 'address held twice';
const TOO_SOON_AGAIN = 'address again too soon';
const TOO_SOON = 'block freed before its slots';

/** What other systems do, and what this one did. */
const decisions = {
  'no nonce: a release means the container, and not which of its leases': foundAs(
    FREED,
    { answers: new Map([[routes.release, releasesByContainer]]) },
    'given-up',
  ),
  'no generation: a request of before a block was fenced holds one of its slots': foundAs(IN_ANOTHERS, {
    store: lacking('generationNotNewer', 'hold'),
    lagging: ['hold'],
  }),
  'a list as evidence: an instance that is missing on a page is no more': foundAs(FREED, {
    evidence: ({ isOurs, state }) => isOurs && (state === undefined || state === 'terminated'),
  }),
  'not-found of another account as evidence': foundAs(FREED, {
    evidence: ({ isWhole, state }) => state === 'terminated' || (isWhole && state === undefined),
  }),
  'mode from arguments: whether a block is its node’s only is not looked up, but taken from how the request asks':
    foundAs(IN_ANOTHERS, { answers: new Map([[routes.allocate, givesAnySlot]]) }),
  'TTL on slots: a lease is forgotten when it is old': foundAs(FREED, { store: forgetful }),
  'time as fence: some time after a death its blocks are free, whatever is on its way': foundAs(TOO_SOON, {
    reclaim: freesAfterAWhile,
  }),
  'silence as evidence: a node that was not heard of for 20 minutes is dead': foundAs(FREED, {
    reclaim: freesSilentNodes,
  }),
  'reclaim on suspicion: a death that was never confirmed counts': foundAs(FREED, { reclaim: onSuspicion }),
  'a sweep that does not compare the life': foundAs(FREED, { reclaim: sweepsAnyLife }),
  'a blind Put: an ADD holds whatever slot it comes to': foundAs(FREED, {
    store: permitting((operation) => operation === 'hold'),
  }),
  'a release by address: whoever holds it': foundAs(FREED, {
    store: permitting((operation, slot) => operation === 'release' && slot?.held === true),
    lagging: ['release'],
  }),
  'a release by name: of every lease of a pod of that name': foundAs(FREED, {
    answers: new Map([[routes.release, releasesByPodName]]),
  }),
  'a block that is free before its slots are passed': foundAs(TOO_SOON, { requests: freedBeforeItsSlots }),
  'TTL on history read as truth: what is not there any more was nobody’s': foundAs('history', {
    whoHad: nobodysIfUnknown,
  }),
  'a slot that cools is held by anybody': foundAs(TOO_SOON_AGAIN, { store: lacking('slotCooled', 'hold', 1) }),
  'a slot that cools is held by any pod where the pool is sticky': foundAs(
    TOO_SOON_AGAIN,
    { store: lacking('samePod', 'hold') },
    'dual-stack',
  ),
  'a batch says that leases are over, and forgets them': foundAs(
    'node',
    { answers: new Map([[routes.batch, forgetsReleases]]) },
    'delegated',
  ),
  'a node is not told which slots of a block that is news to it still cool': foundAs(
    TOO_SOON_AGAIN,
    { answers: new Map([[routes.allocate, tellsNothingTaken]]) },
    'tiny',
  ),
  'a node takes slots that its containers have': foundAs(TWICE, { journal: takesUsedSlots }, 'delegated'),
  'a node that boots again leases from the blocks of its earlier boot': foundAs(TWICE, { isBootSeen: false }, 'scarce'),
} satisfies Readonly<Record<string, Mutant>>;

/** What is no store is an edit of the source, which the worker has behind a switch. */
export const brokenBy = (name: string): Broken => storesWithout[name] ?? { lagging: laggingIn(name) };

/** Each condition and decision that is found out: of the store, the service and the node. */
const conditions = Object.fromEntries(
  Object.entries(found).map(([name, { as: property, ...play }]): [string, Mutant] => [
    name,
    { broken: brokenBy(name), property, ...play },
  ]),
);

export const mutants: Readonly<Record<string, Mutant>> = { ...decisions, ...conditions };
