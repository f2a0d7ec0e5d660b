/** Requests of the local stack itself to DynamoDB Local. */

/** DynamoDB Local wants to see an access key, and believes it. */
const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=LOCAL/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0';

/**
 * Without the SDK: its warning about this Node's age would be the first thing that a user sees.
 * @param target `DynamoDB_20120810.CreateTable`
 * @throws Error with what DynamoDB Local answered
 */
export async function request(endpoint: string, target: string, body: object): Promise<unknown> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION, 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`DynamoDB Local refuses ${target}: ${text}`);
  return JSON.parse(text);
}
