import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWire, type Wire } from '../../../local/aws/dynamodb-wire.ts';
import { localFunction } from '../../../local/aws/function.ts';
import { listen, portOf } from '../../../local/aws/loopback-server.ts';

const table = (name: string) => `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`;
const rights = (actions: string[], resource: string) => [{ effect: 'Allow' as const, actions, resources: [resource] }];
const principals = [
  {
    name: 'allocate',
    accessKeyId: 'LOCALALLOCATE',
    roleArn: 'arn:aws:iam::000000000000:role/AllocateRole',
    rights: rights(['dynamodb:PutItem'], table('Leases')),
  },
  {
    name: 'release',
    accessKeyId: 'LOCALRELEASE',
    roleArn: 'arn:aws:iam::000000000000:role/ReleaseRole',
    rights: rights(['dynamodb:UpdateItem'], table('Leases')),
  },
];

/** Stands for DynamoDB: remembers what it was asked. */
let database: Server;
let carriedOut: string[] = [];
let wire: Wire;

beforeAll(async () => {
  database = await listen(0);
  database.on('request', async (incoming, outgoing) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    carriedOut.push(`${incoming.headers['x-amz-target']} ${body}`);
    outgoing.setHeader('x-amz-crc32', '1').end('{"done":true}');
  });
  const target = `http://127.0.0.1:${portOf(database)}`;
  wire = await startWire({ target, principals, region: 'us-east-1', account: '000000000000' });
});

afterAll(async () => {
  await wire.stop();
  database.close();
});

beforeEach(() => {
  carriedOut = [];
  wire.reset();
  wire.fault(undefined);
});

