/** The store's decision without one condition: a store that decides so must be found out. */
import {
  type BlockConditionName,
  type BlockOperation,
  type blockAllows,
  blockConditions,
  blockOperations,
} from '../../core/protocol/block.ts';
import {
  type allows,
  type SlotConditionName,
  type SlotOperation,
  slotConditions,
  slotOperations,
} from '../../core/protocol/lease.ts';
import {
  type IdentityConditionName,
  type IdentityOperation,
  type identityAllows,
  identityConditions,
  identityOperations,
} from './identity-conditions.ts';
import {
  type NodeConditionName,
  type NodeOperation,
  type nodeAllows,
  nodeConditions,
  nodeOperations,
} from './node-conditions.ts';

/** @param alternative which of the operation's alternatives lacks the condition; each of them if left out */
export const withoutCondition = (
  condition: SlotConditionName,
  operation: SlotOperation,
  alternative?: number,
): typeof allows => {
  const lacks = lacking(condition, operation, alternative);
  return (asked, slot, against) =>
    slotOperations[asked].some((names: readonly SlotConditionName[], index) =>
      names.every((name) => lacks(asked, index, name) || slotConditions[name](slot, against)),
    );
};

export const withoutBlockCondition = (
  condition: BlockConditionName,
  operation: BlockOperation,
  alternative?: number,
): typeof blockAllows => {
  const lacks = lacking(condition, operation, alternative);
  return (asked, block, generation = 0) =>
    blockOperations[asked].some((names: readonly BlockConditionName[], index) =>
      names.every((name) => lacks(asked, index, name) || blockConditions[name](block, generation)),
    );
};

export const withoutNodeCondition = (
  condition: NodeConditionName,
  operation: NodeOperation,
  alternative?: number,
): typeof nodeAllows => {
  const lacks = lacking(condition, operation, alternative);
  return (asked, node, against) =>
    nodeOperations[asked].some((names: readonly NodeConditionName[], index) =>
      names.every((name) => lacks(asked, index, name) || nodeConditions[name](node, against)),
    );
};

export const withoutIdentityCondition = (
  condition: IdentityConditionName,
  operation: IdentityOperation,
  alternative?: number,
): typeof identityAllows => {
  const lacks = lacking(condition, operation, alternative);
  return (asked, item, against) =>
    identityOperations[asked].some((names: readonly IdentityConditionName[], index) =>
      names.every((name) => lacks(asked, index, name) || identityConditions[name](item, against)),
    );
};

const lacking =
  (condition: string, operation: string, alternative: number | undefined) =>
  (asked: string, index: number, name: string): boolean =>
    name === condition && asked === operation && (alternative ?? index) === index;
