/**
 * Nodes die, reboot, are cut off, come back with an old disk, and are declared dead while they run; reclaimers are killed and meet;
 * writes and records of the stream are lost, doubled and late: over DynamoDB, by seeds. LESSOR_SEED is the first one.
 */
import pMap from 'p-map';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { createTables } from '../../local/aws/tables.ts';
import { type LocalTables, localTables, tableOf } from '../store/local-tables.ts';
import { memoryStore } from '../store/memory-store.ts';
import { inLong } from '../support/long.ts';
import { plainClient } from './plain-client.ts';
import { bySeed, makeRepeatable } from './repeatable.ts';
import { chaos, type Run } from './run.ts';

const FIRST = Number(process.env.LESSOR_SEED ?? 1);
const SEEDS = 20;
const OPERATIONS = 2000;
/** Seeds that are played in a pool with delegated leasing too. */
const DELEGATED = inLong(10, 2);
/** The others' tables are in memory in `npm test`: DynamoDB Local takes most of a run's time. `npm run test:long` has all of them there. */
const IN_DYNAMODB = inLong(SEEDS, 6);
/** While one waits for the database, others go on. */
const AT_ONCE = 4;

let local: LocalTables;
beforeAll(async () => {
  local = await localTables();
});
afterAll(() => local?.stop());
beforeEach(makeRepeatable);
afterEach(() => void vi.restoreAllMocks());

async function chaosOf(seed: number): Promise<Run> {
  if (seed >= FIRST + IN_DYNAMODB) return bySeed(seed, () => chaos(seed, memoryStore(), OPERATIONS));
  const tables = { pools: `Pools-${seed}`, leases: `Leases-${seed}`, history: `History-${seed}` };
  await createTables(local.endpoint, Object.values(tables).map(tableOf));
  return bySeed(seed, () => chaos(seed, dynamodbStore(plainClient(local.endpoint), tables), OPERATIONS));
}

describe('Twenty times two thousand operations', () => {
  it(`free no living address, hold none twice, and leave no orphan (seeds ${FIRST} to ${FIRST + SEEDS - 1})`, async () => {
    const seeds = Array.from({ length: SEEDS }, (_, index) => FIRST + index);
    await pMap(
      seeds,
      async (seed) => {
        const { violations, trace, count, faults, writes, ended } = await chaosOf(seed);
        process.stdout.write(
          `seed ${seed}: ${count} operations, ${writes} changes, ${ended} leases ended, ${JSON.stringify(faults)}\n`,
        );
        expect(violations, `seed ${seed}\n${trace.slice(-200).join('\n')}`).toEqual([]);
        expect(count).toBeGreaterThanOrEqual(OPERATIONS);
      },
      { concurrency: AT_ONCE },
    );
  }, 1_200_000);

  it(`nor where nodes lease by themselves although the service answers (${DELEGATED} of these seeds)`, async () => {
    for (let seed = FIRST; seed < FIRST + DELEGATED; seed += 1) {
      const run = () => chaos(seed, memoryStore(), OPERATIONS, undefined, 'delegated');
      const { violations, trace, count } = await bySeed(seed, run);
      expect(violations, `seed ${seed}\n${trace.slice(-200).join('\n')}`).toEqual([]);
      expect(count).toBeGreaterThanOrEqual(OPERATIONS);
    }
  }, 1_200_000);
});
