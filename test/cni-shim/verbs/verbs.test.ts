/** CHECK, GC and STATUS with the service's own use cases behind the plugin. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import { release } from '../../../functions/use-cases/leases/release.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { callOf, operatorsPool, type World, world } from '../../functions/world.ts';
import type { FakeApi } from '../fake-api.ts';
import { configuration, Node } from '../in-process.ts';
import { type Service, serviceFor } from '../service.ts';

const api = {
  endpoint: 'http://lessor.test',
  identity: { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' },
} as unknown as FakeApi;
const ASKED_AGAIN_MS = 30_001;

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
const conf = (pool: string, rest: Record<string, unknown> = {}, ipam: Record<string, unknown> = {}) =>
  configuration({ ranges: undefined, routes: undefined, pool, ...ipam }, { cniVersion: '1.1.0', ...rest });
const capacity = (pool: string) => conf(pool, {}, { status: 'capacity' });
const call = (verb: string, container: string, pool = 'blue', rest: Record<string, unknown> = {}) =>
  node.call(verb, container, { stdin: conf(pool, rest), surroundings: around() });
const add = async (container: string, pool = 'blue') => {
  const called = await call('ADD', container, pool);
  if (called.exitCode !== 0) throw new Error(called.stdout);
  return called.printed;
};
const check = (container: string, prevResult: unknown, pool = 'blue') => call('CHECK', container, pool, { prevResult });
const gc = (valid: unknown, pool = 'blue') =>
  node.call('GC', '', {
    stdin: conf(pool, valid === undefined ? {} : { 'cni.dev/valid-attachments': valid }),
    env: { CNI_CONTAINERID: undefined, CNI_IFNAME: undefined, CNI_NETNS: undefined },
    surroundings: around(),
  });
const status = (pool = 'blue', otherwise: { sleep?: () => Promise<void> } = {}) =>
  node.call('STATUS', '', {
    stdin: capacity(pool),
    env: { CNI_CONTAINERID: undefined, CNI_IFNAME: undefined, CNI_NETNS: undefined },
    surroundings: { ...around(), ...otherwise },
  });
const attachment = (containerId: string) => ({ containerId, ifname: 'eth0' });
const asked = (path: string) => service.sent.filter((sent) => sent.path === path).length;
async function held(): Promise<string[]> {
  const found: string[] = [];
  for (const { id } of (await here.store.pools.readRegistry('default')).pools)
    for (let block = 0n; block < 8n; block += 1n)
      for (const { held: is, holding } of (await here.store.leases.readBlock({ pool: id, block })).values())
        if (is) found.push(holding?.attachment.containerId ?? '');
  return found.sort();
}

beforeEach(async () => {
  here = world();
  await ownedPool(here, { blocks: 8, blockSize: 4, cooldownSeconds: 0, name: 'green' });
  await operatorsPool(here, { addresses: 6, blockSize: 8 });
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
});
afterEach(() => node.remove());

describe('CHECK', () => {
  test.each(['blue', 'green'])('succeeds, without a word, directly after ADD in pool %s', async (pool) => {
    const result = await add('c1', pool);
    expect(await check('c1', result, pool)).toEqual({ exitCode: 0, stdout: '', printed: undefined });
    expect(service.sent.at(-1)).toMatchObject({
      path: routes.check.path,
      body: { slots: [{ slot: expect.any(Number) }] },
    });
  });

  test('succeeds where the journal is lost and the service has the lease', async () => {
    const result = await add('c1');
    node.loseJournal();
    expect((await check('c1', result)).exitCode).toBe(0);
  });

  test('goes by the journal where the service is an older one that does not know the question', async () => {
    const result = await add('c1');
    const problem = { code: 'route.unknown', detail: 'POST /v1/leases/checks is not a route', status: 404 };
    const older: typeof fetch = async (url, init) =>
      String(url).endsWith(routes.check.path) ? Response.json(problem, { status: 404 }) : service.fetch(url, init);
    const surroundings = { ...around(), fetch: older };
    const ask = (prevResult: unknown) =>
      node.call('CHECK', 'c1', { stdin: conf('blue', { prevResult }), surroundings });
    expect((await ask(result)).exitCode).toBe(0);
    expect((await ask({ ...result, ips: [{ address: '10.9.9.9/8' }] })).printed).toMatchObject({ code: 105 });
  });

  test('fails where the lease was released, and says what the container no longer has', async () => {
    const result = await add('c1');
    const { nonce = '' } = node.entry('c1') ?? {};
    const whole = { network: 'my-bridge-network', ...attachment('c1') };
    await release(here.environment(), callOf('i-1'), { attachment: whole, nonce, acknowledged: false });
    const { exitCode, printed } = await check('c1', result);
    expect(exitCode).toBe(1);
    expect(printed).toMatchObject({ cniVersion: '1.1.0', code: 105 });
    expect(printed.msg).toContain(result.ips[0].address.split('/')[0]);
  });

  test.each([
    ['another address than the lease has', ['10.9.9.9/24'], '10.9.9.9'],
    ['none', [], 'prevResult'],
  ])('fails where prevResult has %s', async (_, wanted, named) => {
    const result = await add('c1');
    const ips = wanted.map((address) => (address === 'own' ? result.ips[0] : { address }));
    const { printed } = await check('c1', { ...result, ips });
    expect(printed).toMatchObject({ code: 105 });
    expect(printed.msg).toContain(named);
  });

  test('fails where another container holds the address', async () => {
    const theirs = await add('c1');
    await add('c2');
    expect((await check('c2', theirs)).printed).toMatchObject({ code: 105 });
  });

  test('fails for a container that was never added', async () => {
    const theirs = await add('c1');
    expect((await check('never', theirs)).printed).toMatchObject({ code: 105 });
  });

  test('succeeds while the API cannot be reached where the block is the node’s, and says 11 where it is not', async () => {
    const [shared, own] = [await add('c2'), await add('c1', 'green')];
    service.fate = () => 'unreachable';
    const living = await add('c3', 'green');
    expect((await check('c1', own, 'green')).exitCode).toBe(0);
    expect((await check('c3', living, 'green')).exitCode).toBe(0);
    expect((await check('c1', { ...own, ips: [{ address: '10.9.9.9/8' }] }, 'green')).printed).toMatchObject({
      code: 105,
    });
    expect((await check('c2', shared)).printed).toMatchObject({ code: 11 });
  });
});

describe('GC', () => {
  test.each(['blue', 'green'])('releases in pool %s what the runtime does not know, and nothing else', async (pool) => {
    for (const id of ['c1', 'c2', 'c3']) await add(id, pool);
    expect(await gc([attachment('c2')], pool)).toEqual({ exitCode: 0, stdout: '', printed: undefined });
    expect(await held()).toEqual(['c2']);
    expect(node.attachments()).toEqual(['c2@eth0']);
    expect((await gc([attachment('c2')], pool)).exitCode).toBe(0);
    expect(await held()).toEqual(['c2']);
  });

  test('releases nothing where the runtime gives no list, and everything where it gives an empty one', async () => {
    for (const id of ['c1', 'c2']) await add(id);
    expect((await gc(undefined)).exitCode).toBe(0);
    expect(await held()).toEqual(['c1', 'c2']);
    expect((await gc([])).exitCode).toBe(0);
    expect(await held()).toEqual([]);
  });

  test('tells one interface of a container from another', async () => {
    await add('c1');
    await node.call('ADD', 'c1', { stdin: conf('blue'), surroundings: around(), env: { CNI_IFNAME: 'net1' } });
    await gc([{ containerId: 'c1', ifname: 'net1' }]);
    expect(node.attachments()).toEqual(['c1@net1']);
  });

  test('leaves other nodes and other networks of this node alone', async () => {
    const other = new Node(api);
    const theirs = serviceFor(here.environment(), 'i-2');
    await other.call('ADD', 'theirs', { stdin: conf('blue'), surroundings: { ...around(), fetch: theirs.fetch } });
    await node.call('ADD', 'second', { stdin: conf('blue', { name: 'another-network' }), surroundings: around() });
    await add('c1');
    await gc([]);
    expect(await held()).toEqual(['second', 'theirs']);
    other.remove();
  });

  test('finds what is held by a lost journal', async () => {
    for (const id of ['c1', 'c2']) await add(id);
    node.loseJournal();
    await add('c3');
    expect((await gc([attachment('c2'), attachment('c3')])).exitCode).toBe(0);
    expect(await held()).toEqual(['c2', 'c3']);
  });

  describe('never releases what the runtime lists as valid', () => {
    const loseTheEntry = () => node.loseEntry('v1');
    /** As an agent that takes it for dead, while the API is away. */
    const retireIt = () => {
      node.write("INSERT INTO outbox SELECT nonce, entry FROM lease WHERE container = 'v1'");
      node.write("DELETE FROM lease WHERE container = 'v1'");
    };
    const moveItElsewhere = () => {
      const where = "WHERE container = 'v1'";
      node.write(`UPDATE lease SET entry = json_set(entry, '$.acknowledged.slot.slot', 3) ${where}`);
    };
    const renameIt = () => {
      const nonce = `${node.entry('v1')?.nonce.slice(0, 16)}${'0'.repeat(16)}`;
      node.write(
        "UPDATE lease SET nonce = ?, entry = json_set(entry, '$.nonce', ?) WHERE container = 'v1'",
        nonce,
        nonce,
      );
    };

    test.each([
      ['does not have it', loseTheEntry],
      ['has it to be released', retireIt],
      ['has it with another slot', moveItElsewhere],
      ['has it under another nonce', renameIt],
    ])('where the journal %s', async (_, spoil) => {
      for (const pool of ['blue', 'green']) {
        for (const id of ['v1', 'v2', 'gone']) await add(id, pool);
        spoil();
        expect((await gc(['v1', 'v2'].map(attachment), pool)).exitCode).toBe(0);
        expect(await held()).toEqual(['v1', 'v2']);
        expect((await gc([attachment('v2')], pool)).exitCode).toBe(0);
        expect(await held()).toEqual(['v2']);
        expect((await gc([], pool)).exitCode).toBe(0);
      }
    });
  });

  test('goes on after a failure, reports it, and finishes the next time', async () => {
    for (const id of ['c1', 'c2', 'c3']) await add(id);
    service.fate = ({ path, body }) =>
      path === routes.release.path && body.attachment.containerId === 'c2' ? 'unreachable' : undefined;
    expect((await gc([])).printed).toMatchObject({ code: 11 });
    expect(await held()).toEqual(['c2']);
    service.fate = () => undefined;
    expect((await gc([])).exitCode).toBe(0);
    expect(await held()).toEqual([]);
  });

  test('keeps what it releases for later where the API cannot be reached and the block is the node’s', async () => {
    await add('c1', 'green');
    service.fate = () => 'unreachable';
    expect((await gc([], 'green')).printed).toMatchObject({ code: 11 });
    expect(node.outbox().releases).toHaveLength(1);
    expect(node.attachments()).toEqual([]);
  });
});

