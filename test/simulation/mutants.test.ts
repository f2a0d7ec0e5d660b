/** That plays find mistakes out: each deliberate one by the play that is noted for it, or by one of the next few seeds. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutantTable, unsaid } from '../../simulation/mutant-table.ts';
import { type Mutant, mutants } from '../../simulation/mutants.ts';
import { playsFor } from '../../simulation/plays.ts';
import { startWorkers, type Workers } from '../../simulation/workers.ts';
import { OF_CI } from './operations.ts';

/** At a time: these take the longest of all, and may be what is left in the end. */
const PROCESSES = 2;
/** Of a configuration. What is in the product by now may have moved the play that found it. */
const SEEDS = 8;
const OPERATIONS = 15_000;

let workers: Workers;
beforeAll(async () => {
  workers = await startWorkers(PROCESSES);
});
afterAll(() => workers?.end());

/** How many operations it took until one finds it. */
async function findOut(mutant: string, play: Mutant): Promise<number | undefined> {
  const { where, seed: first = 1, operations: length = OPERATIONS } = play;
  let operations = 0;
  const seeds = Array.from({ length: SEEDS }, (_, index) => first + index);
  const own = seeds.map((seed) => ({ seed, configuration: where, operations: length }));
  const others = [...playsFor(OF_CI)].filter(({ configuration }) => ![where, 'fleet'].includes(configuration));
  for (const order of [...own, ...others]) {
    const { run } = await workers.play({ ...order, mutant });
    operations += run.operations;
    // Another property than the one that was seen first says as much.
    if (run.violations.length > 0) return operations;
  }
  return undefined;
}

describe.concurrent('A run finds out', () => {
  it.each(Object.entries<Mutant>(mutants))(
    '%s',
    async (name, mutant) => {
      const operations = await findOut(name, mutant);
      process.stdout.write(`${name}: after ${operations} operations\n`);
      expect(operations, 'no play found it').toBeDefined();
    },
    600_000,
  );
});

describe('docs/simulation.md', () => {
  it('says of each condition and decision by which play it is found out, or why by none', () => {
    expect(unsaid()).toEqual([]);
    expect(readFileSync(new URL('../../docs/simulation.md', import.meta.url), 'utf8')).toContain(mutantTable());
  });
});
