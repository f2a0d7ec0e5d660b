import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { createTables } from '../../local/aws/tables.ts';
import { type LocalTables, localTables, tableOf } from '../store/local-tables.ts';
import { type ConfigurationName, configurations } from './configurations.ts';
import { play, violationsOf } from './play.ts';
import { realTurns } from './real-turns.ts';
import { stormClient } from './storm-client.ts';

const SEEDS = [1, 2];
const names: ConfigurationName[] = [
  'shared: a few slots',
  'shared: machines with the same random numbers',
  'shared: nodes die and boot again',
  'block: blocks that cool',
  'block: nodes die and boot again',
];

let local: LocalTables;
beforeAll(async () => {
  local = await localTables();
});
afterAll(() => local?.stop());

describe('ADD, DEL and reports at once, with requests to DynamoDB lost, late, doubled and throttled', () => {
  it.each(names)('are linearizable: %s', async (name) => {
    for (const seed of SEEDS) {
      const tables = { pools: `Pools-${names.indexOf(name)}-${seed}`, leases: `Leases-${names.indexOf(name)}-${seed}` };
      await createTables(local.endpoint, Object.values(tables).map(tableOf));
      const run = await play(configurations[name], seed, {
        store: dynamodbStore(documentClient(), tables),
        storm: (sky) => dynamodbStore(stormClient(sky), tables),
        turnsOf: realTurns,
      });
      process.stdout.write(
        `${name}: ${run.operations} operations, ${run.pending} never answered, ${JSON.stringify(run.faults)}\n`,
      );
      expect(violationsOf(run)).toEqual([]);
    }
  });
});
