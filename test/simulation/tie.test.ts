/**
 * The store of the simulation is DynamoDB's: all requests of a run, in order, come to the same in DynamoDB Local. `npm test` has a
 * sample; LESSOR_LONG=1 has more of each configuration.
 */
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { createTables } from '../../local/aws/tables.ts';
import { configurationNames } from '../../simulation/configurations.ts';
import { plainClient } from '../../simulation/plain-client.ts';
import { firstDifference, type Recorded, recordedBy } from '../../simulation/recording.ts';
import { bySeed, makeRepeatable } from '../../simulation/repeatable.ts';
import { simulate } from '../../simulation/run.ts';
import { type LocalTables, localTables, tableOf } from '../store/local-tables.ts';
import { memoryStore } from '../store/memory-store.ts';
import { withoutCondition } from '../store/without-condition.ts';
import { inLong } from '../support/long.ts';

/** Two thousand nodes ask for nothing that four do not. */
const NAMES = configurationNames.filter((name) => name !== 'fleet');
const SEEDS = inLong(2, 1);
const OPERATIONS = inLong(8_000, 2_500);
/** While one waits for the database, others go on. */
const AT_ONCE = 4;

let local: LocalTables;
let restore: () => void;
beforeAll(async () => {
  local = await localTables();
  restore = makeRepeatable();
});
afterAll(() => {
  restore?.();
  return local?.stop();
});

async function record(seed: number, configuration: (typeof NAMES)[number]): Promise<readonly Recorded[]> {
  const { store, recorded } = recordedBy(memoryStore());
  await bySeed(seed, () => simulate({ seed, configuration, operations: OPERATIONS, store }));
  return recorded;
}

describe('The requests of a run', () => {
  it('come to the same in DynamoDB as in the store of the simulation', async () => {
    const runs: { name: string; recorded: readonly Recorded[] }[] = [];
    for (const configuration of NAMES)
      for (let seed = 1; seed <= SEEDS; seed += 1)
        runs.push({ name: `${configuration}-${seed}`, recorded: await record(seed, configuration) });
    await pMap(
      runs,
      async ({ name, recorded }) => {
        const tables = { pools: `Pools-${name}`, leases: `Leases-${name}`, history: `History-${name}` };
        await createTables(local.endpoint, Object.values(tables).map(tableOf));
        const store = dynamodbStore(plainClient(local.endpoint), tables);
        expect(await firstDifference(store, recorded), name).toBeUndefined();
      },
      { concurrency: AT_ONCE },
    );
    const methods = new Set(runs.flatMap(({ recorded }) => recorded.map(({ part, method }) => `${part}.${method}`)));
    const requests = runs.reduce((sum, { recorded }) => sum + recorded.length, 0);
    process.stdout.write(`${requests} requests of ${methods.size} kinds, ${runs.length} runs\n`);
    expect(methods.size).toBeGreaterThan(30);
  }, 600_000);

  it('do not where the other store lacks a condition', async () => {
    const recorded = await record(1, 'dense');
    const broken = memoryStore(withoutCondition('slotHeld', 'release'));
    expect(String(await firstDifference(broken, recorded))).toContain('leases.release');
    expect(await firstDifference(memoryStore(), recorded)).toBeUndefined();
  });
});
