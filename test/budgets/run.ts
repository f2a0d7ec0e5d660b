/** `npm run budgets`: what each operation costs in DynamoDB requests and units, measured against DynamoDB Local. */
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { world } from '../functions/world.ts';
import { localTables, tables } from '../store/local-tables.ts';
import { ADDS, type Affinity, chance, costOfAdd, environments, filledPool, SLOTS } from './cost-of-add.ts';
import { type Costs, meterOf } from './meter.ts';
import { operations } from './operations.ts';

/** At 99 % there would be fewer free blocks than nodes that want one. */
const FILLS: Record<Affinity, number[]> = { shared: [0, 0.5, 0.9, 0.99], node: [0, 0.5, 0.9] };
const ALLOCATORS = [1, 8, 64];
const TITLES: Record<Affinity, string> = {
  shared: 'slots of a shared pool are held',
  node: 'blocks of a pool with node affinity belong to others',
};

const local = await localTables();
try {
  const client = documentClient();
  const meter = meterOf(client);
  const store = dynamodbStore(client, tables);
  // What the others do is not counted.
  const unmetered = dynamodbStore(documentClient(), tables);
  console.log('Requests / write units / read units.\n\n| operation | cost |\n|---|---|');
  for await (const [operation, costs] of operations(store, meter)) console.log(`| ${operation} | ${text(costs, 0)} |`);
  const inOneEnvironment: string[] = [];
  for (const affinity of ['shared', 'node'] as const) {
    console.log(`\nADD, mean of ${ADDS}, where so many of the ${TITLES[affinity]} (${SLOTS} addresses):\n`);
    console.log(`| | ${ALLOCATORS.map((count) => `${count} at once`).join(' | ')} |`);
    console.log(`|---|${ALLOCATORS.map(() => '---').join('|')}|`);
    for (const fill of FILLS[affinity]) {
      const here = world(unmetered);
      const random = chance(1);
      const name = `${affinity}-${fill * 100}`;
      process.stderr.write(`filling a pool to ${fill * 100} % …\n`);
      const others = await filledPool(here, name, { affinity, fill, random });
      const cost = async (allocators: number, count: number) => {
        const environment = environments(here, count, { store, random });
        const prefix = `${name}-${allocators}-${count}`;
        return text(await costOfAdd(here, meter, { name, prefix, allocators, others, environment }), 2);
      };
      const cells: string[] = [];
      for (const allocators of ALLOCATORS) cells.push(await cost(allocators, allocators));
      console.log(`| ${fill * 100} % | ${cells.join(' | ')} |`);
      if (affinity === 'shared') inOneEnvironment.push(`${fill * 100} %: ${await cost(64, 1)}`);
    }
  }
  console.log(`\nShared pool, 64 at once in one environment: ${inOneEnvironment.join(', ')}`);
} finally {
  await local.stop();
}

function text({ requests, writeUnits, readUnits }: Costs, digits: number): string {
  return [requests, writeUnits, readUnits].map((value) => value.toFixed(digits)).join(' / ');
}
