import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { most } from '../../../../core/contract/limits.ts';
import { poolInput } from '../../../../core/contract/pool.ts';
import { listPools, readPoolNamed } from '../../../../functions/use-cases/pools/list-pools.ts';
import { intercepted } from '../../intercepted.ts';
import { change, create, remove } from '../../pool-requests.ts';
import { add, addOf, callOf, refusalOf, type World, world } from '../../world.ts';

const names = async ({ store }: World) => (await store.pools.readRegistry('default')).pools.map(({ name }) => name);
const range = (octet: number) => [[{ subnet: `10.${octet}.0.0/24` }]];

describe('creating a pool', () => {
  it('answers all that it is, with every default', async () => {
    const here = world();
    const { created, pool, effects } = await create(here.environment());
    expect([created, effects]).toEqual([true, ['pool blue of VRF default is created with a capacity of 253']]);
    expect(pool).toMatchObject({
      name: 'blue',
      vrf: 'default',
      affinity: 'shared',
      gateway: 'pool',
      blockSize: 64,
      ranges: [[{ subnet: '10.1.0.0/24', rangeStart: '10.1.0.1', rangeEnd: '10.1.0.254', gateway: '10.1.0.1' }]],
      exclude: [],
      cooldownSeconds: 30,
      state: 'active',
      capacity: '253',
      openBlocks: '4',
      version: 1,
    });
    expect(await readPoolNamed(here.environment(), { vrf: 'default', name: 'blue' })).toEqual(pool);
    const { addresses } = await add(here.environment(), 'i-1', addOf(1, { pool: { vrf: 'default', name: 'blue' } }));
    expect(addresses[0]?.address).toMatch(/^10\.1\.0\.\d+\/24$/);
  });

  it('that is there already changes nothing, in whatever spelling; with anything else it is refused', async () => {
    const here = world();
    const exclude = ['10.1.0.16/28', '10.1.0.7-10.1.0.7'];
    const first = await create(here.environment(), { exclude });
    const again = await create(here.environment(), {
      exclude: ['10.1.0.16/28', '10.1.0.7'],
      ranges: [[{ subnet: '10.1.0.0/24', gateway: '10.1.0.1', rangeEnd: '10.1.0.254' }]],
    });
    expect([again.created, again.pool]).toEqual([false, first.pool]);
    const refusal = await refusalOf(create(here.environment(), { exclude, blockSize: 32, cooldownSeconds: 5 }));
    expect([refusal.code, refusal.facts.fields]).toEqual(['pool.conflict', ['cooldownSeconds', 'blockSize']]);
    expect(refusal.message).toContain('its blockSize is 64, not 32');
    expect((await here.store.pools.readRegistry('default')).version).toBe(1);
  });

  it('as a dry run says what would be, finds every refusal, and writes nothing', async () => {
    const here = world();
    const writes: string[] = [];
    const store = intercepted(here.store, (name, _, proceed) => {
      if (!name.startsWith('read')) writes.push(name);
      return proceed();
    });
    const dry = here.environment({ store });
    const { created, dryRun, effects } = await create(dry, {}, true);
    expect([created, dryRun, effects[0]]).toEqual([true, true, expect.stringContaining('a capacity of 253')]);
    expect([writes, await names(here), dry.memory.pools.setBefore(Number.POSITIVE_INFINITY)]).toEqual([[], [], []]);
    await create(here.environment());
    expect((await refusalOf(create(dry, { name: 'green' }, true))).code).toBe('pool.overlap');
    expect((await refusalOf(create(dry, { blockSize: 16 }, true))).code).toBe('pool.conflict');
    expect(writes).toEqual([]);
  });

  it('over addresses that another pool has is refused, with both ranges; another VRF may have them', async () => {
    const here = world();
    await create(here.environment(), { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/64' }]] });
    const refusal = await refusalOf(
      create(here.environment(), { name: 'green', ranges: [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:1::/48' }]] }),
    );
    expect(refusal.code).toBe('pool.overlap');
    expect(refusal.message).toContain(
      'of pool green overlaps range fd00:1::1-fd00:1::ffff:ffff:ffff:ffff of pool blue',
    );
    await create(here.environment(), { name: 'green', vrf: 'lab' });
    expect(await names(here)).toEqual(['blue']);
  });

  it('with gateway "block" takes the whole subnet: what lies at its very ends is not another pool’s', async () => {
    const here = world();
    const { pool } = await create(here.environment(), { affinity: 'node', gateway: 'block', blockSize: 64 });
    expect([pool.capacity, pool.ranges[0]?.[0]?.rangeStart, pool.ranges[0]?.[0]?.rangeEnd]).toEqual([
      '244',
      '10.1.0.0',
      '10.1.0.255',
    ]);
    const ends = [[{ subnet: '10.1.0.0/16', rangeStart: '10.1.0.255', rangeEnd: '10.1.0.255' }]];
    expect((await refusalOf(create(here.environment(), { name: 'end', ranges: ends }))).code).toBe('pool.overlap');
  });

  it('is refused where the list of a VRF’s pools is full, and so is growing; deleting makes room', async () => {
    const here = world();
    await create(here.environment());
    const registry = await here.store.pools.readRegistry('default');
    const [blue] = registry.pools;
    // Names that nothing shortens.
    const others = Array.from({ length: 3200 }, (_, k) => {
      const text = (last: number) => `100.${64 + (k >> 8)}.${k & 255}.${last}`;
      const one = { subnet: `${text(0)}/24`, rangeStart: text(1), rangeEnd: text(254), gateway: text(1) };
      const policy = {
        clusters: [],
        namespaces: [],
        nodeLabels: {},
        default: false,
        order: 0,
        state: 'active' as const,
      };
      const name = `n${randomBytes(120).toString('hex')}`;
      return { id: k.toString(16).padStart(16, 'e'), name, ranges: [[one]], policy };
    });
    const pools = [...(blue ? [blue] : []), ...others];
    expect(here.store.registryBytes({ ...registry, pools })).toBeGreaterThan(most.registryBytes);
    await here.store.pools.writeRegistry({ ...registry, version: 2, pools });
    const grow = { ranges: [[{ subnet: '10.1.0.0/24' }, { subnet: '10.2.0.0/24' }]] };
    for (const ask of [
      () => create(here.environment(), { name: 'green', ranges: range(9) }),
      () => create(here.environment(), { name: 'green', ranges: range(9) }, true),
      () => change(here.environment(), grow),
      () => change(here.environment(), { namespaces: ['shop'] }),
    ]) {
      const refusal = await refusalOf(ask());
      expect([refusal.code, refusal.facts.limit]).toEqual(['vrf.full', most.registryBytes]);
      expect(refusal.message).toMatch(/would take \d+ bytes with 320\d pools, and 390000 are the most/);
    }
    expect((await here.store.pools.readPool(blue?.id ?? ''))?.version).toBe(1);
    expect((await remove(here.environment())).deleted).toBe(true);
  });

  it('of 64 disjoint ones at the same moment always succeeds, and of 64 that overlap one does', async () => {
    const here = world();
    const all = Array.from({ length: 64 }, (_, k) => k);
    const made = await Promise.all(
      all.map((k) => create(here.environment(), { name: `pool-${k}`, ranges: range(k + 1) })),
    );
    expect(made.every(({ created }) => created)).toBe(true);
    expect((await names(here)).sort()).toEqual(all.map((k) => `pool-${k}`).sort());
    const clash = await Promise.allSettled(
      all.map((k) =>
        create(here.environment(), { name: `clash-${k}`, ranges: [[{ subnet: `10.200.0.0/${16 + (k % 4)}` }]] }),
      ),
    );
    expect(clash.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(clash.filter((one) => one.status === 'rejected' && one.reason.code === 'pool.overlap')).toHaveLength(63);
  });
});

describe('a pool that cannot be', () => {
  it.each([
    [{ ranges: [[{ subnet: '010.0.0.0/24' }]] }, 'ranges[0][0].subnet "010.0.0.0/24" is not an address and a prefix'],
    [{ ranges: [[{ subnet: '10.0.0.0/33' }]] }, 'ranges[0][0].subnet "10.0.0.0/33" is not'],
    [{ ranges: [[{ subnet: '10.0.0.1/24' }]] }, 'has host bits set'],
    [{ ranges: [[{ subnet: '10.0.0.0/31' }]] }, 'too small to allocate from'],
    [{ ranges: [[{ subnet: '10.0.0.0/32' }]] }, 'too small to allocate from'],
    [{ ranges: [[{ subnet: '::ffff:010.0.0.1/120' }]] }, 'is not an address and a prefix length'],
    [{ ranges: [[{ subnet: '10.0.0.0/24', gateway: '10.0.0.01' }]] }, 'gateway "10.0.0.01" is not an IP address'],
    [{ exclude: ['010.0.0.1'] }, 'exclude[0] "010.0.0.1" is not an address, a subnet or a span'],
    [{ exclude: ['10.1.0.5', '10.1.0.0/33'] }, 'exclude[1] "10.1.0.0/33" is not'],
    [{ exclude: ['10.1.0.1/28'] }, 'has host bits set: the subnet of that length is 10.1.0.0/28'],
    [{ exclude: ['::ffff:010.0.0.1'] }, 'is not an address'],
    [{ exclude: ['10.1.0.9-10.1.0.5'] }, 'ends before it begins'],
    [{ exclude: ['10.1.0.9-fd00::1'] }, 'begins in one family and ends in the other'],
    [{ exclude: ['10.1.0.1-10.1.0.2-10.1.0.3'] }, 'is not an address'],
    [{ exclude: ['10.1.0.5-'] }, 'is not an address'],
    [{ exclude: [''] }, 'is not an address'],
    [{ exclude: ['10.2.0.5'] }, 'holds no address of the pool’s ranges'.replace('’', "'")],
    [{ exclude: ['10.1.0.0/24'] }, 'no address is left to hand out'],
    [{ gateway: 'block' as const }, 'it needs affinity "node"'],
    [
      {
        affinity: 'node' as const,
        gateway: 'block' as const,
        ranges: [[{ subnet: '10.1.0.0/24', rangeEnd: '10.1.0.9' }]],
      },
      'ranges[0][0].rangeEnd 10.1.0.9 does not go with gateway "block"',
    ],
    [
      { affinity: 'node' as const, gateway: 'block' as const, ranges: [[{ subnet: '10.1.0.0/27' }]] },
      'needs a prefix length of 26 or less',
    ],
  ])('%j is refused, and the refusal says why', async (input, why) => {
    const here = world();
    const refusal = await refusalOf(create(here.environment(), input));
    expect([refusal.code, refusal.message]).toEqual(['request.invalid', expect.stringContaining(why)]);
    expect(await names(here)).toEqual([]);
  });

  it.each([0, 3, 48, 512])('has no block size %i', (blockSize) => {
    expect(z.safeParse(poolInput, { name: 'blue', ranges: range(1), blockSize }).success).toBe(false);
  });
});

describe('a pool may be as large or as small as', () => {
  it.each([
    ['10.0.0.0/30', '1'],
    ['10.0.0.0/8', '16777213'],
    ['255.255.255.252/30', '1'],
    ['fd00:1:2::/48', String((1n << 80n) - 2n)],
    ['feff:ffff:ffff:ffff:ffff:ffff:ffff:fffc/126', '2'],
  ])('%s', async (subnet, capacity) => {
    const { pool } = await create(world().environment(), { ranges: [[{ subnet }]] });
    expect(pool.capacity).toBe(capacity);
  });

  it('three sets of several ranges, in both families', async () => {
    const here = world();
    const ranges = [
      [{ subnet: '10.1.0.0/24' }, { subnet: '10.3.0.0/24', rangeStart: '10.3.0.9' }],
      [{ subnet: 'fd00:1::/64' }],
      [{ subnet: '192.168.0.0/16' }],
    ];
    await create(here.environment(), { ranges });
    const { addresses } = await add(here.environment(), 'i-1', addOf(1, { pool: { vrf: 'default', name: 'blue' } }));
    expect(addresses).toHaveLength(3);
  });
});

describe('a pool that its item in the table has no room for', () => {
  const many = 10 ** 15;
  const quotas = Object.fromEntries(
    Array.from({ length: 4096 }, (_, k) => [`namespace-${k}`.padEnd(63, 'x'), many + k] as const),
  );
  const namespaces = Array.from({ length: 256 }, (_, k) => `namespace-${k}`.padEnd(63, 'x'));
  const nodeLabels = Object.fromEntries(
    Array.from({ length: 64 }, (_, k) => [`${k}`.padEnd(317, 'ñ'), 'ñ'.repeat(253)] as const),
  );
  const refusal = {
    code: 'request.invalid',
    message: expect.stringMatching(/^Pool blue: its definition has 4\d{5} bytes as JSON: a pool may have 370000/),
  };

  it.each([true, false])('is refused, in a dry run (%s) as well', async (dryRun) => {
    const here = world();
    expect(await refusalOf(create(here.environment(), { quotas, namespaces, nodeLabels }, dryRun))).toMatchObject(
      refusal,
    );
    expect((await here.store.pools.readRegistry('default')).pools).toEqual([]);
  });

  it.each([true, false])('does not come to be by a change either, in a dry run (%s)', async (dryRun) => {
    const here = world();
    await create(here.environment());
    expect(await refusalOf(change(here.environment(), { quotas, namespaces, nodeLabels }, { dryRun }))).toMatchObject(
      refusal,
    );
    const half = Object.fromEntries(Object.entries(quotas).slice(0, 2048));
    const { effects } = await change(here.environment(), { quotas: half }, { dryRun });
    // What is there before and after is told, but not at such length.
    expect(effects.join().length).toBeLessThan(3_000);
  });
});

it('The list of pools has how many addresses are held, where it is asked for, as the counters have it', async () => {
  const here = world();
  const deps = here.environment();
  const { pool } = await create(deps, { name: 'blue', ranges: range(0) });
  await create(deps, { name: 'green', ranges: range(1) });
  const counted = { shard: 's', first: '1', last: '3', held: 7, changes: 9, now: here.clock.now };
  await here.store.counters.add({ pool: pool.id }, counted);
  const heldOf = async (held: boolean) =>
    (await listPools(deps, callOf('user/ann'), { vrf: 'default', limit: 2, held })).pools.map((one) => one.held);
  expect(await heldOf(true)).toEqual([7, 0]);
  expect(await heldOf(false)).toEqual([undefined, undefined]);
});

it('The list of pools comes in pages by name, each with state and capacity', async () => {
  const here = world();
  for (const [k, name] of ['red', 'blue', 'green'].entries())
    await create(here.environment(), { name, ranges: range(k) });
  const first = await listPools(here.environment(), callOf('user/ann'), { vrf: 'default', limit: 2 });
  expect([first.pools.map(({ name }) => name), first.nextCursor]).toEqual([['blue', 'green'], 'green']);
  const second = await listPools(here.environment(), callOf('user/ann'), { vrf: 'default', limit: 2, cursor: 'green' });
  expect(second).toEqual({ pools: [expect.objectContaining({ name: 'red', state: 'active', capacity: '253' })] });
  expect(await listPools(here.environment(), callOf('user/ann'), { vrf: 'lab', limit: 2 })).toEqual({ pools: [] });
});
