import { describe, expect, it } from 'vitest';
import {
  type allows,
  type SlotConditionName,
  type SlotOperation,
  slotConditions,
  slotOperations,
} from '../../core/protocol/lease.ts';
import { memoryStore } from './memory-store.ts';
import { titled } from './refusals.ts';
import { expectRefused, slotRefusals } from './slot-refusals.ts';
import { storeSuite } from './store.suite.ts';

describe('the store in memory', () => {
  const store = memoryStore();
  storeSuite(() => store);
});

/** The same conditions but one. */
const without =
  (operation: SlotOperation, alternative: number, condition: SlotConditionName): typeof allows =>
  (asked, slot, against) =>
    slotOperations[asked].some((names: readonly SlotConditionName[], index) =>
      names
        .filter((name) => asked !== operation || index !== alternative || name !== condition)
        .every((name) => slotConditions[name](slot, against)),
    );

describe('the suite finds out a store that lacks one condition', () => {
  it.each(titled(slotRefusals))('%s', async (_, refusal) => {
    const { operation, alternative, condition } = refusal;
    const broken = memoryStore(without(operation, alternative, condition));
    await expect(expectRefused(broken, refusal)).rejects.toThrow();
    await expectRefused(memoryStore(), refusal);
  });
});
