/** The store's decision without one condition: a store that decides so must be found out. */
import {
  type allows,
  type SlotConditionName,
  type SlotOperation,
  slotConditions,
  slotOperations,
} from '../../core/protocol/lease.ts';

/** @param alternative which of the operation's alternatives lacks the condition; each of them if left out */
export const withoutCondition =
  (condition: SlotConditionName, operation: SlotOperation, alternative?: number): typeof allows =>
  (asked, slot, against) =>
    slotOperations[asked].some((names: readonly SlotConditionName[], index) =>
      names
        .filter((name) => name !== condition || asked !== operation || (alternative ?? index) !== index)
        .every((name) => slotConditions[name](slot, against)),
    );
