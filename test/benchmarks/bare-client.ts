/** What a function that writes to DynamoDB has at the least: the client as the functions make it, and one small read at its start. */
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { documentClient } from '../../functions/store/dynamodb-client.ts';

const client = documentClient();
await client.send(new GetCommand({ TableName: 'Pools', Key: { pk: 'T', sk: 'T' }, ConsistentRead: true }));

export const handler = (Item: Record<string, unknown>): Promise<unknown> =>
  client.send(new PutCommand({ TableName: 'Leases', Item, ConditionExpression: 'attribute_not_exists(pk)' }));
