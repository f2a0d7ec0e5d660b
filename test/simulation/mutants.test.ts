/** That the plays of CI find mistakes out: each deliberate one, in about as many operations as CI plays. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mutant, mutants } from '../../simulation/mutants.ts';
import { playsFor } from '../../simulation/plays.ts';
import { startWorkers, type Workers } from '../../simulation/workers.ts';
import { OF_CI } from './operations.ts';

/** At a time; the other tests have the other processor. */
const PROCESSES = 1;

let workers: Workers;
beforeAll(async () => {
  workers = await startWorkers(PROCESSES);
});
afterAll(() => workers?.end());

/** Plays of its configuration, then those of CI, until one finds it; how many operations that took. */
async function findOut(mutant: string, { property, where }: Mutant): Promise<number | undefined> {
  const first = playsFor(OF_CI / 2, { names: [where] });
  const others = [...playsFor(OF_CI)].filter(({ configuration }) => configuration !== where);
  let operations = 0;
  for (const order of [...first, ...others]) {
    if (order.configuration === 'fleet') continue;
    const { run } = await workers.play({ ...order, mutant });
    operations += run.operations;
    if (run.violations.some((violation) => violation.property === property)) return operations;
  }
  return undefined;
}

describe('A run finds out', () => {
  it.each(Object.entries<Mutant>(mutants))(
    '%s',
    async (name, mutant) => {
      const operations = await findOut(name, mutant);
      process.stdout.write(`${name}: after ${operations} operations\n`);
      expect(operations, `the ${OF_CI} operations of CI did not find it as ${mutant.property}`).toBeDefined();
    },
    600_000,
  );
});
