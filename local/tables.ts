/** Creates the template's tables in DynamoDB Local. */
import type { TableDefinition } from './template.ts';

/** DynamoDB Local wants to see an access key, and believes it. */
const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=LOCAL/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0';

/** Without the SDK: its warning about this Node's age would be the first thing that a user sees. */
export async function createTables(endpoint: string, tables: readonly TableDefinition[]): Promise<void> {
  for (const { name, attributes, keySchema } of tables) {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization: AUTHORIZATION,
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.CreateTable',
      },
      body: JSON.stringify({
        TableName: name,
        AttributeDefinitions: attributes,
        KeySchema: keySchema,
        BillingMode: 'PAY_PER_REQUEST',
      }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`DynamoDB Local does not create the table ${name}: ${text}`);
  }
}