describe('STATUS, asked for the capacity', () => {
  test('is ready where the service says that an address can be had, and asks it once in 30 s', async () => {
    for (let count = 0; count < 5; count += 1) expect((await status()).exitCode).toBe(0);
    expect(asked(routes.readiness.path)).toBe(1);
    here.clock.now += ASKED_AGAIN_MS;
    expect(await status()).toEqual({ exitCode: 0, stdout: '', printed: undefined });
    expect(asked(routes.readiness.path)).toBe(2);
  });

  test('asks once for many processes at the same moment', async () => {
    const turn = () => new Promise<void>((done) => setImmediate(done));
    const called = await Promise.all(Array.from({ length: 8 }, () => status('blue', { sleep: turn })));
    expect(called.map(({ exitCode }) => exitCode)).toEqual(Array(8).fill(0));
    expect(asked(routes.readiness.path)).toBe(1);
  });

  test('asks nobody where a block of the node has room', async () => {
    await add('c1', 'green');
    const before = service.sent.length;
    service.fate = () => 'unreachable';
    expect((await status('green')).exitCode).toBe(0);
    expect(service.sent).toHaveLength(before);
  });

  test('is not ready, with code 50, where the API cannot be reached, and remembers that for 30 s too', async () => {
    service.fate = () => 'unreachable';
    const { exitCode, printed } = await status();
    expect(exitCode).toBe(1);
    expect(printed).toMatchObject({ cniVersion: '1.1.0', code: 50, msg: expect.stringContaining('lessor.test') });
    expect(printed.details).not.toBe('');
    const before = service.sent.length;
    service.fate = () => undefined;
    expect((await status()).printed).toMatchObject({ code: 50 });
    expect(service.sent).toHaveLength(before);
    here.clock.now += ASKED_AGAIN_MS;
    expect((await status()).exitCode).toBe(0);
  });

  test('says what to do where the service is busy and its words name no remedy', async () => {
    const busy = { code: 'service.busy', detail: 'Too many callers changed the same thing at once', status: 503 };
    const surroundings = { ...around(), fetch: async () => Response.json(busy, { status: 503 }) };
    const env = { CNI_CONTAINERID: undefined, CNI_IFNAME: undefined, CNI_NETNS: undefined };
    const { printed } = await node.call('STATUS', '', { stdin: capacity('blue'), env, surroundings });
    expect(printed).toMatchObject({ code: 50, msg: `lessor: ${busy.detail}`, details: expect.stringMatching(/\S/) });
  });

  test('is not ready where each address is held, by the counters', async () => {
    await here.store.counters.add(
      { pool: (await here.store.pools.readRegistry('default')).pools.find(({ name }) => name === 'blue')?.id ?? '' },
      { shard: 's', first: '1', last: '1', held: 6, changes: 6, now: here.clock.now },
    );
    expect((await status()).printed).toMatchObject({ code: 50, msg: expect.stringContaining('exhausted') });
  });

  test('is not ready where there is no such pool', async () => {
    expect((await status('nowhere')).printed).toMatchObject({ code: 50, msg: expect.stringContaining('nowhere') });
  });

  test('is asked anew for another configuration of the same network', async () => {
    await status();
    expect((await status('nowhere')).printed).toMatchObject({ code: 50 });
  });
});
