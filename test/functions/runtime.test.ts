/** What an environment of a function does before its first request. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Context } from 'aws-lambda';
import { afterEach, expect, it, vi } from 'vitest';
import { environment } from '../../core/contract/environment.ts';
import { ask, NODE } from './http/gateway-event.ts';
import { addOf } from './world.ts';

let server: http.Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  vi.restoreAllMocks();
});

/** Answers `answers` in turn, then the last one again; tells the operations that it was asked for. */
async function dynamodb(...answers: readonly (readonly [status: number, body: object])[]) {
  const asked: string[] = [];
  server = http.createServer((request, response) => {
    const [status, body] = answers[Math.min(asked.length, answers.length - 1)] ?? [200, {}];
    asked.push(String(request.headers['x-amz-target']).split('.')[1] ?? '');
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { asked, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** As Lambda does it: variables first, then the module. */
async function started<Module>(endpoint: string, load: () => Promise<Module>): Promise<Module> {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'LOCAL',
    AWS_SECRET_ACCESS_KEY: 'local',
    [environment.poolsTable]: 'Pools',
    [environment.leasesTable]: 'Leases',
    [environment.instanceRoles]: 'lessor-node',
  });
  vi.resetModules();
  return load();
}

const api = [
  ['allocate', () => import('../../functions/allocate/handler.ts')],
  ['release', () => import('../../functions/release/handler.ts')],
  ['operate', () => import('../../functions/operate/handler.ts')],
] as const;

it.each(api)('%s has a connection to DynamoDB before its first request', async (_, load) => {
  const { asked, endpoint } = await dynamodb([200, {}]);
  await started(endpoint, load);
  expect(asked).toEqual(['GetItem']);
});

it('an environment that cannot reach the table starts, and its first request says why', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined);
  vi.spyOn(console, 'error').mockReturnValue(undefined);
  const { endpoint } = await dynamodb([400, { __type: 'ResourceNotFoundException', message: 'no such table' }]);
  const { handler } = await started(endpoint, () => import('../../functions/allocate/handler.ts'));
  expect(warn).toHaveBeenCalledWith({
    message: 'DynamoDB did not answer at the start',
    cause: expect.stringContaining('DynamoDB has no such table'),
  });
  const body = JSON.stringify(addOf(1));
  const answer = await ask(handler, { route: 'POST /v1/leases', userArn: NODE, body });
  expect([answer.status, answer.body.detail]).toEqual([500, expect.stringContaining('DynamoDB has no such table')]);
});

it('a function in the background outlasts what a request would not wait for', async () => {
  vi.spyOn(console, 'info').mockReturnValue(undefined);
  const failed = [500, { __type: 'InternalServerError', message: 'try again' }] as const;
  const { asked, endpoint } = await dynamodb(failed, failed, failed, failed, [200, { Items: [] }]);
  const { handler } = await started(endpoint, () => import('../../functions/reclaim/handler.ts'));
  expect(asked).toEqual([]);
  const context = { getRemainingTimeInMillis: () => 60_000 } as Context;
  expect(await handler({}, context)).toMatchObject({ nodes: [], recounted: 0 });
});
