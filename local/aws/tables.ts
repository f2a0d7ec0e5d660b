/** Creates the template's tables in DynamoDB Local. */

import type { TableDefinition } from '../stack/template.ts';
import { request } from './dynamodb-request.ts';

/** @throws Error with what DynamoDB Local answered */
export async function createTables(endpoint: string, tables: readonly TableDefinition[]): Promise<void> {
  for (const { name, attributes, keySchema, stream } of tables) {
    await request(endpoint, 'DynamoDB_20120810.CreateTable', {
      TableName: name,
      AttributeDefinitions: attributes,
      KeySchema: keySchema,
      BillingMode: 'PAY_PER_REQUEST',
      ...(stream === undefined ? {} : { StreamSpecification: { StreamEnabled: true, StreamViewType: stream } }),
    });
  }
}
