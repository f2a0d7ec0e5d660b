/** Pools in which nodes lease by themselves, with the service's own use cases behind the plugin. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { change } from '../../functions/pool-requests.ts';
import { type World, world } from '../../functions/world.ts';
import { libsqlDatabase } from '../../support/libsql-database.ts';
import { dyingDatabase, everyDeath } from '../dying-database.ts';
import { Node } from '../in-process.ts';
import { api, POOL, servedNode } from '../served-node.ts';
import { type Service, serviceFor } from '../service.ts';

let here: World;
let node: Node;
let service: Service;

const { add, remove, held, call, records, flushed, around, stdin } = servedNode(() => ({ here, node, service }));

async function begin({ blocks = 4, blockSize = 8 } = {}): Promise<void> {
  here = world();
  await ownedPool(here, { blocks, blockSize, cooldownSeconds: 30, leasing: 'delegated' });
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
}

/** The node has a block of its own, and nothing lives in it that the service does not know. */
async function warm(): Promise<void> {
  await begin();
  await add('first');
  service.sent.length = 0;
}

const paths = () => service.sent.map(({ path }) => path);
beforeEach(() => begin());
afterEach(() => node.remove());

describe('a node that leases by itself', () => {
  beforeEach(warm);

  test('asks nobody on the way, and tells of all of it in one request', async () => {
    const addresses = [];
    for (const container of ['a', 'b', 'c']) addresses.push(await add(container));
    expect(new Set(addresses).size).toBe(3);
    await remove('b');
    expect(service.sent).toEqual([]);
    expect(await held()).toEqual(['first']);
    expect(await flushed()).toMatchObject({ reported: 2, released: 1, failures: [] });
    expect(paths()).toEqual([routes.batch.path]);
    expect(await held()).toEqual(['a', 'c', 'first']);
    expect(records().outbox.behind().count).toBe(0);
  });

  test('takes a slot and has the container live with it in one step: killed before or after it, it is answered again', async () => {
    const addresses = new Set<string>();
    await everyDeath(async (death) => {
      const { openDatabase, isDead } = dyingDatabase(libsqlDatabase, death);
      const called = await node.call('ADD', 'victim', { stdin, surroundings: { ...around(), openDatabase } });
      expect([death, called.exitCode]).toEqual([death, isDead() ? 1 : 0]);
      const entry = records()
        .journal.entries()
        .find(({ attachment }) => attachment.containerId === 'victim');
      expect([death, entry?.proposal === undefined]).toEqual([death, entry?.local === undefined]);
      addresses.add(await add('victim'));
      await remove('victim');
      await flushed();
      here.clock.now += 31_000;
      return isDead() ? 'died' : 'lived';
    });
    expect(addresses.size).toBeGreaterThan(1);
    expect(await held()).toEqual(['first']);
  });

  test('needs no credentials for that, since it signs nothing', async () => {
    const env = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_EC2_METADATA_DISABLED: 'true' };
    const called = await node.call('ADD', 'a', { stdin, env, surroundings: around() });
    expect(called).toMatchObject({ exitCode: 0 });
    expect(service.sent).toEqual([]);
  });

  test('answers a repeated ADD and a CHECK of what it has not told yet by itself', async () => {
    const address = await add('a');
    expect(await add('a')).toBe(address);
    expect(service.sent).toEqual([]);
  });

  test('has its leases in the history, whoever lived shorter than it took to tell', async () => {
    await add('short');
    await remove('short');
    service.sent.length = 0;
    expect(await flushed()).toMatchObject({ released: 1, failures: [] });
    expect(service.sent).toHaveLength(1);
    const [slots] = [await here.store.leases.readBlock({ pool: POOL, block: blockOf() })];
    const ended = [...slots.values()].filter(({ holding }) => holding?.attachment.containerId === 'short');
    expect(ended).toMatchObject([{ held: false, reusableAt: here.clock.now + 30_000 }]);
  });

  test('gives no slot to another container before the service was told and it has cooled', async () => {
    const seen = new Set<string>();
    for (const number of Array(6).keys()) {
      seen.add(await add(`c${number}`));
      await remove(`c${number}`);
    }
    expect(seen.size).toBe(6);
  });

  test('asks where its block has no slot left, and is granted one of another block', async () => {
    for (const number of Array(7).keys()) await add(`c${number}`);
    expect(service.sent).toEqual([]);
    await add('more');
    const asked = service.sent.filter(({ path }) => path === routes.allocate.path);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.body.leasesFrom).toHaveLength(1);
    expect(await flushed()).toMatchObject({ reported: 7, failures: [] });
    expect(await held()).toHaveLength(9);
  });

  test('asks for the first one after ten minutes, at its own slot', async () => {
    here.clock.now += 10 * 60_000;
    await add('a');
    await add('b');
    expect(paths()).toEqual([routes.allocate.path]);
    expect(await held()).toEqual(['a', 'first']);
  });

  test.each<[string, Parameters<typeof change>[1], string | undefined]>([
    ['is drained', { state: 'draining' }, 'pool.draining'],
    ['is no more delegated', { leasing: 'online' }, undefined],
    ['has a quota', { quota: 0 }, 'pool.quota'],
  ])('asks again once it has told of a lease after the pool %s', async (_, patch, refused) => {
    await change(here.environment(), patch, { name: 'green' });
    here.clock.now += 31_000;
    await add('a');
    expect(service.sent).toEqual([]);
    await flushed();
    service.sent.length = 0;
    const called = await call('ADD', 'c');
    expect(paths()[0]).toBe(routes.allocate.path);
    expect(called.exitCode === 0).toBe(refused === undefined);
  });

  test('asks after its report was refused: the block may be no longer its own', async () => {
    const address = await add('a');
    const entry = node.entry('a');
    const { slot } = entry?.local ?? {};
    const holding = {
      attachment: { network: 'n', containerId: 'other', ifname: 'eth0' },
      nonce: 'f'.repeat(32),
      node: 'i-2',
      incarnation: 1,
      heldAt: 0,
    };
    await here.store.leases.hold({ pool: POOL, block: blockOf(), slot: slot?.slot ?? 0 }, holding, 1);
    await add('b');
    expect((await flushed()).failures.map(({ error }) => error.code)).toEqual(['lease.lost']);
    service.sent.length = 0;
    expect(await add('c')).not.toBe(address);
    expect(paths()).toEqual([routes.allocate.path]);
    expect(node.entry('a')?.lost).toBe(true);
  });

  test('goes on through an outage, and says how far it is behind', async () => {
    service.fate = () => 'unreachable';
    const since = here.clock.now;
    await add('a');
    here.clock.now += 5_000;
    await add('b');
    expect(service.sent).toEqual([]);
    expect(records().outbox.behind()).toEqual({ count: 2, since });
  });

  test('tells by itself where nobody else did for half a minute', async () => {
    await add('a');
    await add('b');
    here.clock.now += 31_000;
    await add('c');
    expect(paths()).toEqual([routes.batch.path]);
    expect(await held()).toEqual(['a', 'b', 'c', 'first']);
  });
});

const blockOf = (): bigint => {
  const [cache] = records().caches();
  return BigInt(`0x${cache?.blocks[0]?.block ?? '0'}`);
};
