/**
 * The compiled plugin imports 500 allocations of each kind over DynamoDB Local: it is killed halfway and runs twice at once, while
 * containers begin on another node. Every container keeps its address, no ADD collides, and one more run changes nothing.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { type Operator, operatorClient } from '../../local/demo/operator.ts';
import { callPlugin } from '../../local/nodes/cni-runtime.ts';
import { writeNodeFiles } from '../../local/nodes/node-files.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { addressOf, eventually } from '../support/plugin-node.ts';
import {
  type Allocated,
  addressAfter,
  containerOf,
  hostLocalFiles,
  ipamBlocks,
  ippool,
  listOf,
  podObject,
} from './exports.ts';

const COUNT = 500;
let stack: LocalStack;
let operator: Operator;
let plugin: string;
let directory: string;
/** Of the two nodes. */
let environments: Record<string, string>[];

beforeAll(async () => {
  [stack, { path: plugin }] = await Promise.all([startStack(), buildPlugin()]);
  operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  directory = mkdtempSync(join(tmpdir(), 'lessor-import-'));
  environments = stack.nodes.map((node, index) => ({
    LESSOR_CONFIG: writeNodeFiles(join(directory, `node-${index}`), stack, node),
    NODE_NAME: `n-${index + 1}`,
  }));
}, 120_000);
afterAll(async () => {
  await stack?.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** A network of its own for each kind: 10.60.0.0/16 and on. */
const allocatedIn = (octet: number): Allocated[] =>
  Array.from({ length: COUNT }, (_, index) => ({
    address: addressAfter(`10.${octet}.0.2`, index),
    containerId: containerOf(octet * 1000 + index),
    node: 'n-1',
    pod: { namespace: 'shop', name: `web-${index}` },
  }));

function start(network: string, kind: string, source: string, ...more: string[]) {
  const args = ['import', kind, source, '--network', network, '--pool', network, '--ifname', 'eth0', '--json', ...more];
  const child = spawn(plugin, args, { env: environments[0], stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  return {
    kill: () => child.kill('SIGKILL'),
    async counts(): Promise<Record<string, number>> {
      await ended;
      return JSON.parse(out).counts;
    },
    ended,
  };
}

/** Totals, totals of namespaces, and how full a pool was: the stream's reader writes them, some time after the change. */
const counted = (item: Record<string, { S?: string }>) => /^(U|FILL)(#|$)/.test(item.pk?.S ?? '');

async function dump(): Promise<string> {
  const { endpoint } = stack.dynamodb;
  const credentials = { accessKeyId: 'LOCAL', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: stack.region, credentials });
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  const tables: unknown[] = [];
  // Nor history, which has the same writer.
  for (const TableName of TableNames.filter((name) => /lease|pool/i.test(name))) {
    let ExclusiveStartKey: Record<string, never> | undefined;
    do {
      const page = await client.send(new ScanCommand({ TableName, ExclusiveStartKey }));
      tables.push(page.Items?.filter((item) => !counted(item as Parameters<typeof counted>[0])));
      ExclusiveStartKey = page.LastEvaluatedKey as typeof ExclusiveStartKey;
    } while (ExclusiveStartKey !== undefined);
  }
  client.destroy();
  return JSON.stringify(tables);
}

async function held(pool: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let cursor: string | undefined;
  do {
    const page = await operator.ask('listLeases', { path: { pool }, query: { ...(cursor && { cursor }) } });
    for (const { state, addresses, attachment } of page.leases)
      if (state === 'held') for (const one of addresses) found.set(one.split('/')[0] ?? '', attachment.containerId);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}

const call = (index: number, verb: 'ADD' | 'DEL', network: string, containerId: string) =>
  callPlugin(
    { plugin, cniDirectory: undefined, namespace: undefined, environment: environments[index] ?? {} },
    {
      ...{ verb, containerId, ifname: 'eth0', netns: '/var/run/netns/none' },
      configuration: { cniVersion: '1.0.0', name: network, type: 'bridge', ipam: { type: 'lessor', pool: network } },
    },
  );

const written = (name: string, text: string) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
function hostLocal(allocated: readonly Allocated[]): string {
  const path = join(directory, 'networks');
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(hostLocalFiles(allocated))) writeFileSync(join(path, name), text);
  return path;
}

test.each([
  ['host-local', 60, 'shared', hostLocal],
  [
    'whereabouts',
    61,
    'shared',
    (all: readonly Allocated[]) => written('w.json', listOf(ippool('10.61.0.0/16', all), ...all.map(podObject))),
  ],
  [
    'calico',
    62,
    'node',
    (all: readonly Allocated[]) => written('c.json', listOf(...ipamBlocks(all), ...all.map(podObject))),
  ],
] as const)('%s', { timeout: 120_000 }, async (kind, octet, affinity, sourceOf) => {
  const network = `moved-${octet}`;
  // What the other IPAM may still hand out is excluded meanwhile.
  const old = `10.${octet}.0.0/17`;
  const ranges = [[{ subnet: `10.${octet}.0.0/16`, rangeStart: `10.${octet}.0.0` }]];
  await operator.ask('createPool', { body: { name: network, affinity, ranges } });
  const excluding = async (...exclude: string[]) =>
    operator.ask('changePool', { path: { pool: network }, body: { exclude } });
  await excluding(old);
  const allocated = allocatedIn(octet);
  const source = sourceOf(allocated);
  expect(await start(network, kind, source).counts()).toEqual({ would: COUNT });
  expect((await held(network)).size).toBe(0);
  const first = start(network, kind, source, '--yes');
  await eventually(async () => ((await held(network)).size > 20 ? true : undefined));
  first.kill();
  await first.ended;
  const before = (await held(network)).size;
  expect(before).toBeLessThan(COUNT);
  const [one, two, ...added] = await Promise.all([
    start(network, kind, source, '--yes').counts(),
    start(network, kind, source, '--yes').counts(),
    ...['a', 'b', 'c'].map((name) => call(1, 'ADD', network, name)),
  ]);
  for (const { imported = 0, already = 0, ...rest } of [one, two])
    expect([imported + already, rest]).toEqual([COUNT, {}]);
  const expected = new Map(allocated.map(({ address, containerId }) => [address, containerId]));
  for (const [index, answer] of added.entries())
    expected.set(addressOf(answer).split('/')[0] ?? '', 'abc'[index] ?? '');
  expect(expected.size).toBe(COUNT + 3);
  expect(await held(network)).toEqual(expected);

  const tables = await dump();
  expect(await start(network, kind, source, '--yes').counts()).toEqual({ already: COUNT });
  expect(await dump()).toBe(tables);

  // The exclusion is lifted: what is imported is nobody else's.
  await excluding(`10.${octet}.128.0/17`);
  const later = addressOf(await call(0, 'ADD', network, 'd')).split('/')[0] ?? '';
  expect(expected.has(later)).toBe(false);
  expected.set(later, 'd');
  for (const { address, containerId } of allocated.slice(100, 105)) {
    expect((await call(0, 'DEL', network, containerId)).ok).toBe(true);
    expected.delete(address);
  }
  expect(await held(network)).toEqual(expected);
});
