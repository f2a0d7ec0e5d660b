/** DynamoDB Local with the tables, and the environment in which the functions' own client finds them. */
import { environment } from '../../core/contract/environment.ts';
import { startDynamodb } from '../../local/aws/dynamodb.ts';
import { createTables, type TableDefinition } from '../../local/aws/tables.ts';

export const tables = { pools: 'Pools', leases: 'Leases', history: 'History' };

export interface LocalTables {
  readonly endpoint: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function localTables(): Promise<LocalTables> {
  const dynamodb = await startDynamodb();
  await createTables(dynamodb.endpoint, Object.values(tables).map(tableOf));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'LOCAL',
    AWS_SECRET_ACCESS_KEY: 'local',
    [environment.poolsTable]: tables.pools,
    [environment.leasesTable]: tables.leases,
    [environment.historyTable]: tables.history,
  });
  return dynamodb;
}

export const tableOf = (name: string): TableDefinition => ({
  name,
  arn: `arn:aws:dynamodb:us-east-1:123456789012:table/${name}`,
  keySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  attributes: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
});
