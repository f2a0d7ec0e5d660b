/** Creates tables in DynamoDB Local. */
import { request } from './dynamodb-request.ts';

export interface TableDefinition {
  readonly name: string;
  readonly arn: string;
  readonly keySchema: readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];
  readonly attributes: readonly { readonly AttributeName: string; readonly AttributeType: 'S' | 'N' | 'B' }[];
  /** `NEW_AND_OLD_IMAGES`; absent where the table has no stream. */
  readonly stream?: string;
}

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
