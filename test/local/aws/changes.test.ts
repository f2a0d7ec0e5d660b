/** The event source as Lambda has it: batches in order, again until the function succeeds, none lost while DynamoDB Local is down. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { followChanges } from '../../../local/aws/changes.ts';
import { type LocalDynamodb, startDynamodb } from '../../../local/aws/dynamodb.ts';
import { request } from '../../../local/aws/dynamodb-request.ts';
import type { InvocationResult } from '../../../local/aws/invocation.ts';
import { createTables } from '../../../local/aws/tables.ts';

const directory = mkdtempSync(join(tmpdir(), 'lessor-changes-test-'));
let dynamodb: LocalDynamodb;
beforeAll(async () => {
  dynamodb = await startDynamodb(directory);
  await createTables(dynamodb.endpoint, [
    {
      name: 'Leases',
      arn: 'arn:aws:dynamodb:us-east-1:000000000000:table/Leases',
      keySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      attributes: [{ AttributeName: 'pk', AttributeType: 'S' }],
      stream: 'NEW_AND_OLD_IMAGES',
    },
  ]);
});
afterAll(async () => {
  await dynamodb?.stop();
  rmSync(directory, { recursive: true });
});

interface Told {
  readonly shardId: string;
  readonly Records: readonly {
    readonly eventName: string;
    readonly dynamodb: { readonly Keys: { pk: { S: string } } };
  }[];
}
const put = (pk: string) =>
  request(dynamodb.endpoint, 'DynamoDB_20120810.PutItem', { TableName: 'Leases', Item: { pk: { S: pk } } });
const keysOf = ({ Records }: Told) => Records.map((record) => record.dynamodb.Keys.pk.S).join('');
const failed: InvocationResult = { ok: false, errorType: 'Error', errorMessage: 'it failed' };
const stateless: InvocationResult = { ok: true, payload: 'null' };
const done: InvocationResult = { ok: true, payload: '{"state":{}}' };

it('Changes are told in order, in batches, again where the function fails, and on after DynamoDB Local was down', async () => {
  const told: Told[] = [];
  const answers = [failed, stateless, done];
  for (const pk of ['a', 'b', 'c']) await put(pk);
  const changes = { table: 'Leases', function: 'changes', batchSize: 2, hasWindow: true };
  const follower = followChanges(dynamodb.endpoint, changes, async (event) => {
    told.push(event as Told);
    return answers.shift() ?? done;
  });
  await vi.waitFor(() => expect(told.map(keysOf)).toEqual(['ab', 'ab', 'ab', 'c']), { timeout: 20_000 });
  expect(new Set(told.map(({ shardId }) => shardId)).size).toBe(1);
  expect(told[0]?.Records[0]).toMatchObject({
    eventName: 'INSERT',
    eventSourceARN: expect.stringContaining('table/Leases/stream/'),
    dynamodb: { NewImage: { pk: { S: 'a' } }, SequenceNumber: expect.stringMatching(/^\d+$/) },
  });
  await dynamodb.stop();
  await dynamodb.start();
  await put('d');
  await vi.waitFor(() => expect(told.map(keysOf).slice(4)).toEqual(['d']), { timeout: 20_000 });
  await follower.stop();
  await put('e');
  const again = followChanges(dynamodb.endpoint, changes, async (event) => {
    told.push(event as Told);
    return done;
  });
  await vi.waitFor(() => expect(told.map(keysOf).slice(5)).toEqual(['ab', 'cd', 'e']), { timeout: 20_000 });
  await again.stop();
});

it('Changes that a filter leaves out are passed over; without a window no shard is named, and no state asked for', async () => {
  const told: Told[] = [];
  for (const pk of ['x1', 'y1', 'y2', 'x2']) await put(pk);
  const isTold = (record: unknown) =>
    keysOf({ shardId: '', Records: [record as Told['Records'][number]] }).startsWith('x');
  const changes = { table: 'Leases', function: 'changes', batchSize: 1, hasWindow: false, isTold };
  const follower = followChanges(dynamodb.endpoint, changes, async (event) => {
    told.push(event as Told);
    return stateless;
  });
  await vi.waitFor(() => expect(told.map(keysOf)).toEqual(['x1', 'x2']), { timeout: 20_000 });
  expect(told.map(({ shardId }) => shardId)).toEqual([undefined, undefined]);
  await follower.stop();
});
