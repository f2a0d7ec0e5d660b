/** That the plays of CI find mistakes out: each deliberate one, among as many operations as CI plays. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mutant, mutants } from '../../simulation/mutants.ts';
import { type PlayOrder, playsFor } from '../../simulation/plays.ts';
import { startWorkers, type Workers } from '../../simulation/workers.ts';
import { OF_CI } from './operations.ts';

/** At a time; the other tests have the other processor. */
const PROCESSES = 1;

let workers: Workers;
beforeAll(async () => {
  workers = await startWorkers(PROCESSES);
});
afterAll(() => workers?.end());

/** The plays of CI, those of its configuration first, until one finds it; how many operations that took. */
async function findOut(mutant: string, { property, where }: Mutant): Promise<number | undefined> {
  const all = [...playsFor(OF_CI)];
  const isFirst = ({ configuration }: PlayOrder) => configuration === where;
  let operations = 0;
  for (const order of [...all.filter(isFirst), ...all.filter((one) => !isFirst(one))]) {
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
