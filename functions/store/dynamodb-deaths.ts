/**
 * Declared deaths in DynamoDB: all under one partition key, in the order of their declaration. So the latest ones and those
 * that are not concluded are found by reading a part of it, and nothing is paid for the others but their storage.
 */
import {
  type DynamoDBDocumentClient,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import type { DeathKey, DeathRecord, Sweep } from '../../core/protocol/node.ts';
import type { DeathPage, DeathStore } from '../../core/store.ts';
import { available, conditional, readItem } from './dynamodb-client.ts';
import { nodeExpressions as when } from './expressions.ts';

const DEATHS = 'DEATHS';
/** Where earlier versions kept one death of each node, by the node's name. */
const FORMER_DEATHS = 'D';
/** Two writes each, one after the other. */
const ADOPTED_AT_ONCE = 100;
const CONCLUDED = { pk: 'DEATHS#CONCLUDED', sk: 'S' };

/** Milliseconds of 15 digits are compared as text as they are as numbers, for 30,000 years. */
const timeText = (time: number): string => String(time).padStart(15, '0');
const keyOf = ({ node, declaredAt }: DeathKey) => ({ pk: DEATHS, sk: `${timeText(declaredAt)}#${node}` });
const nodeIn = (sk: string): string => sk.slice(timeText(0).length + 1);

const storedDeath = z.object({
  e: z.int(),
  why: z.string(),
  by: z.string(),
  at: z.number(),
  freed: z.int(),
  swept: z.optional(z.number()),
  retry: z.optional(z.number()),
  withdrawn: z.optional(z.literal(true)),
});

const storedConcluded = z.object({ concluded: z.number(), since: z.number() });

type Item = Record<string, unknown>;

function deathRecord(node: string, item: Item): DeathRecord {
  const { e, why, by, at, freed, swept, retry, withdrawn } = storedDeath.parse(item);
  return {
    ...{ node, incarnation: e, reason: why, declaredBy: by, declaredAt: at, freed },
    ...(swept === undefined ? {} : { sweptAt: swept }),
    ...(retry === undefined ? {} : { retryAt: retry }),
    ...(withdrawn === undefined ? {} : { withdrawn }),
  };
}

/** Of an item as the table, or its stream, has it. */
export const isDeath = ({ pk }: Item): boolean => pk === DEATHS;
export const deathOfItem = (item: Item): DeathRecord => deathRecord(nodeIn(String(item.sk)), item);

export function dynamodbDeaths(client: DynamoDBDocumentClient, table: string): DeathStore {
  const update = async (key: Record<string, string>, condition: string, attributes: Attributes): Promise<boolean> =>
    (await conditional(() => client.send(updateOf(table, key, condition, attributes)))).done;
  const recordDeath = (death: DeathRecord) => update(keyOf(death), when.deathAbsent, { set: attributesOf(death) });

  return {
    recordDeath,

    async readDeath(key) {
      const item = await readItem(client, table, keyOf(key));
      return item && deathRecord(key.node, item);
    },

    async listDeaths(page) {
      const { Items = [], LastEvaluatedKey } = await available(() => client.send(pageQuery(table, page)));
      return pageOf(Items, page.limit, LastEvaluatedKey !== undefined);
    },

    recordSweep: (key, { freed, sweptAt, retryAt }: Sweep) =>
      update(keyOf(key), when.deathThere, { set: { swept: sweptAt, retry: retryAt }, add: { freed } }),

    withdrawDeath: (key) => update(keyOf(key), when.deathThere, { set: { withdrawn: true } }),

    async readConcluded() {
      const item = await readItem(client, table, CONCLUDED);
      if (item === undefined) return undefined;
      const { concluded, since } = storedConcluded.parse(item);
      return { before: concluded, since };
    },

    async noteConcluded(before, now) {
      const request = new UpdateCommand({
        TableName: table,
        Key: CONCLUDED,
        UpdateExpression: 'SET concluded = :before, since = if_not_exists(since, :now)',
        ConditionExpression: `${when.concludedNothing} OR ${when.concludedLess}`,
        ExpressionAttributeValues: { ':before': before, ':now': now },
      });
      return (await conditional(() => client.send(request))).done;
    },

    async adoptDeaths() {
      const { Items = [], LastEvaluatedKey } = await formerDeaths(client, table);
      for (const item of Items.slice(0, ADOPTED_AT_ONCE)) {
        const node = String(item.sk);
        // The record first: what is noted as taken over is not looked at again.
        await recordDeath(deathRecord(node, item));
        await update({ pk: FORMER_DEATHS, sk: node }, when.deathThere, { set: { adopted: true } });
      }
      return LastEvaluatedKey === undefined && Items.length <= ADOPTED_AT_ONCE;
    },
  };
}

interface Attributes {
  /** What is undefined stays as it is. */
  readonly set: Item;
  readonly add?: Item;
}

function updateOf(table: string, key: Record<string, string>, condition: string, { set, add = {} }: Attributes) {
  const sets = Object.entries(set).filter(([, value]) => value !== undefined);
  const adds = Object.entries(add);
  const clauses = [
    ...(sets.length === 0 ? [] : [`SET ${sets.map(([name]) => `#${name} = :${name}`).join(', ')}`]),
    ...(adds.length === 0 ? [] : [`ADD ${adds.map(([name]) => `#${name} :${name}`).join(', ')}`]),
  ];
  const all = [...sets, ...adds];
  return new UpdateCommand({
    TableName: table,
    Key: key,
    UpdateExpression: clauses.join(' '),
    ConditionExpression: condition,
    ExpressionAttributeNames: Object.fromEntries(all.map(([name]) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(all.map(([name, value]) => [`:${name}`, value])),
  });
}

const attributesOf = ({ incarnation, reason, declaredBy, declaredAt, freed, sweptAt, retryAt }: DeathRecord) => ({
  ...{ e: incarnation, why: reason, by: declaredBy, at: declaredAt, freed },
  ...{ swept: sweptAt, retry: retryAt },
});

/** One more than is wanted, which tells whether there are more. */
const pageQuery = (
  table: string,
  { limit, cursor, since = 0 }: Parameters<DeathStore['listDeaths']>[0],
): QueryCommand =>
  new QueryCommand({
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND sk >= :since',
    ExpressionAttributeValues: { ':pk': DEATHS, ':since': timeText(since) },
    ScanIndexForward: false,
    ConsistentRead: true,
    Limit: limit + 1,
    ...(cursor === undefined ? {} : { ExclusiveStartKey: { pk: DEATHS, sk: cursor } }),
  } satisfies QueryCommandInput);

/** @param cut whether DynamoDB left some out, since a page of its own is 1 MB */
function pageOf(items: readonly Item[], limit: number, cut: boolean): DeathPage {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return {
    deaths: page.map(deathOfItem),
    ...(last !== undefined && (items.length > limit || cut) ? { nextCursor: String(last.sk) } : {}),
  };
}

/** Those that are not taken over yet: of the first page that has some, or of the last one. */
async function formerDeaths(client: DynamoDBDocumentClient, table: string) {
  let from: Item | undefined;
  for (;;) {
    const request = new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      FilterExpression: 'attribute_not_exists(adopted)',
      ExpressionAttributeValues: { ':pk': FORMER_DEATHS },
      ConsistentRead: true,
      ...(from === undefined ? {} : { ExclusiveStartKey: from }),
    });
    const page = await available(() => client.send(request));
    if ((page.Items ?? []).length > 0 || page.LastEvaluatedKey === undefined) return page;
    from = page.LastEvaluatedKey;
  }
}
