import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ConfigurationName, configurations, unsaid } from './configurations.ts';
import { DIRECTED, HARMLESS, mutants, unplaced } from './mutants.ts';
import { play, type Run, violationsOf } from './play.ts';

/** Enough for 5,000 operations and more of all configurations together. */
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
/** A mutant is found out by one of the first runs; so many are tried. */
const MOST_RUNS = 400;

const names = Object.keys(configurations) as ConfigurationName[];
const runs: Run[] = [];

describe('ADD, DEL and reports at once, with answers lost, requests late and doubled, and nodes that die', () => {
  it.each(names)('are linearizable: %s', async (name) => {
    for (const seed of SEEDS) {
      const run = await play(configurations[name], seed);
      runs.push(run);
      expect(violationsOf(run), `${name}, seed ${seed}`).toEqual([]);
    }
  });

  it('were 5,000 operations and more, and enough went wrong', () => {
    const sum = (of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0);
    const figures = {
      operations: sum(({ operations }) => operations),
      unanswered: sum(({ pending }) => pending),
      faults: sum(({ faults }) => Object.values(faults).reduce((all, one) => all + one, 0)),
      objects: sum(({ checked }) => checked.length),
      largestSearch: Math.max(...runs.flatMap(({ checked }) => checked.map(({ searched }) => searched))),
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect(figures.operations).toBeGreaterThanOrEqual(5000);
    expect(figures.unanswered).toBeGreaterThan(500);
    expect(figures.faults).toBeGreaterThan(2000);
  });

  it('are the same again with the same seed', async () => {
    const once = await play(configurations['block: nodes die and boot again'], 5);
    const again = await play(configurations['block: nodes die and boot again'], 5);
    expect(again).toEqual(once);
  });
});

it('a node is found out that does not say from which blocks it leases by itself', async () => {
  for (let seed = 1; seed <= MOST_RUNS; seed += 1) {
    const { remains } = await play(unsaid, seed);
    if (remains.some((text) => text.includes('with which another lives'))) return;
  }
  expect.fail(`${MOST_RUNS} runs found nothing`);
});

describe('a store is found out that lacks', () => {
  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s', async (_, { lagging, where, store }) => {
    for (let seed = 1; seed <= MOST_RUNS; seed += 1) {
      const run = await play(configurations[where], seed, { store: store(), lagging });
      if (violationsOf(run).length > 0) return;
    }
    expect.fail(`${MOST_RUNS} runs of ${where} found nothing`);
  });

  it('any condition of a slot, a block or a node, but those that change nothing', () => {
    expect(unplaced.map(({ name }) => name)).toEqual([]);
    for (const file of Object.values(DIRECTED)) expect(existsSync(file), file).toBe(true);
    expect(Object.keys(HARMLESS)).toEqual(['abort 0 generationUnchanged', 'markDead 0 nodeAlive']);
  });
});
