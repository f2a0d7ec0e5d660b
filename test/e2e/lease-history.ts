/** Everything that ever happened to the slots of the leases table, from its stream. */
import { request } from '../../local/aws/dynamodb-request.ts';
import type { LocalStack } from '../../local/stack/stack.ts';

/** A slot's lease, or undefined while nobody has it. */
export interface Holder {
  readonly containerId: string;
  readonly node: string;
  readonly nonce: string;
}

export interface SlotChange {
  /** Pool, block and slot. */
  readonly slot: string;
  readonly before: Holder | undefined;
  readonly after: Holder | undefined;
}

const STREAMS = 'DynamoDBStreams_20120810';

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;
interface StreamRecord {
  readonly dynamodb: { readonly Keys: Item; readonly OldImage?: Item; readonly NewImage?: Item };
}

/** Of each slot in the order in which it happened. */
export async function leaseHistory({ dynamodb: { endpoint } }: LocalStack): Promise<SlotChange[]> {
  const { TableNames } = (await request(endpoint, 'DynamoDB_20120810.ListTables', {})) as { TableNames: string[] };
  const changes: SlotChange[] = [];
  for (const TableName of TableNames) {
    const { Table } = (await request(endpoint, 'DynamoDB_20120810.DescribeTable', { TableName })) as {
      Table: { LatestStreamArn?: string };
    };
    if (Table.LatestStreamArn === undefined) continue;
    for (const { dynamodb } of await recordsOf(endpoint, Table.LatestStreamArn)) {
      const { pk, sk } = dynamodb.Keys;
      if (!pk?.S?.startsWith('L#')) continue;
      const [before, after] = [dynamodb.OldImage, dynamodb.NewImage].map(holderIn);
      changes.push({ slot: `${pk.S} ${sk?.S}`, before, after });
    }
  }
  return changes;
}

const holderIn = (item: Item | undefined): Holder | undefined =>
  item?.s?.N === '1' ? { containerId: item.o?.S ?? '', node: item.nd?.S ?? '', nonce: item.n?.S ?? '' } : undefined;

async function recordsOf(endpoint: string, StreamArn: string): Promise<StreamRecord[]> {
  const ask = async <T>(operation: string, body: object) =>
    (await request(endpoint, `${STREAMS}.${operation}`, body)) as T;
  const { StreamDescription } = await ask<{ StreamDescription: { Shards: { ShardId: string }[] } }>('DescribeStream', {
    StreamArn,
  });
  const records: StreamRecord[] = [];
  for (const { ShardId } of StreamDescription.Shards) {
    const from = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
    let { ShardIterator } = await ask<{ ShardIterator?: string | null }>('GetShardIterator', from);
    while (ShardIterator) {
      const page = await ask<{ Records: StreamRecord[]; NextShardIterator?: string | null }>('GetRecords', {
        ShardIterator,
      });
      records.push(...page.Records);
      // A shard that is still open has no end: an empty page is all that there is by now.
      ShardIterator = page.Records.length === 0 ? undefined : page.NextShardIterator;
    }
  }
  return records;
}

/** Slots that went from one holder to another without being free in between. */
export const heldTwice = (changes: readonly SlotChange[]): string[] =>
  changes.flatMap(({ slot, before, after }) =>
    before !== undefined && after !== undefined && before.nonce !== after.nonce
      ? [`${slot} was taken from ${before.containerId} by ${after.containerId}`]
      : [],
  );
