import { describe, expect, it } from 'vitest';
import { memoryStore } from './memory-store.ts';
import { titled } from './refusals.ts';
import { expectRefused, slotRefusals } from './slot-refusals.ts';
import { storeSuite } from './store.suite.ts';
import { withoutCondition } from './without-condition.ts';

describe('the store in memory', () => {
  const store = memoryStore();
  storeSuite(() => store);
});

describe('the suite finds out a store that lacks one condition', () => {
  it.each(titled(slotRefusals))('%s', async (_, refusal) => {
    const { operation, alternative, condition } = refusal;
    const broken = memoryStore(withoutCondition(condition, operation, alternative));
    await expect(expectRefused(broken, refusal)).rejects.toThrow();
    await expectRefused(memoryStore(), refusal);
  });
});