function ask(accessKeyId: string, operation: string, TableName: string): Promise<Response> {
  const scope = `${accessKeyId}/20261125/us-east-1/dynamodb/aws4_request`;
  return fetch(wire.endpoint, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=00`,
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'content-type': 'application/x-amz-json-1.0',
    },
    body: JSON.stringify({ TableName }),
  });
}

describe('the wire to DynamoDB', () => {
  it('lets through what the role of the function allows, as it is', async () => {
    const response = await ask('LOCALALLOCATE', 'PutItem', 'Leases');
    expect([response.status, await response.json()]).toEqual([200, { done: true }]);
    expect(response.headers.get('x-amz-crc32')).toBe('1');
    expect(carriedOut).toEqual(['DynamoDB_20120810.PutItem {"TableName":"Leases"}']);
  });

  it.each([
    ['another operation', 'DeleteItem', 'Leases'],
    ["another function's operation", 'UpdateItem', 'Leases'],
    ['another table', 'PutItem', 'Pools'],
  ])('refuses %s as IAM does, before DynamoDB sees it', async (_, operation, name) => {
    const response = await ask('LOCALALLOCATE', operation, name);
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        __type: 'com.amazon.coral.service#AccessDeniedException',
        Message:
          `User: arn:aws:sts::000000000000:assumed-role/AllocateRole/allocate is not authorized to perform: dynamodb:${operation} ` +
          `on resource: ${table(name)} because no identity-based policy allows the dynamodb:${operation} action`,
      },
    ]);
    expect(carriedOut).toEqual([]);
  });

  it('refuses a key that is no function', async () => {
    const response = await ask('LOCALSTRANGER', 'PutItem', 'Leases');
    expect(await response.json()).toMatchObject({
      __type: 'com.amazon.coral.service#UnrecognizedClientException',
    });
    expect(carriedOut).toEqual([]);
  });

  it('counts by function, operation and table, refused requests as well', async () => {
    await ask('LOCALALLOCATE', 'PutItem', 'Leases');
    await ask('LOCALALLOCATE', 'PutItem', 'Leases');
    await ask('LOCALALLOCATE', 'PutItem', 'Pools');
    await ask('LOCALRELEASE', 'UpdateItem', 'Leases');
    expect(wire.counts()).toEqual([
      { function: 'allocate', operation: 'PutItem', table: 'Leases', count: 2 },
      { function: 'allocate', operation: 'PutItem', table: 'Pools', count: 1 },
      { function: 'release', operation: 'UpdateItem', table: 'Leases', count: 1 },
    ]);
    expect(wire.total()).toBe(4);
    expect(wire.total({ function: 'allocate' })).toBe(3);
    expect(wire.total({ operation: 'PutItem', table: 'Pools' })).toBe(1);
    wire.reset();
    expect(wire.counts()).toEqual([]);
  });
});

describe('a function that does what its role does not allow', () => {
  it('is refused, and nothing is deleted', async () => {
    const [{ name, accessKeyId, roleArn, rights: own }] = principals as [(typeof principals)[0]];
    const definition = {
      name,
      functionName: `Lessor-${name}`,
      arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      code: fileURLToPath(new URL('fixtures', import.meta.url)),
      handler: 'deletes.handler',
      environment: {},
      timeoutMs: 10_000,
      memoryMb: 256,
      roleArn,
      rights: own,
    };
    const credentials = { accessKeyId, secretAccessKey: 'any' };
    const fn = localFunction(definition, {
      region: 'us-east-1',
      dynamodb: wire.endpoint,
      credentials,
      environments: 1,
    });
    expect(await fn.invoke({ table: 'Leases' })).toMatchObject({
      ok: false,
      errorType: 'AccessDeniedException',
      errorMessage: expect.stringContaining('is not authorized to perform: dynamodb:DeleteItem'),
    });
    expect(carriedOut).toEqual([]);
    await fn.stop();
  });
});

describe('a fault on the wire', () => {
  it('may answer in place of DynamoDB', async () => {
    const body = Buffer.from('{"__type":"ThrottlingException"}');
    wire.fault(async ({ operation }, forward) =>
      operation === 'PutItem' ? { status: 400, headers: {}, body } : forward(),
    );
    expect(await (await ask('LOCALALLOCATE', 'PutItem', 'Leases')).json()).toEqual({ __type: 'ThrottlingException' });
    expect((await ask('LOCALRELEASE', 'UpdateItem', 'Leases')).status).toBe(200);
    expect(carriedOut).toHaveLength(1);
  });

  it('may lose the answer to a request that was carried out', async () => {
    wire.fault(async (_, forward) => {
      await forward();
      return undefined;
    });
    await expect(ask('LOCALALLOCATE', 'PutItem', 'Leases')).rejects.toThrow('fetch failed');
    expect(carriedOut).toHaveLength(1);
  });

  it('may lose the request', async () => {
    wire.fault(async () => undefined);
    await expect(ask('LOCALALLOCATE', 'PutItem', 'Leases')).rejects.toThrow('fetch failed');
    expect(carriedOut).toEqual([]);
  });

  it('may hold a request back as long as it likes, and is over when it is taken away', async () => {
    let release = () => {};
    const gate = new Promise<void>((open) => {
      release = open;
    });
    let held: (name: string) => void = () => {};
    const arrived = new Promise<string>((done) => {
      held = done;
    });
    wire.fault(async (request, forward) => {
      held(request.function);
      await gate;
      return forward();
    });
    const late = ask('LOCALALLOCATE', 'PutItem', 'Leases');
    expect(await arrived).toBe('allocate');
    wire.fault(undefined);
    await ask('LOCALRELEASE', 'UpdateItem', 'Leases');
    release();
    await late;
    expect(carriedOut.map((line) => line.split(' ')[0])).toEqual([
      'DynamoDB_20120810.UpdateItem',
      'DynamoDB_20120810.PutItem',
    ]);
  });
});

describe('a database that is down', () => {
  it('looks to a function like a broken connection', async () => {
    const lone = await listen(0);
    const target = `http://127.0.0.1:${portOf(lone)}`;
    await new Promise((closed) => lone.close(closed));
    const other = await startWire({ target, principals, region: 'us-east-1', account: '000000000000' });
    const request = { method: 'POST', headers: { authorization: 'Credential=LOCALRELEASE/' }, body: '{}' };
    const denied = await fetch(other.endpoint, request);
    expect(denied.status).toBe(400);
    const headers = { ...request.headers, 'x-amz-target': 'DynamoDB_20120810.UpdateItem' };
    const body = JSON.stringify({ TableName: 'Leases' });
    await expect(fetch(other.endpoint, { ...request, headers, body })).rejects.toThrow('fetch failed');
    await other.stop();
  });
});
