import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import { request } from '../../../local/aws/dynamodb-request.ts';
import type { Identity } from '../../../local/aws/identities.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { askAt } from '../../support/asking.ts';

const realTmpdir = process.env.TMPDIR;
/** Where the stack makes its files; the compiler of TypeScript keeps its cache there too. */
const files = mkdtempSync(join(tmpdir(), 'lessor-stack-test-'));
const leftBehind = () => readdirSync(files).filter((name) => name.startsWith('lessor-'));
const clock = vi.spyOn(globalThis, 'setInterval');
const phases: string[] = [];
let stack: LocalStack;

beforeAll(async () => {
  process.env.TMPDIR = files;
  stack = await startStack({ durable: true, onProgress: (phase) => phases.push(phase) });
});

afterAll(async () => {
  await stack.stop();
  if (realTmpdir === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = realTmpdir;
  rmSync(files, { recursive: true });
});

const ask = (identity: Identity, method: string, path: string, body?: unknown) =>
  askAt(stack, identity, method, path, body);

const network = 'stack-test';
const attachment = (containerId: string) => ({ network, containerId, ifname: 'eth0' });
const nonce = '0123456789abcdef0123456789abcdef';
const lease = (identity: Identity, containerId: string) =>
  ask(identity, 'POST', routes.allocate.path, {
    attachment: attachment(containerId),
    nonce,
    attempt: 1,
    boot: 'boot-1',
    pool: { name: network, ranges: [[{ subnet: '10.1.0.0/24' }]] },
  });

async function leases(): Promise<Record<string, unknown>[]> {
  const { body } = await ask(stack.operator, 'GET', routes.listLeases.path.replace('{pool}', network));
  return body.leases as Record<string, unknown>[];
}

describe('the local stack', () => {
  it('says what it does before it takes long', () => {
    expect(phases).toEqual([
      'making the CloudFormation template, starting DynamoDB Local',
      'making from it the tables, the functions and the API',
    ]);
  });

  it('serves the routes of the contract, each to its caller only', async () => {
    const [node] = stack.nodes;
    for (const { method, path, caller } of Object.values(routes)) {
      const [allowed, other] = caller === 'node' ? [node, stack.operator] : [stack.operator, node];
      const body = method === 'POST' ? {} : undefined;
      const expected = { status: 403, body: { message: 'Forbidden' } };
      expect(await ask(other, method, path.replaceAll(/\{\w+\}/g, 'none'), body)).toMatchObject(expected);
      expect((await ask(allowed, method, path.replaceAll(/\{\w+\}/g, 'none'), body)).status).not.toBe(403);
    }
  });

  it('leases to nodes by the name of their instance, lists, releases, and counts what DynamoDB was asked', async () => {
    const node = stack.addNode('i-00000000000000abc');
    stack.wire.reset();
    const { status, body } = await lease(node, 'one');
    expect([status, body.addresses]).toEqual([
      200,
      [{ address: expect.stringMatching(/^10\.1\.0\.\d+\/24$/), gateway: '10.1.0.1' }],
    ]);
    expect(stack.wire.total({ function: 'allocate', operation: 'PutItem' })).toBeGreaterThan(0);
    expect(stack.wire.total({ function: 'release' })).toBe(0);
    expect(await leases()).toEqual([expect.objectContaining({ node: 'i-00000000000000abc', state: 'held' })]);
    const release = { attachment: attachment('one'), nonce, slot: body.slot, acknowledged: true };
    expect(await ask(node, 'POST', routes.release.path, release)).toMatchObject({ status: 200 });
    expect(stack.wire.total({ function: 'release', operation: 'UpdateItem' })).toBe(1);
    expect(await leases()).toEqual([expect.objectContaining({ state: 'cooling' })]);
  });

  it('gives every function the rights it needs', () => {
    for (const { function: name } of Object.values(routes)) {
      expect(stack.functionLogs(name).join('\n')).not.toMatch(/AccessDenied/);
    }
  });

  it('runs the schedule when asked and at its rate, with its input', async () => {
    const input = { source: 'lessor.schedule' };
    expect(stack.schedules).toEqual([
      { function: 'reclaim', everyMs: 300_000, input },
      { function: 'evidence', everyMs: 3_600_000, input },
    ]);
    stack.wire.reset();
    await stack.runSchedule();
    const once = stack.wire.total({ function: 'reclaim' });
    expect(once).toBeGreaterThan(0);
    const ticks = clock.mock.calls.filter(([, rate]) => rate === 300_000);
    expect(ticks).toHaveLength(1);
    for (const [tick] of ticks) tick();
    await vi.waitFor(() => expect(stack.wire.total({ function: 'reclaim' })).toBeGreaterThan(once), {
      timeout: 20_000,
    });
    await expect(stack.runSchedule('allocate')).rejects.toThrow('No schedule runs a function allocate');
  });

  it('keeps its data while DynamoDB Local is down, and says that the service is unavailable', async () => {
    const [node] = stack.nodes;
    expect((await lease(node, 'kept')).status).toBe(200);
    const before = await leases();
    await stack.dynamodb.stop();
    expect(await lease(node, 'refused')).toMatchObject({ status: 503, body: { code: 'service.unavailable' } });
    await stack.dynamodb.start();
    await vi.waitFor(async () => expect(await leases()).toEqual(before), { timeout: 20_000 });
  });

  it('counts what is leased and released, also after DynamoDB Local was down', async () => {
    const [node] = stack.nodes;
    const held = async () => {
      const ofPools = stack.wire.counts().find(({ table }) => table.includes('Pools'));
      const scan = { TableName: String(ofPools?.table) };
      const { Items } = (await request(stack.dynamodb.endpoint, 'DynamoDB_20120810.Scan', scan)) as {
        Items: { pk: { S: string }; held?: { N: string } }[];
      };
      return Items.filter(({ pk }) => pk.S === 'U').map((item) => item.held?.N);
    };
    const before = (await leases()).filter(({ state }) => state === 'held').length;
    const { body } = await lease(node, 'counted');
    await vi.waitFor(async () => expect(await held()).toEqual([String(before + 1)]), { timeout: 20_000 });
    await stack.dynamodb.stop();
    await stack.dynamodb.start();
    const release = { attachment: attachment('counted'), nonce, slot: body.slot, acknowledged: true };
    // A database that has just started may take longer than a function waits.
    const released = () => ask(node, 'POST', routes.release.path, release);
    await vi.waitFor(async () => expect(await released()).toMatchObject({ status: 200 }), { timeout: 20_000 });
    await vi.waitFor(async () => expect(await held()).toEqual([String(before)]), { timeout: 20_000 });
    expect(new Set(stack.wire.counts().map(({ function: name, operation }) => `${name} ${operation}`))).toContain(
      'changes UpdateItem',
    );
  });

  it('shows no credential in what its functions write', () => {
    const written = ['allocate', 'release', 'operate', 'reclaim', 'changes']
      .flatMap((name) => stack.functionLogs(name))
      .join('\n');
    expect(written).not.toBe('');
    for (const { accessKeyId, secretAccessKey, sessionToken } of [...stack.nodes, stack.operator]) {
      for (const secret of [accessKeyId, secretAccessKey, sessionToken ?? accessKeyId]) {
        expect(written).not.toContain(secret);
      }
    }
    expect(written).not.toMatch(/Signature=|AWS4-HMAC/);
  });

  it('leaves no port, no file and no clock when it stops, or when it cannot start', async () => {
    const { endpoint, dynamodb, wire } = stack;
    const settings = { inlinePoolCooldownSeconds: -1 };
    const says = ': Lessor.inlinePoolCooldownSeconds is -1: give a whole number from 0 to 86400';
    await expect(startStack({ settings })).rejects.toThrow(says);
    expect(leftBehind()).toHaveLength(1);
    const cleared = vi.spyOn(globalThis, 'clearInterval').mock.calls;
    await stack.stop();
    await stack.stop();
    const [timer] = clock.mock.results.filter((_, index) => clock.mock.calls[index]?.[1] === 300_000);
    expect(cleared.map(([cleared]) => cleared)).toContain(timer?.value);
    expect(leftBehind()).toEqual([]);
    for (const url of [endpoint, dynamodb.endpoint, wire.endpoint])
      await expect(fetch(url)).rejects.toThrow('fetch failed');
  });
});
