/** The order of docs/import.md: no two pods ever have one address, whatever begins and ends meanwhile. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Broken, moved, type Step, steps } from './move.ts';

/** Pods on each node, before and while all nodes but one are switched, one after the other. */
const busy: Step[] = [0, 1].flatMap((node): Step[] => [
  { does: 'begin', node: 0, isSeen: true },
  { does: 'begin', node: 1, isSeen: false },
  { does: 'begin', node: 2, isSeen: true },
  { does: 'switch', node },
  { does: 'begin', node, isSeen: true },
]);

describe('A cluster that moves node by node', () => {
  test('has no address twice', { timeout: 60_000 }, async () => {
    const each = fc.asyncProperty(steps, async (all) => {
      expect(await moved(all)).toEqual([]);
    });
    await fc.assert(each, { numRuns: 12, examples: [[busy]], seed: 44 });
  });

  test.each<Broken>(['nothing is excluded', 'joined before the last node', 'imported before the switch only'])(
    'has one twice where the order is broken: %s',
    { timeout: 60_000 },
    async (broken) => {
      expect(await moved(busy, broken)).not.toEqual([]);
    },
  );
});
