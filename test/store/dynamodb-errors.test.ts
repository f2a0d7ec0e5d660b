/** What DynamoDB, or the way to it, may answer: which of it passes, and in which words it is told. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LessorError } from '../../core/contract/problems.ts';
import type { Store } from '../../core/store.ts';
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { storeProblem } from '../../functions/store/dynamodb-errors.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { endingAt } from './ending.ts';
import { tables } from './local-tables.ts';

/** What is answered next: to each request but a condition's. */
let reply: { readonly status: number; readonly type?: string; readonly message?: string; readonly text?: string };
let server: Server;
let store: Store;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    const { status, type, message = 'because', text } = reply;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(text ?? JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'LOCAL',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  store = dynamodbStore(documentClient(), tables);
});
afterAll(() => new Promise((closed) => server.close(closed)));

const slot = { pool: 'a'.repeat(16), block: 0n, slot: 0 };
const by = { containerId: 'c', ifname: 'eth0', node: 'i-1', nonce: 'f'.repeat(32) };
const requests: readonly [string, () => Promise<unknown>][] = [
  ['a read', () => store.leases.readSlot(slot)],
  ['a query', () => store.leases.readBlock(slot)],
  ['a conditional write', () => store.leases.release(slot, by, endingAt(0))],
];

async function problemOf(request: () => Promise<unknown>): Promise<LessorError> {
  const error = await request().then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof LessorError) return error;
  throw error;
}

describe.each(requests)('%s', (_, request) => {
  it.each<[string, number, string, string]>([
    ['ProvisionedThroughputExceededException', 400, 'service.unavailable', 'DynamoDB throttles the requests'],
    ['RequestLimitExceeded', 400, 'service.unavailable', 'DynamoDB throttles the requests'],
    ['ThrottlingException', 400, 'service.unavailable', 'DynamoDB throttles the requests'],
    ['TransactionConflictException', 400, 'service.busy', 'Another write of the same item was under way'],
    ['InternalServerError', 500, 'service.unavailable', 'DynamoDB failed for the moment'],
    ['ServiceUnavailable', 503, 'service.unavailable', 'DynamoDB failed for the moment'],
    ['UnrecognizedClientException', 400, 'service.unavailable', 'does not know the credentials'],
    ['AccessDeniedException', 400, 'service.fault', 'The function may not do this in DynamoDB'],
    ['ResourceNotFoundException', 400, 'service.fault', 'DynamoDB has no such table'],
    ['ItemCollectionSizeLimitExceededException', 400, 'service.fault', 'larger than DynamoDB takes'],
    ['ValidationException', 400, 'service.fault', 'DynamoDB refuses the request as wrong'],
    ['SomethingNewException', 400, 'service.fault', 'DynamoDB refuses the request as wrong'],
    ['SomethingNewException', 500, 'service.unavailable', 'DynamoDB failed for the moment'],
  ])('that is answered with %s (%i) is %s', async (type, status, code, words) => {
    reply = { status, type };
    const problem = await problemOf(request);
    expect([problem.code, problem.message]).toEqual([code, expect.stringContaining(words)]);
    expect(problem.message).toContain(`(${type})`);
    expect(problem.remedy).toBeTruthy();
    // Only what passes is worth another try, and only that is an outage for a node.
    const passes = code !== 'service.fault';
    expect([problem.kind.retry, problem.kind.unanswered === true]).toEqual([passes, passes]);
    expect(problem.cause).toMatchObject({ name: type });
  });

  it('that is answered with something that is no answer may be tried again', async () => {
    reply = { status: 200, text: '<html>' };
    expect(await problemOf(request)).toMatchObject({ code: 'service.unavailable' });
  });
});

it('An item that is too large is told so', async () => {
  const message = 'Item size has exceeded the maximum allowed size';
  reply = { status: 400, type: 'ValidationException', message };
  const problem = await problemOf(() => store.leases.release(slot, by, endingAt(0)));
  expect([problem.code, problem.message]).toEqual([
    'service.fault',
    expect.stringContaining('larger than DynamoDB takes'),
  ]);
});

it.each([
  new TypeError("Cannot read properties of undefined (reading 'slot')"),
  new Error('Pass a non-empty set, or options.convertEmptyValues=true.'),
  Object.assign(new TypeError('The "chunk" argument must be of type string'), { code: 'ERR_INVALID_ARG_TYPE' }),
])('A request that cannot even be made is a fault of ours, and no outage: %s', (error) => {
  const problem = storeProblem(error);
  expect([problem.code, problem.kind.retry, problem.kind.unanswered]).toEqual(['service.fault', false, undefined]);
  expect(problem.cause).toBe(error);
});

it('A connection that is refused passes', async () => {
  const endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  process.env.AWS_ENDPOINT_URL_DYNAMODB = 'http://127.0.0.1:1';
  const { leases } = dynamodbStore(documentClient(), tables);
  const problem = await problemOf(() => leases.readSlot(slot));
  process.env.AWS_ENDPOINT_URL_DYNAMODB = endpoint;
  expect([problem.code, problem.kind.retry]).toEqual(['service.unavailable', true]);
});
