/**
 * Runs as a process: DynamoDB as far as the table of leases goes, in memory, each answer after some time; what is of other tables
 * is passed on. It costs the machine less than a third of what DynamoDB Local does, so that a function's own work can be seen.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { tables } from '../store/local-tables.ts';

/** As DynamoDB writes them: each value under its type. */
type Item = Record<string, Record<string, string>>;
type Partition = Map<string, Item>;
interface Request {
  readonly TableName?: string;
  readonly Key: Item;
  readonly Item: Item;
  readonly UpdateExpression: string;
  readonly ProjectionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues: Item;
  readonly RequestItems?: Readonly<Record<string, readonly { readonly PutRequest: { readonly Item: Item } }[]>>;
}
interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
}

const [dynamodb = '', afterMs = '0'] = process.argv.slice(2);
const partitions = new Map<string, Partition>();
const agent = new http.Agent({ keepAlive: true });

const server = http.createServer(async (request, response) => {
  const arrived = performance.now();
  const body = await whole(request);
  const [, operation = ''] = String(request.headers['x-amz-target']).split('.');
  const asked = JSON.parse(body.toString()) as Request;
  const isOfLeases = asked.TableName === tables.leases || asked.RequestItems?.[tables.leases] !== undefined;
  const answer = isOfLeases ? told(operation, asked) : await passedOn(request.headers, body);
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': Buffer.byteLength(answer.body) };
  const send = () => response.writeHead(answer.status, headers).end(answer.body);
  const left = isOfLeases ? Number(afterMs) - (performance.now() - arrived) : 0;
  if (left > 0) setTimeout(send, left);
  else send();
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.once('disconnect', () => process.exit(0));
process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

const done = (body: object): Answer => ({ status: 200, body: JSON.stringify(body) });
const text = (value: Record<string, string> | undefined): string => value?.S ?? value?.N ?? '';

function told(operation: string, asked: Request): Answer {
  if (operation === 'BatchWriteItem') {
    for (const { PutRequest } of asked.RequestItems?.[tables.leases] ?? []) put(PutRequest.Item);
    return done({ UnprocessedItems: {} });
  }
  if (operation === 'Query') return done(queried(asked));
  const key = asked.Key ?? asked.Item;
  const there = partitionOf(text(key.pk)).get(text(key.sk));
  if (operation === 'GetItem') return done(there === undefined ? {} : { Item: there });
  const may = operation === 'PutItem' ? there === undefined : mayUpdate(there, asked);
  if (!may) return refused(there);
  put(operation === 'PutItem' ? asked.Item : updated({ ...there, ...key }, asked));
  return done({});
}

/** Whether a slot is held or freed, as the store's conditions decide it of these benchmarks' requests. */
function mayUpdate(there: Item | undefined, { UpdateExpression, ExpressionAttributeValues: values }: Request): boolean {
  if (there === undefined) return UpdateExpression.startsWith('SET s = :held');
  const mine = text(there.n) === text(values[':nonce']);
  const isFree = text(there.s) === '0';
  if (UpdateExpression.startsWith('SET s = :free')) return mine && !isFree;
  return isFree ? Number(text(there.r)) <= Number(text(values[':now'])) : mine;
}

/** `SET a = :a, … REMOVE b, …`: values and names only. */
function updated(item: Item, { UpdateExpression, ExpressionAttributeNames, ExpressionAttributeValues }: Request): Item {
  const [set = '', remove] = UpdateExpression.replace(/^SET /, '').split(' REMOVE ');
  const nameOf = (name: string) => ExpressionAttributeNames?.[name] ?? name;
  const next = { ...item };
  for (const part of set.split(', ')) {
    const [name = '', value = ''] = part.split(' = ');
    next[nameOf(name)] = ExpressionAttributeValues[value] ?? {};
  }
  for (const name of remove?.split(', ') ?? []) delete next[nameOf(name)];
  return next;
}

function queried({ ExpressionAttributeValues, ProjectionExpression }: Request): object {
  const sorted = [...partitionOf(text(ExpressionAttributeValues[':pk']))].sort(([a], [b]) => (a < b ? -1 : 1));
  const names = ProjectionExpression?.split(', ');
  const items = sorted.map(([, item]) => {
    if (names === undefined) return item;
    return Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));
  });
  return { Items: items, Count: items.length, ScannedCount: items.length };
}

function refused(there: Item | undefined): Answer {
  const __type = 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException';
  return { status: 400, body: JSON.stringify({ __type, message: 'The conditional request failed', Item: there }) };
}

function partitionOf(pk: string): Partition {
  const found = partitions.get(pk) ?? new Map<string, Item>();
  partitions.set(pk, found);
  return found;
}

const put = (item: Item): void => void partitionOf(text(item.pk)).set(text(item.sk), item);

async function passedOn(headers: http.IncomingHttpHeaders, body: Buffer): Promise<Answer> {
  const { host, connection, ...others } = headers;
  const asked = http.request(dynamodb, { method: 'POST', agent, headers: others }).end(body);
  const [response] = (await once(asked, 'response')) as [http.IncomingMessage];
  return { status: response.statusCode ?? 500, body: await whole(response) };
}

async function whole(message: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
