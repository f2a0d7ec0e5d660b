import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { capturedMetrics } from './metric-lines.ts';

let captured: ReturnType<typeof capturedMetrics>;
let countingRepeats: typeof import('../../../functions/metrics/store-repeats.ts').countingRepeats;
beforeAll(async () => {
  captured = capturedMetrics();
  ({ countingRepeats } = await import('../../../functions/metrics/store-repeats.ts'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** Reads an item of a table whose first `failures` answers are lost, with three attempts. */
async function readAfter(failures: number): Promise<unknown> {
  let sent = 0;
  const client = new DynamoDBClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 3,
    requestHandler: {
      handle: async () => {
        sent += 1;
        if (sent <= failures) throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
        throw Object.assign(new Error('there is no such table'), { name: 'ResourceNotFoundException' });
      },
    },
  });
  const request = new GetCommand({ TableName: 't', Key: { pk: '1' } });
  return countingRepeats(DynamoDBDocumentClient.from(client))
    .send(request)
    .catch(() => undefined);
}

const counted = () => captured.read().map(({ metric, values }) => [metric, values]);

it('counts what was sent again, and nothing where the first answer was one', async () => {
  await readAfter(0);
  expect(counted()).toEqual([]);
  await readAfter(1);
  expect(counted()).toEqual([['StoreRepeats', [1]]]);
  await readAfter(9);
  expect(counted()).toEqual([['StoreRepeats', [2]]]);
});
