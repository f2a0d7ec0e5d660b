/** What a configuration may say, what becomes of it at the service, and which verb overlooks what; with the service's use cases. */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import { newPool } from '../../../functions/use-cases/pools/open-blocks.ts';
import { operatorsPool, type World, world } from '../../functions/world.ts';
import type { FakeApi } from '../fake-api.ts';
import { configuration, Node } from '../in-process.ts';
import { type Service, serviceFor } from '../service.ts';

const api = {
  endpoint: 'http://lessor.test',
  identity: { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' },
} as unknown as FakeApi;
const noContainer = { CNI_CONTAINERID: undefined, CNI_IFNAME: undefined, CNI_NETNS: undefined };
const subnet = '10.7.0.0/29';

let here: World;
let node: Node;
let service: Service;
const around = () => ({
  fetch: service.fetch,
  now: () => here.clock.now,
  sleep: async (milliseconds: number) => {
    here.clock.now += milliseconds;
  },
});
const stdinOf = (ipam: Record<string, unknown>, rest: Record<string, unknown> = {}) =>
  configuration({ ranges: undefined, routes: undefined, ...ipam }, { cniVersion: '1.1.0', ...rest });
const call = (verb: string, container: string, ipam: Record<string, unknown>, rest: Record<string, unknown> = {}) =>
  node.call(verb, container, { stdin: stdinOf(ipam, rest), surroundings: around() });
const withoutContainer = (
  verb: string,
  ipam: Record<string, unknown>,
  rest: Record<string, unknown> = {},
  env: Record<string, string | undefined> = {},
) => node.call(verb, '', { stdin: stdinOf(ipam, rest), env: { ...noContainer, ...env }, surroundings: around() });
const status = (ipam: Record<string, unknown>, env: Record<string, string | undefined> = {}) =>
  withoutContainer('STATUS', ipam, {}, env);
const addressOf = ({ printed }: { printed: { ips?: { address: string }[] } }) => printed.ips?.[0]?.address;
async function held(): Promise<string[]> {
  const found: string[] = [];
  for (const { id } of (await here.store.pools.readRegistry('default')).pools)
    for (const { held: is, holding } of (await here.store.leases.readBlock({ pool: id, block: 0n })).values())
      if (is) found.push(holding?.attachment.containerId ?? '');
  return found.sort();
}

beforeEach(() => {
  here = world();
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
});
afterEach(() => node.remove());

describe('An ADD whose configuration was written for another plugin, or misspelt,', () => {
  test.each<[Record<string, unknown>, string, RegExp]>([
    [{ range: '192.0.2.0/24' }, 'ipam.range', /"subnet".*whereabouts/],
    [{ subnets: [subnet] }, 'ipam.subnets', /did you mean "subnet"/],
    [{ poolName: 'blue' }, 'ipam.poolName', /"pool".*nv-ipam/],
    [{ ippools: ['blue'] }, 'ipam.ippools', /"pool".*Spiderpool/],
    [{ addresses: [{ address: '192.0.2.5/24' }] }, 'ipam.addresses', /"args".*static/],
    [{ rnages: [[{ subnet }]] }, 'ipam.rnages', /did you mean "ranges"/],
  ])('%j, gets no address of another pool: code 7, and no request', async (ipam, key, details) => {
    await operatorsPool(here, { addresses: 6, blockSize: 8 });
    const { exitCode, printed } = await call('ADD', 'c1', ipam);
    expect(exitCode).toBe(1);
    expect(printed).toMatchObject({
      code: 7,
      msg: `lessor: ${key} is not known`,
      details: expect.stringMatching(details),
    });
    expect(service.sent).toEqual([]);
  });

  test.each([['ranges'], ['subnet']])('with %s null, gets none either', async (key) => {
    expect((await call('ADD', 'c1', { [key]: null })).printed).toMatchObject({
      code: 7,
      msg: `lessor: ipam.${key} is empty`,
    });
    expect(service.sent).toEqual([]);
  });
});

describe('Exclusions beside inline ranges', () => {
  const ipam = { subnet, exclude: ['10.7.0.2', '10.7.0.4/31'] };

  test('are never handed out, nor proposed by the node', async () => {
    const granted = [];
    for (const id of ['c1', 'c2']) granted.push(addressOf(await call('ADD', id, ipam)));
    expect(granted.sort()).toEqual(['10.7.0.3/29', '10.7.0.6/29']);
    expect((await call('ADD', 'c3', ipam)).printed).toMatchObject({ code: 101 });
  });

  test('that the pool does not have are refused, with what changes that', async () => {
    await call('ADD', 'c1', { subnet });
    expect((await call('ADD', 'c2', ipam)).printed).toMatchObject({
      code: 7,
      msg: 'lessor: Pool my-bridge-network in VRF default does not exclude 10.7.0.2, 10.7.0.4/31, which the configuration excludes',
      details: expect.stringContaining('PATCH /v1/pools/my-bridge-network'),
    });
  });
});

test('A range that begins and ends with its subnet gives neither network nor broadcast address', async () => {
  const ipam = { ranges: [[{ subnet, rangeStart: '10.7.0.0', rangeEnd: '10.7.0.7', gateway: '10.7.0.1' }]] };
  const granted = [];
  for (let n = 0; n < 5; n += 1) granted.push(addressOf(await call('ADD', `c${n}`, ipam)));
  expect(granted.sort()).toEqual(['10.7.0.2/29', '10.7.0.3/29', '10.7.0.4/29', '10.7.0.5/29', '10.7.0.6/29']);
  expect((await call('ADD', 'c9', ipam)).printed).toMatchObject({ code: 101 });
  expect((await call('ADD', 'c8', ipam, { args: { cni: { ips: ['10.7.0.7'] } } })).printed).toMatchObject({
    code: 7,
    msg: 'lessor: Address 10.7.0.7 cannot be had from pool my-bridge-network: it is a network or broadcast address',
    details: 'ask for another address, or for none',
  });
});

describe('The words that reach a pod’s events', () => {
  test('of an exhausted pool: the pool, its subnet, what to do, each once', async () => {
    const { printed } = await call('ADD', 'c0', { subnet: '10.7.0.0/30' });
    expect(printed.ips).toHaveLength(1);
    expect((await call('ADD', 'c1', { subnet: '10.7.0.0/30' })).printed).toEqual({
      cniVersion: '1.1.0',
      code: 101,
      msg: 'lessor: Pool my-bridge-network in VRF default (10.7.0.0/30) is exhausted',
      details: 'delete pods, or add ranges to the pool',
    });
  });

  test.each<[string, Record<string, unknown>]>([
    ['other ranges', { subnet: '10.7.0.0/28' }],
    ['a pool that is not there', { pool: 'nowhere' }],
    ['pools of which none may be used', { pools: ['nowhere', 'elsewhere'] }],
    ['a gateway that is asked for', { subnet, asks: '10.7.0.1' }],
  ])('of %s hold no JSON, and name what to do', async (_, { asks, ...ipam }) => {
    await call('ADD', 'c0', { subnet });
    const rest = asks === undefined ? {} : { args: { cni: { ips: [asks] } } };
    const { printed } = await call('ADD', 'c1', ipam, rest);
    expect(printed.code).toBe(7);
    expect(`${printed.msg}; ${printed.details}`).not.toMatch(/[{}]|\[\[|see the/);
    expect(printed.details).not.toBe('');
    expect(printed.details).not.toContain(printed.msg.replace('lessor: ', ''));
  });
});

test('Pools in an object of our own are the same request', async () => {
  await operatorsPool(here, { addresses: 6, blockSize: 8 });
  expect((await call('ADD', 'c1', { lessor: { pool: 'blue' } })).exitCode).toBe(0);
  expect((await call('ADD', 'c2', { lessor: { pools: ['blue'], vrf: 'default' } })).exitCode).toBe(0);
  expect(service.sent.map(({ body }) => body.pool)).toEqual([
    { vrf: 'default', name: 'blue' },
    { vrf: 'default', name: 'my-bridge-network', names: ['blue'] },
  ]);
});

describe('A DEL', () => {
  test.each<[string, Record<string, unknown>, string | undefined]>([
    ['an invalid route', { subnet, routes: [{ dst: 'x' }] }, undefined],
    ['bad CNI_ARGS', { subnet }, 'a=b=c;unknown'],
    ['a range with host bits', { subnet: '10.7.0.5/29' }, undefined],
    ['keys that are not known', { range: subnet, rnages: 1 }, undefined],
  ])('with %s releases what the container has', async (_, ipam, CNI_ARGS) => {
    expect((await call('ADD', 'c1', { subnet })).exitCode).toBe(0);
    const env = CNI_ARGS === undefined ? {} : { CNI_ARGS };
    const deleted = await node.call('DEL', 'c1', { stdin: stdinOf(ipam), env, surroundings: around() });
    expect(deleted).toEqual({ exitCode: 0, stdout: '', printed: undefined });
    expect([await held(), node.attachments()]).toEqual([[], []]);
  });

  test('and so does a GC', async () => {
    for (const id of ['c1', 'c2']) await call('ADD', id, { subnet });
    const valid = { 'cni.dev/valid-attachments': [{ containerID: 'c2', ifname: 'eth0' }] };
    expect((await withoutContainer('GC', { subnet: '10.7.0.5/29', rnages: 1 }, valid)).exitCode).toBe(0);
    expect(await held()).toEqual(['c2']);
  });
});

describe('A CHECK', () => {
  test('succeeds where a later plugin of the chain added an address', async () => {
    const { printed: result } = await call('ADD', 'c1', { subnet });
    const prevResult = { ...result, ips: [{ address: '192.0.2.7/24' }, ...result.ips, { address: 'fd00::7/64' }] };
    expect(await call('CHECK', 'c1', { subnet }, { prevResult })).toMatchObject({ exitCode: 0, stdout: '' });
  });

  test('fails where ours is not among them', async () => {
    const { printed: result } = await call('ADD', 'c1', { subnet });
    const prevResult = { ...result, ips: [{ address: '192.0.2.7/24' }] };
    expect((await call('CHECK', 'c1', { subnet }, { prevResult })).printed).toMatchObject({
      code: 105,
      msg: expect.stringMatching(/holds 10\.7\.0\.\d, and prevResult has 192\.0\.2\.7$/),
    });
  });

  test('looks for each of two that were requested, and for none that lie beside them', async () => {
    const ranges = [[{ subnet }], [{ subnet: 'fd00:7::/125' }]];
    const args = { cni: { ips: ['10.7.0.3', 'fd00:7::5'] } };
    const { printed: result } = await call('ADD', 'c1', { ranges }, { args });
    const check = async (...ips: { address: string }[]) =>
      (await call('CHECK', 'c1', { ranges }, { args, prevResult: { ...result, ips } })).printed?.code;
    expect(await check(...result.ips)).toBeUndefined();
    expect(await check(...result.ips, { address: '192.0.2.7/24' })).toBeUndefined();
    expect(await check({ address: '10.7.0.3/29' })).toBe(105);
    expect(await check({ address: '10.7.0.3/29' }, { address: 'fd00:7::3/125' })).toBe(105);
    expect(await check({ address: '192.0.2.7/24' })).toBe(105);
  });

  test('at a version that has none is refused in the reference library’s words', async () => {
    const { printed } = await call('CHECK', 'c1', { subnet }, { cniVersion: '0.3.1' });
    expect(printed).toMatchObject({ cniVersion: '0.3.1', code: 1, msg: 'config version does not allow CHECK' });
  });
});

test('Two addresses of a family at 0.2.0 are refused in the reference plugins’ words', async () => {
  const ranges = [[{ subnet }], [{ subnet: '10.8.0.0/29' }]];
  expect((await call('ADD', 'c1', { ranges }, { cniVersion: '0.2.0' })).printed).toMatchObject({
    code: 7,
    msg: 'CNI version 0.2.0 does not support more than 1 address per family',
  });
});

describe('A network whose addresses only a DEL releases', () => {
  const ipam = { subnet, release: 'del' };
  const asked = (path: string) => service.sent.filter((sent) => sent.path === path).length;

  test('says so in the journal, and a later ADD without it takes it back', async () => {
    await call('ADD', 'c1', ipam);
    expect(node.entry('c1')).toMatchObject({ release: 'del' });
    await call('ADD', 'c1', { subnet });
    expect(node.entry('c1')).not.toHaveProperty('release');
  });

  test('keeps them when a GC does not know them, journaled here or not, and gives them back by DEL', async () => {
    await call('ADD', 'c1', ipam);
    await call('ADD', 'c2', { subnet });
    expect((await withoutContainer('GC', ipam, { 'cni.dev/valid-attachments': [] })).exitCode).toBe(0);
    expect(await held()).toEqual(['c1']);
    expect(asked(routes.ownLeases.path)).toBe(1);
    expect((await call('DEL', 'c1', ipam)).exitCode).toBe(0);
    expect(await held()).toEqual([]);
  });
});

describe('STATUS', () => {
  const asked = () => service.sent.length;

  test.each(['full', 'draining', 'not there', 'out of reach'])(
    'passes where the pool is %s, without a request',
    async (how) => {
      const pool = await operatorsPool(here, { addresses: 1, blockSize: 8 });
      if (how === 'full') expect((await call('ADD', 'c1', { pool: 'blue' })).exitCode).toBe(0);
      if (how === 'draining') await here.store.pools.changePool({ ...newPool(pool), state: 'draining', version: 2 });
      if (how === 'out of reach') service.fate = () => 'unreachable';
      const before = asked();
      const told = await status({ pool: how === 'not there' ? 'nowhere' : 'blue' });
      expect(told).toEqual({ exitCode: 0, stdout: '', printed: undefined });
      expect(asked()).toBe(before);
      const strict = await status({ pool: how === 'not there' ? 'nowhere' : 'blue', status: 'capacity' });
      // The counters, by which the service tells, are some seconds behind.
      if (how !== 'full') expect(strict.printed).toMatchObject({ code: 50 });
      expect(asked()).toBeGreaterThan(before);
    },
  );

  test('passes with a configuration by which each ADD fails, since it would evict what runs', async () => {
    expect((await status({ rnages: 1 })).exitCode).toBe(0);
    expect((await status({ rnages: 1, status: 'capacity' })).printed).toMatchObject({ code: 7 });
  });

  test.each([{}, { status: 'capacity' }])('fails without a configuration of the node: %j', async (asks) => {
    node.writeConfig({ endpoint: undefined });
    expect((await status({ pool: 'blue', ...asks })).printed).toMatchObject({
      cniVersion: '1.1.0',
      code: 50,
      msg: expect.stringMatching(/no endpoint is configured/),
      details: expect.stringContaining('write the URL'),
    });
  });

  test('fails without credentials', async () => {
    const none = { AWS_ACCESS_KEY_ID: '', AWS_EC2_METADATA_DISABLED: 'true', HOME: node.directory };
    expect((await status({ pool: 'blue' }, none)).printed).toMatchObject({
      code: 50,
      msg: expect.stringMatching(/^lessor: no AWS credentials were found/),
      details: expect.stringContaining('instance role'),
    });
    expect(asked()).toBe(0);
  });

  test('fails where the data directory is a file', async () => {
    writeFileSync(node.dataDir, '');
    expect((await status({ pool: 'blue' })).printed).toMatchObject({
      code: 50,
      msg: expect.stringContaining(node.dataDir),
    });
  });

  test.runIf(process.getuid?.() !== 0)('fails where the data directory may not be written', async () => {
    mkdirSync(node.dataDir);
    chmodSync(node.dataDir, 0o500);
    expect((await status({ pool: 'blue' })).printed).toMatchObject({
      code: 50,
      msg: expect.stringContaining('EACCES'),
    });
    chmodSync(node.dataDir, 0o700);
  });

  test('fails where the journal cannot be written, and is ready when it can', async () => {
    await call('ADD', 'c1', { subnet });
    const { openDatabase } = (await import('../../support/machine-under-node.ts')).machineUnderNode();
    const full: typeof openDatabase = (path) => {
      const database = openDatabase(path);
      const run: typeof database.run = () => {
        throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
      };
      return { ...database, run };
    };
    const surroundings = { ...around(), openDatabase: full };
    const told = await node.call('STATUS', '', { stdin: stdinOf({ subnet }), env: noContainer, surroundings });
    expect(told.printed).toMatchObject({
      code: 50,
      msg: expect.stringContaining('SQLITE_FULL'),
      details: expect.stringContaining('the disk is full'),
    });
    expect((await status({ subnet })).exitCode).toBe(0);
  });

  test('makes no journal, and leaves nothing in the one that is there', async () => {
    expect((await status({ subnet })).exitCode).toBe(0);
    expect(readdirSync(node.dataDir)).toEqual(['lessor.log']);
    await call('ADD', 'c1', { subnet });
    const rows = () => node.rows('SELECT * FROM meta ORDER BY key');
    const before = rows();
    expect((await status({ subnet })).exitCode).toBe(0);
    expect(rows()).toEqual(before);
    expect(readdirSync(join(node.dataDir)).sort()).toEqual([node.machineId, 'lessor.log'].sort());
  });
});
