/** Of a local stack: hours that have gone since the recount, and weeks in which a pool was sampled. */
import { expect, vi } from 'vitest';
import type { UseSample } from '../../../core/protocol/history.ts';
import { historyKeys } from '../../../functions/store/history-items.ts';
import { request } from '../../../local/aws/dynamodb-request.ts';
import type { LocalStack } from '../../../local/stack/stack.ts';

const HOUR_MS = 3_600_000;

const dynamodb = (stack: LocalStack, operation: string, body: object) =>
  request(stack.dynamodb.endpoint, `DynamoDB_20120810.${operation}`, body);

/** As the template calls it. */
async function tableOf(stack: LocalStack, name: RegExp): Promise<string> {
  const { TableNames } = (await dynamodb(stack, 'ListTables', {})) as { TableNames: string[] };
  const found = TableNames.find((one) => name.test(one));
  if (found === undefined) throw new Error(`No table is called ${name}: ${TableNames.join()}`);
  return found;
}

/** Lets an hour have gone since each pool was recounted, of which so many counters are there. */
export async function countersDue(stack: LocalStack, counters: number): Promise<void> {
  const TableName = await tableOf(stack, /pools/i);
  const read = async () => {
    const { Items } = (await dynamodb(stack, 'Scan', { TableName })) as { Items: { pk: { S: string }; sk: object }[] };
    return Items.filter(({ pk }) => pk.S === 'U');
  };
  await vi.waitFor(async () => expect(await read()).toHaveLength(counters), { timeout: 20_000 });
  for (const { pk, sk } of await read())
    await dynamodb(stack, 'UpdateItem', {
      TableName,
      Key: { pk, sk },
      UpdateExpression: 'SET rcAt = :at',
      ExpressionAttributeValues: { ':at': { N: '0' } },
    });
}

/** The samples of a pool, as they lie in the table. */
export async function samplesOf(stack: LocalStack, pool: string): Promise<(UseSample & { readonly ttl: number })[]> {
  const { Items } = (await dynamodb(stack, 'Query', {
    TableName: await tableOf(stack, /history/i),
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: historyKeys.use(pool) } },
  })) as { Items: Record<'at' | 'taken' | 'capacity' | 'ttl', { N: string }>[] };
  return Items.map(({ at, taken, capacity, ttl }) => ({
    at: Number(at.N),
    taken: Number(taken.N),
    capacity: Number(capacity.N),
    ttl: Number(ttl.N),
  }));
}

/** A sample for every second hour of the last weeks, until an hour ago. */
export async function sampledBefore(
  stack: LocalStack,
  pool: string,
  { days, taken }: { days: number; taken: (daysAgo: number) => number },
): Promise<void> {
  const last = Math.floor(Date.now() / HOUR_MS) - 1;
  const puts = Array.from({ length: days * 12 }, (_, index) => {
    const at = (last - 2 * index) * HOUR_MS;
    const numbers = {
      at,
      taken: Math.round(taken(index / 12)),
      capacity: 100,
      ttl: Math.ceil(Date.now() / 1000) + 86_400,
    };
    const fields = Object.entries(numbers).map(([name, value]) => [name, { N: String(value) }]);
    const keys = { pk: { S: historyKeys.use(pool) }, sk: { S: historyKeys.from(at) } };
    return { PutRequest: { Item: { ...keys, ...Object.fromEntries(fields) } } };
  });
  const TableName = await tableOf(stack, /history/i);
  // As many as a request takes.
  for (let first = 0; first < puts.length; first += 25)
    await dynamodb(stack, 'BatchWriteItem', { RequestItems: { [TableName]: puts.slice(first, first + 25) } });
}
