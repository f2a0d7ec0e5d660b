/**
 * DynamoDB's document client without signatures, repeats and time-outs, which DynamoDB Local does not need: with them most of a
 * run's time is theirs. Commands and errors are the real client's.
 */
import http from 'node:http';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

const TARGETS: Readonly<{ [command: string]: string }> = {
  GetCommand: 'GetItem',
  PutCommand: 'PutItem',
  UpdateCommand: 'UpdateItem',
  UpdateItemCommand: 'UpdateItem',
  QueryCommand: 'Query',
  DeleteCommand: 'DeleteItem',
  BatchGetCommand: 'BatchGetItem',
};
const MARSHALLED = ['Key', 'Item', 'ExpressionAttributeValues', 'ExclusiveStartKey'];
const UNMARSHALLED = ['Item', 'Attributes', 'LastEvaluatedKey'];

type Fields = { [name: string]: unknown };

export function plainClient(endpoint: string): DynamoDBDocumentClient {
  const agent = new http.Agent({ keepAlive: true });
  const send = async (command: { readonly input: Fields; readonly constructor: { readonly name: string } }) => {
    const target = TARGETS[command.constructor.name.replace(/^_+/, '')];
    if (target === undefined) throw new Error(`${command.constructor.name} is not known here`);
    const input = { ...command.input };
    const isMarshalled = command.constructor.name.endsWith('ItemCommand');
    for (const name of MARSHALLED)
      if (!isMarshalled && input[name] !== undefined)
        input[name] = marshall(input[name], { removeUndefinedValues: true });
    const { status, body } = await post(agent, endpoint, target, JSON.stringify(input, toBase64));
    const output = JSON.parse(body, fromBase64) as Fields;
    if (status !== 200) throw errorOf(output);
    if (isMarshalled) return output;
    for (const name of UNMARSHALLED) if (output[name]) output[name] = unmarshall(output[name] as never);
    if (output.Items) output.Items = (output.Items as never[]).map((item) => unmarshall(item));
    return output;
  };
  // Paginators look whether it is one.
  return Object.assign(Object.create(DynamoDBDocumentClient.prototype) as DynamoDBDocumentClient, { send });
}

/** Bytes, which cross the wire so. A buffer has made text of itself already. */
const toBase64 = (name: string, value: unknown): unknown =>
  name === 'B' && value !== null && typeof value === 'object'
    ? Buffer.from('data' in value ? (value.data as number[]) : Object.values(value as Uint8Array)).toString('base64')
    : value;
const fromBase64 = (name: string, value: unknown): unknown =>
  name === 'B' && typeof value === 'string' ? Buffer.from(value, 'base64') : value;

function errorOf({ __type, message, Message, Item }: Fields): Error {
  const text = String(message ?? Message);
  if (!String(__type).endsWith('ConditionalCheckFailedException')) return new Error(`${__type}: ${text}`);
  return new ConditionalCheckFailedException({
    message: text,
    $metadata: {},
    ...(Item ? { Item: Item as never } : {}),
  });
}

const post = (agent: http.Agent, endpoint: string, target: string, body: string) =>
  new Promise<{ status: number | undefined; body: string }>((done, failed) => {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${target}`,
      'content-length': Buffer.byteLength(body),
      authorization:
        'AWS4-HMAC-SHA256 Credential=LOCAL/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    };
    const sent = http.request(endpoint, { method: 'POST', agent, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => done({ status: answer.statusCode, body: Buffer.concat(parts).toString() }));
      answer.on('error', failed);
    });
    sent.on('error', failed);
    sent.end(body);
  });
