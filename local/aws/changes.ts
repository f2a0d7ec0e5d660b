/** A Lambda event source: tells a function the changes of a table, a batch of one shard at a time, in order and until it succeeds. */
import { setTimeout as delay } from 'node:timers/promises';
import { request } from './dynamodb-request.ts';
import type { InvocationResult } from './invocation.ts';

/** A table whose changes a function is told. */
export interface ChangesDefinition {
  readonly table: string;
  readonly function: string;
  readonly batchSize: number;
  /** Whether a record is told; each is if left out. */
  readonly isTold?: (record: unknown) => boolean;
  /** Whether it has a tumbling window. */
  readonly hasWindow: boolean;
}

/** Lambda's own rate. */
const POLLED_EVERY_MS = 250;
const STREAMS = 'DynamoDBStreams_20120810';

interface Described {
  readonly StreamDescription: { readonly Shards: readonly { readonly ShardId: string }[] };
}
interface GotRecords {
  readonly Records: readonly { readonly dynamodb: { readonly SequenceNumber: string } }[];
  /** Absent at the end of a shard that has ended. */
  readonly NextShardIterator?: string | null;
}
interface Shard {
  readonly id: string;
  iterator?: string | undefined;
  /** The last change that the function was told. */
  told?: string;
  ended: boolean;
}

export interface Follower {
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/** While DynamoDB Local is down it waits, and goes on where it was. It gathers no batch for longer than a poll. */
export function followChanges(
  endpoint: string,
  { table, batchSize, isTold = () => true, hasWindow }: ChangesDefinition,
  invoke: (event: unknown) => Promise<InvocationResult>,
): Follower {
  const stopped = new AbortController();
  const shards = new Map<string, Shard>();
  let stream: string | undefined;

  const tell = async (arn: string, shard: Shard): Promise<void> => {
    shard.iterator ??= await iteratorOf(endpoint, arn, shard);
    const asked = { ShardIterator: shard.iterator, Limit: batchSize };
    const got = (await request(endpoint, `${STREAMS}.GetRecords`, asked)) as GotRecords;
    const last = got.Records.at(-1);
    const told = got.Records.filter(isTold);
    // The same batch comes again, as Lambda does it.
    if (told.length > 0 && !succeeded(await invoke(eventOf(arn, told, hasWindow ? shard : undefined)), hasWindow))
      return;
    if (last !== undefined) shard.told = last.dynamodb.SequenceNumber;
    shard.iterator = got.NextShardIterator ?? undefined;
    shard.ended = shard.iterator === undefined;
    if (shard.ended) stream = undefined;
  };

  const follow = async () => {
    while (!stopped.signal.aborted) {
      try {
        if (stream === undefined) {
          const { arn, shardIds } = await describeStream(endpoint, table);
          for (const id of shardIds) if (!shards.has(id)) shards.set(id, { id, ended: false });
          stream = arn;
        }
        const arn = stream;
        for (const shard of shards.values()) if (!shard.ended) await tell(arn, shard);
      } catch {
        // DynamoDB Local is down, or has forgotten its tables: nothing that was known of the stream counts.
        stream = undefined;
        for (const shard of shards.values()) shard.iterator = undefined;
      }
      await delay(POLLED_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => {});
    }
  };
  const following = follow();
  return {
    stop: () => {
      stopped.abort();
      return following;
    },
  };
}

/** @returns the ARN of the table's stream, and its shards */
async function describeStream(endpoint: string, table: string): Promise<{ arn: string; shardIds: readonly string[] }> {
  const described = await request(endpoint, 'DynamoDB_20120810.DescribeTable', { TableName: table });
  const arn = (described as { Table: { LatestStreamArn: string } }).Table.LatestStreamArn;
  const { StreamDescription } = (await request(endpoint, `${STREAMS}.DescribeStream`, {
    StreamArn: arn,
  })) as Described;
  return { arn, shardIds: StreamDescription.Shards.map(({ ShardId }) => ShardId) };
}

/** An iterator that begins after the last change that the function was told, or with the oldest that is kept. */
async function iteratorOf(endpoint: string, arn: string, { id, told }: Shard): Promise<string> {
  const from =
    told === undefined
      ? { ShardIteratorType: 'TRIM_HORIZON' }
      : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: told };
  const got = await request(endpoint, `${STREAMS}.GetShardIterator`, { StreamArn: arn, ShardId: id, ...from });
  return (got as { ShardIterator: string }).ShardIterator;
}

/** @param shard of a source with a tumbling window: only its events name it */
function eventOf(eventSourceARN: string, records: GotRecords['Records'], shard: Shard | undefined): object {
  const Records = records.map((record) => ({ ...record, eventSourceARN }));
  if (shard === undefined) return { Records };
  const start = Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS;
  const [from, to] = [start, start + WINDOW_MS].map((at) => new Date(at).toISOString());
  return {
    Records,
    window: { start: from, end: to },
    state: {},
    shardId: shard.id,
    eventSourceARN,
    isFinalInvokeForWindow: false,
    isWindowTerminatedEarly: false,
  };
}
const WINDOW_MS = 15 * 60 * 1000;

/** Of a source with a window Lambda takes an answer without its state for a failure. */
const succeeded = (result: InvocationResult, hasWindow: boolean): boolean =>
  result.ok && (!hasWindow || (JSON.parse(result.payload) as { state?: unknown } | null)?.state !== undefined);
