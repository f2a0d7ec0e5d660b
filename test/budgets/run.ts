/** `npm run budgets`: what each operation costs in DynamoDB requests and units, measured against DynamoDB Local. */
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { world } from '../functions/world.ts';
import { localTables, tables } from '../store/local-tables.ts';
import { type Costs, meterOf } from './meter.ts';
import { costOfAdd, filledPool, SLOTS } from './shared-pool.ts';

const FILLS = [0, 0.5, 0.9, 0.99];
const ALLOCATORS = [1, 8, 64];

const local = await localTables();
try {
  const client = documentClient();
  const meter = meterOf(client);
  const store = dynamodbStore(client, tables);
  console.log(`ADD in a shared pool of ${SLOTS} addresses: requests / write units / read units, mean of 64\n`);
  console.log(`| held | ${ALLOCATORS.map((count) => `${count} at once`).join(' | ')} |`);
  console.log(`|---|${ALLOCATORS.map(() => '---').join('|')}|`);
  for (const fill of FILLS) {
    const cells: string[] = [];
    const here = world(store);
    const random = (below: number) => Math.floor(Math.random() * below);
    const name = `held-${fill * 100}`;
    process.stderr.write(`filling a pool to ${fill * 100} % …\n`);
    await filledPool(here, name, fill, random);
    for (const allocators of ALLOCATORS) {
      const setting = { name, allocators };
      cells.push(text(await costOfAdd(here, here.environment({ random }), meter, setting)));
    }
    console.log(`| ${fill * 100} % | ${cells.join(' | ')} |`);
  }
} finally {
  await local.stop();
}

function text({ requests, writeUnits, readUnits }: Costs): string {
  return [requests, writeUnits, readUnits].map((value) => value.toFixed(2)).join(' / ');
}
