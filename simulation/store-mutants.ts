/** Stores without one of the conditions of their writes: each of a slot, a block and a node, in each alternative. */
import { blockOperations } from '../core/protocol/block.ts';
import { slotOperations } from '../core/protocol/lease.ts';
import { identityOperations } from '../test/store/identity-conditions.ts';
import { memoryStore } from '../test/store/memory-store.ts';
import { nodeOperations } from '../test/store/node-conditions.ts';
import {
  withoutBlockCondition,
  withoutCondition,
  withoutIdentityCondition,
  withoutNodeCondition,
} from '../test/store/without-condition.ts';
import type { Broken } from './stage.ts';

function eachOf<Operation extends string, Name extends string>(
  operations: Readonly<Record<Operation, readonly (readonly Name[])[]>>,
  store: (name: Name, operation: Operation, alternative: number) => NonNullable<Broken['store']>,
): [string, Broken][] {
  return (Object.keys(operations) as Operation[]).flatMap((operation) =>
    operations[operation].flatMap((names, alternative) =>
      names.map((condition): [string, Broken] => [
        `${operation} ${alternative} ${condition}`,
        { store: store(condition, operation, alternative), lagging: [operation] },
      ]),
    ),
  );
}

/** By operation, alternative and condition: `hold 1 slotFree`. The write that lacks it is often late or doubled. */
export const storesWithout: Readonly<Record<string, Broken>> = Object.fromEntries([
  ...eachOf(
    slotOperations,
    (...lacks) =>
      () =>
        memoryStore(withoutCondition(...lacks)),
  ),
  ...eachOf(
    blockOperations,
    (...lacks) =>
      () =>
        memoryStore(undefined, { blocks: withoutBlockCondition(...lacks) }),
  ),
  ...eachOf(
    nodeOperations,
    (...lacks) =>
      () =>
        memoryStore(undefined, { nodes: withoutNodeCondition(...lacks) }),
  ),
  ...eachOf(
    identityOperations,
    (...lacks) =>
      () =>
        memoryStore(undefined, { identities: withoutIdentityCondition(...lacks) }),
  ),
]);
