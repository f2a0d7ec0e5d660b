/** A store without one of its named conditions, each of them: where it is found out. */
import { blockOperations } from '../../core/protocol/block.ts';
import { slotOperations } from '../../core/protocol/lease.ts';
import type { Store } from '../../core/store.ts';
import { identityOperations } from '../store/identity-conditions.ts';
import { memoryStore } from '../store/memory-store.ts';
import { nodeOperations } from '../store/node-conditions.ts';
import {
  withoutBlockCondition,
  withoutCondition,
  withoutIdentityCondition,
  withoutNodeCondition,
} from '../store/without-condition.ts';
import type { ConfigurationName } from './configurations.ts';

export interface Mutant {
  /** Operation, alternative, condition: `hold 1 slotFree`. */
  readonly name: string;
  /** The operation that lacks it: it is often held back there. */
  readonly lagging: readonly string[];
  readonly where: ConfigurationName;
  readonly store: () => Store;
}

/** Conditions without which nothing that is seen is wrong, and why. */
export const HARMLESS: Readonly<Record<string, string>> = {
  'abort 0 generationUnchanged':
    'a late one ends a later fence of the block without need, at that fence’s own generation: its owner keeps the block, or the reclaim begins again',
  'markDead 0 nodeAlive':
    'the mark of a life that is marked already is written again: the item is what it was, and nobody asks whether it was written',
};

const LATE_ENDS = 'test/linearizability/late-ends.race.test.ts';

/** What chance finds too seldom, and the test that tells it step by step. */
export const DIRECTED: Readonly<Record<string, string>> = {
  'abort 0 blockReleasing': LATE_ENDS,
  'finish 0 blockReleasing': LATE_ENDS,
  'finish 0 generationUnchanged': LATE_ENDS,
  ...Object.fromEntries(
    slotOperations.assert.flatMap((names, alternative) =>
      names.map((name) => [`assert ${alternative} ${name}`, 'test/functions/use-cases/leases/assert-lease.test.ts']),
    ),
  ),
  'forget 0 sameToken': 'test/store/identities.suite.ts',
  'hold 4 incarnationNotNewer': 'test/functions/use-cases/add/repeat-in-a-later-life.test.ts',
};

const died = 'block: nodes die and boot again';
const wrong = 'shared: nodes are given up wrongly';
const back = 'shared: a container that comes back';
const twins = 'shared: machines with the same random numbers';
const twice = 'shared: one nonce twice on a node';
const few = 'shared: a few slots';
const forgotten = 'shared: a journal is lost';
const given = 'block: one block, given back and forth';

const WHERE: Readonly<Record<string, ConfigurationName>> = {
  'hold 0 slotAbsent': few,
  'hold 1 slotFree': few,
  'hold 1 slotCooled': few,
  'hold 1 generationNotNewer': died,
  'hold 2 slotFree': 'shared: sticky',
  'hold 2 samePod': 'shared: sticky',
  'hold 2 generationNotNewer': 'shared: the pool is deleted',
  'hold 3 slotFree': forgotten,
  'hold 3 sameOwner': few,
  'hold 3 sameNode': twins,
  'hold 3 otherNonce': back,
  'hold 3 generationNotNewer': given,
  'hold 4 slotHeld': back,
  'hold 4 sameOwner': twice,
  'hold 4 sameNonce': forgotten,
  'hold 4 sameNode': twins,
  'release 0 slotHeld': few,
  'release 0 sameOwner': twice,
  'release 0 sameNode': twins,
  'release 0 sameNonce': back,
  'sweep 0 slotHeld': 'shared: nodes die and boot again',
  'sweep 0 sameNode': 'shared: nodes die and boot again',
  'sweep 0 incarnationNotNewer': 'shared: nodes die and boot again',
  'advance 0 slotAbsent': given,
  'advance 1 slotFree': given,
  'advance 1 generationOlder': died,
  'evict 0 slotHeld': 'block: nodes are given up wrongly',
  'evict 0 generationOlder': died,
  'claim 0 blockAbsent': 'block: two nodes',
  'claim 1 blockFree': 'block: two nodes',
  'takeUp 0 generationUnchanged': 'block: one block, and nodes that die',
  'fence 0 generationUnchanged': died,
  'seal 0 blockAbsent': 'block: the pool is deleted',
  'seal 1 blockFree': 'block: the pool is deleted',
  'join 0 nodeAbsent': 'shared: nodes die and boot again',
  'join 1 nodeAlive': wrong,
  'join 1 sameBoot': 'shared: nodes die and boot again',
  'beginLife 0 sameIncarnation': wrong,
  'markDead 0 sameIncarnation': 'shared: nodes die and boot again',
  'point 0 identityAbsent': 'shared: identities',
  'point 1 sameToken': 'shared: identities',
};

function eachOf<Operation extends string, Name extends string>(
  operations: Readonly<Record<Operation, readonly (readonly Name[])[]>>,
  store: (name: Name, operation: Operation, alternative: number) => Store,
): (Omit<Mutant, 'where'> & { readonly where: ConfigurationName | undefined })[] {
  return (Object.keys(operations) as Operation[]).flatMap((operation) =>
    operations[operation].flatMap((names, alternative) =>
      names.map((condition) => {
        const name = `${operation} ${alternative} ${condition}`;
        return {
          name,
          lagging: [operation],
          where: WHERE[name],
          store: () => store(condition, operation, alternative),
        };
      }),
    ),
  );
}

const all = [
  ...eachOf(slotOperations, (...lacks) => memoryStore(withoutCondition(...lacks))),
  ...eachOf(blockOperations, (...lacks) => memoryStore(undefined, { blocks: withoutBlockCondition(...lacks) })),
  ...eachOf(nodeOperations, (...lacks) => memoryStore(undefined, { nodes: withoutNodeCondition(...lacks) })),
  ...eachOf(identityOperations, (...lacks) =>
    memoryStore(undefined, { identities: withoutIdentityCondition(...lacks) }),
  ),
];

/** Every condition of a slot, a block or a node is here, or is among `DIRECTED` or `HARMLESS`. */
export const mutants: readonly Mutant[] = all.flatMap(({ where, ...mutant }) =>
  where === undefined ? [] : [{ ...mutant, where }],
);
export const unplaced = all.filter(
  ({ name, where }) => where === undefined && !(name in HARMLESS) && !(name in DIRECTED),
);
