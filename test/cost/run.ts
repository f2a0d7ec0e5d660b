/**
 * `npm run cost`: what a million pods cost, measured against DynamoDB Local. With --write, into test/cost/measured.json and docs/cost.md;
 * with --priced it measures nothing and goes by what was measured before.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { meterOf } from '../budgets/meter.ts';
import { localTables, tables } from '../store/local-tables.ts';
import { SHARDS } from './bill.ts';
import { deployment } from './deployment.ts';
import { measure } from './measured.ts';
import { batchesOf, PAGE, podsTable, readMeasured, withTables } from './page.ts';

const fresh = async () => {
  const local = await localTables();
  const client = documentClient();
  return { store: dynamodbStore(client, tables), meter: meterOf(client), stop: () => local.stop() };
};

const deployed = deployment();
const isPriced = process.argv.includes('--priced');
const measured = isPriced ? readMeasured() : await measure(fresh, batchesOf(deployed), SHARDS);
console.log(podsTable(measured, deployed).join('\n'));
if (process.argv.includes('--write')) {
  writeFileSync(new URL('./measured.json', import.meta.url), `${JSON.stringify(measured, null, 2)}\n`);
  writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), measured, deployed));
}
