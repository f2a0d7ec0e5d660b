/** History in a table of its own, which forgets: nothing that is safe depends on it. */
import { createHash } from 'node:crypto';
import {
  type DynamoDBDocumentClient,
  PutCommand,
  paginateQuery,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { HistoryStore } from '../../core/store.ts';
import { available } from './dynamodb-client.ts';
import {
  auditEntry,
  auditItem,
  endedItem,
  endedLease,
  expiry,
  historyKeys,
  isKept,
  sampleItem,
  useSample,
} from './history-items.ts';
import { packNotes, unpackNotes } from './note-items.ts';

type Item = Record<string, unknown>;

const BETWEEN = ' AND sk BETWEEN :from AND :until';

export const dynamodbHistory = (client: DynamoDBDocumentClient, table: string): HistoryStore => ({
  ...writes(client, table),
  ...reads(client, table),
});

function writes(
  client: DynamoDBDocumentClient,
  table: string,
): Pick<HistoryStore, 'noteBegun' | 'recordEnded' | 'recordNotes' | 'recordAudit' | 'recordSample'> {
  const put = async (item: Item, expiresAt: number): Promise<void> => {
    const request = new PutCommand({ TableName: table, Item: { ...item, ...expiry(expiresAt) } });
    await available(() => client.send(request));
  };
  return {
    async noteBegun(at) {
      const request = new UpdateCommand({
        TableName: table,
        Key: historyKeys.begun,
        UpdateExpression: 'SET begun = if_not_exists(begun, :at)',
        ExpressionAttributeValues: { ':at': at },
        ReturnValues: 'ALL_NEW',
      });
      return Number((await available(() => client.send(request))).Attributes?.begun);
    },

    recordEnded: (lease, expiresAt) => put(endedItem(lease), expiresAt),

    recordNotes(part, notes, expiresAt) {
      const packed = packNotes(notes);
      // By what is in it: a batch that comes again in halves writes others beside it, and takes none away.
      const digest = createHash('sha256').update(packed).digest('base64url').slice(0, 22);
      const sk = `${historyKeys.period(part.period)}#${digest}`;
      return put({ pk: historyKeys.part(part), sk, z: packed }, expiresAt);
    },

    recordAudit: (entry, expiresAt) => put(auditItem(entry), expiresAt),

    recordSample: (pool, sample, expiresAt) => put(sampleItem(pool, sample), expiresAt),
  };
}

function reads(
  client: DynamoDBDocumentClient,
  table: string,
): Pick<HistoryStore, 'readBegun' | 'readEnded' | 'readNotes' | 'readAudit' | 'readSamples'> {
  /** Of a partition, in order, what is kept: all of it, from behind a key on, or between two keys that none is the same as. */
  const query = (
    pk: string,
    now: number,
    { from, until, ...more }: { from?: string; until?: string } & Partial<QueryCommandInput> = {},
  ) =>
    available(async () => {
      const items: Item[] = [];
      const request = {
        TableName: table,
        KeyConditionExpression: `pk = :pk${until !== undefined ? BETWEEN : from !== undefined ? ' AND sk > :from' : ''}`,
        ExpressionAttributeValues: {
          ...{ ':pk': pk },
          ...(from === undefined ? {} : { ':from': from }),
          ...(until === undefined ? {} : { ':until': until }),
        },
        ...more,
      };
      for await (const page of paginateQuery({ client }, request)) {
        items.push(...(page.Items ?? []).filter((item) => isKept(item, now)));
        if (more.Limit !== undefined && items.length >= more.Limit) break;
      }
      return items;
    });
  return {
    async readBegun() {
      const request = new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': historyKeys.begun.pk },
      });
      const [item] = (await available(() => client.send(request))).Items ?? [];
      return item && Number(item.begun);
    },

    async readEnded(slot, after, { now, limit }) {
      const some = { from: historyKeys.behind(after), Limit: limit, ConsistentRead: true };
      const items = await query(historyKeys.slot(slot), now, some);
      return items.slice(0, limit).flatMap((item) => endedLease(slot, item));
    },

    async readNotes({ lane, from, to }, now) {
      const pk = historyKeys.part({ period: from, lane });
      const items = await query(pk, now, { from: historyKeys.period(from), until: historyKeys.period(to) });
      return items.flatMap(({ z }) => unpackNotes(z as Uint8Array));
    },

    async readAudit(day, now) {
      return (await query(historyKeys.audit(day), now, { ConsistentRead: true })).map(auditEntry);
    },

    async readSamples(pool, since, now) {
      return (await query(historyKeys.use(pool), now, { from: historyKeys.from(since) })).map(useSample);
    },
  };
}
