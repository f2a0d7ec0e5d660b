/**
 * The DynamoDB document client as Lambda needs it: bounded time-outs and attempts, errors translated. Every write is idempotent
 * by its condition, so that a repeat is always safe.
 */
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { storeProblem } from './dynamodb-errors.ts';

/** Milliseconds are of one attempt; a request waits a while between two, longer each time. */
export interface Patience {
  readonly attempts: number;
  readonly connectionMs: number;
  readonly requestMs: number;
}

/** For requests that somebody waits for: what is slow is tried again on another connection. */
export const brisk: Patience = { attempts: 2, connectionMs: 300, requestMs: 800 };
/** For background work, which nobody waits for and where many requests are under way: giving up costs all that was done. */
export const patient: Patience = { attempts: 5, connectionMs: 1_500, requestMs: 3_000 };

export function documentClient({ attempts, connectionMs, requestMs }: Patience = brisk): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    maxAttempts: attempts,
    retryMode: 'standard',
    // requestTimeout alone only warns: throwOnRequestTimeout makes it an error.
    requestHandler: { connectionTimeout: connectionMs, requestTimeout: requestMs, throwOnRequestTimeout: true },
  });
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}

/** What a conditional write came to: carried out, or refused by the item that stood in the way. */
export type Conditional<T> =
  | { readonly done: true; readonly output: T }
  | { readonly done: false; readonly item: Record<string, unknown> | undefined };

/**
 * A condition that did not hold is an answer, never a fault. The item is there where the request asked for
 * ReturnValuesOnConditionCheckFailure ALL_OLD and the item existed.
 */
export async function conditional<T>(request: () => Promise<T>): Promise<Conditional<T>> {
  try {
    return { done: true, output: await request() };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw storeProblem(error);
    return { done: false, item: error.Item && unmarshall(error.Item) };
  }
}

/** Runs a request that has no condition. */
export async function available<T>(request: () => Promise<T>): Promise<T> {
  return request().catch((error: unknown) => {
    throw storeProblem(error);
  });
}

/** The item of a key, read strongly consistent. */
export async function readItem(
  client: DynamoDBDocumentClient,
  table: string,
  key: Record<string, string>,
): Promise<Record<string, unknown> | undefined> {
  const request = new GetCommand({ TableName: table, Key: key, ConsistentRead: true });
  return (await available(() => client.send(request))).Item;
}

/** Every item under one partition key, read strongly consistent. @param attributes the only ones that are sent; all of them if left out */
export async function queryAll(
  client: DynamoDBDocumentClient,
  table: string,
  pk: string,
  attributes?: string,
): Promise<Record<string, unknown>[]> {
  const request = {
    ...(attributes === undefined ? {} : { ProjectionExpression: attributes }),
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': pk },
    ConsistentRead: true,
  };
  return available(async () => {
    const items: Record<string, unknown>[] = [];
    for await (const page of paginateQuery({ client }, request)) items.push(...(page.Items ?? []));
    return items;
  });
}
