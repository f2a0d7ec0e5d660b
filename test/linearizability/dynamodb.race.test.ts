import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { slotExpressions } from '../../functions/store/expressions.ts';
import { createTables } from '../../local/aws/tables.ts';
import { type LocalTables, localTables, tableOf } from '../store/local-tables.ts';
import { type ConfigurationName, configurations } from './configurations.ts';
import { play, type Run, violationsOf } from './play.ts';
import { realTurns } from './real-turns.ts';
import { stormClient, UNHURRIED } from './storm-client.ts';

const SEEDS = [1, 2];
const names: ConfigurationName[] = [
  'shared: a few slots',
  'shared: machines with the same random numbers',
  'shared: nodes die and boot again',
  'shared: identities',
  'block: blocks that cool',
  'block: nodes die and boot again',
];

let local: LocalTables;
beforeAll(async () => {
  local = await localTables();
});
afterAll(() => local?.stop());

let runs = 0;

async function playInDynamodb(name: ConfigurationName, seed: number): Promise<Run> {
  runs += 1;
  const tables = { pools: `Pools-${runs}`, leases: `Leases-${runs}`, history: `History-${runs}` };
  await createTables(local.endpoint, Object.values(tables).map(tableOf));
  return play(configurations[name], seed, {
    store: dynamodbStore(documentClient(UNHURRIED), tables),
    storm: (sky) => dynamodbStore(stormClient(sky), tables),
    turnsOf: realTurns,
  });
}

describe('ADD, DEL and reports at once, with requests to DynamoDB lost, late, doubled and throttled', () => {
  it.each(names)('are linearizable: %s', async (name) => {
    for (const seed of SEEDS) {
      const run = await playInDynamodb(name, seed);
      const figures = `${run.operations} operations, ${run.pending} never answered, ${JSON.stringify(run.faults)}`;
      process.stdout.write(`${name}: ${figures}\n`);
      expect(violationsOf(run)).toEqual([]);
    }
  });

  it('are found out where a held slot is given to the next', async () => {
    const { slotFree } = slotExpressions;
    slotExpressions.slotFree = `(${slotFree} OR attribute_exists(pk))`;
    try {
      for (let seed = 1; seed <= 20; seed += 1)
        if (violationsOf(await playInDynamodb('shared: a few slots', seed)).length > 0) return;
    } finally {
      slotExpressions.slotFree = slotFree;
    }
    expect.fail('20 runs found nothing');
  });
});
