/** That a run finds mistakes out: each deliberate one, by a seed, within some hundred operations. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryStore } from '../store/memory-store.ts';
import { type Mutant, mutants } from './mutants.ts';
import { bySeed, makeRepeatable } from './repeatable.ts';
import { chaos } from './run.ts';

/** Enough for what changes the order of a run: the first of these seeds that finds it is named. */
const MORE_SEEDS = 12;

beforeEach(makeRepeatable);
afterEach(() => void vi.restoreAllMocks());

describe('A chaos run finds out', () => {
  it.each(Object.entries<Mutant>(mutants))(
    '%s',
    async (_, { seed: first, within, property, broken }) => {
      for (let seed = first; seed < first + MORE_SEEDS; seed += 1) {
        const { violations } = await bySeed(seed, () => chaos(seed, memoryStore(), within, broken));
        if (violations[0]?.property === property) return;
      }
      expect.fail(`${MORE_SEEDS} seeds did not find it as ${property}`);
    },
    600_000,
  );

  it('nothing where nothing is wrong, and the same seed gives the same run', async () => {
    const once = () => bySeed(7, () => chaos(7, memoryStore(), 400));
    const [run, again] = [await once(), await once()];
    expect(run.violations).toEqual([]);
    expect(again.trace).toEqual(run.trace);
  });
});
