import { describe, expect, it } from 'vitest';
import { listLeases } from '../../../../functions/use-cases/questions/list-leases.ts';
import { intercepted } from '../../intercepted.ts';
import { change, create, remove } from '../../pool-requests.ts';
import { add, addOf, callOf, del, delOf, refusalOf, type World, world } from '../../world.ts';

const named = { pool: { vrf: 'default', name: 'blue' } };
const FIRST = { subnet: '10.1.0.0/24' };
const NEXT = { subnet: '10.2.0.0/24' };
const registered = async ({ store }: World) => (await store.pools.readRegistry('default')).pools[0]?.ranges;

describe('a pool’s policy', () => {
  it('changes by what is said of it, and each difference is told', async () => {
    const here = world();
    await create(here.environment());
    const { pool, effects } = await change(here.environment(), { cooldownSeconds: 5, exclude: ['10.1.0.128/25'] });
    expect(effects).toEqual([
      '10.1.0.128/25 is added to exclude',
      'cooldownSeconds changes from 30 to 5',
      'capacity falls from 253 to 126',
    ]);
    expect(pool).toMatchObject({ version: 2, cooldownSeconds: 5, capacity: '126', maxBlocksPerNode: 64 });
    const same = await change(here.environment(), {
      cooldownSeconds: 5,
      state: 'active',
      blockSize: 64,
      vrf: 'default',
    });
    expect([same.pool.version, same.effects]).toEqual([2, ['nothing changes']]);
  });

  it('leaves what is held where it is: an excluded address stays leased, listed and can be released', async () => {
    const here = world();
    await create(here.environment(), { ranges: [[{ subnet: '10.1.0.0/29' }]] });
    const { addresses } = await add(here.environment(), 'i-1', addOf(1, named));
    const [held = ''] = addresses.map(({ address }) => address.split('/')[0] ?? '');
    await change(here.environment(), { exclude: [held] });
    const list = () =>
      listLeases(here.environment(), callOf('user/ann'), { vrf: 'default', name: 'blue', cursor: undefined });
    expect((await list()).leases).toMatchObject([{ state: 'held', addresses: [`${held}/29`] }]);
    await del(here.environment(), 'i-1', delOf(1));
    here.clock.now += 60_000;
    for (const k of [2, 3, 4, 5]) {
      const answer = await add(here.environment(), 'i-1', addOf(k, named));
      expect(answer.addresses[0]?.address).not.toBe(`${held}/29`);
    }
    expect((await refusalOf(add(here.environment(), 'i-1', addOf(6, named)))).code).toBe('pool.exhausted');
  });

  it('is refused where nothing would be left, or where the exclusion is mistyped', async () => {
    const here = world();
    await create(here.environment());
    for (const exclude of [['10.1.0.0/24'], ['10.1.0.300'], ['10.11.0.0/24']])
      expect((await refusalOf(change(here.environment(), { exclude }))).code).toBe('request.invalid');
  });

  it.each([
    ['name', 'green'],
    ['vrf', 'lab'],
    ['affinity', 'node'],
    ['gateway', 'block'],
    ['blockSize', 32],
    ['id', '0123456789abcdef'],
  ])('does not include %s, from which addresses are computed', async (field, value) => {
    const here = world();
    await create(here.environment());
    const refusal = await refusalOf(change(here.environment(), { [field]: value }));
    expect([refusal.code, refusal.facts.field]).toEqual(['pool.fixed', field]);
    expect(refusal.message).toMatch(
      new RegExp(`: ${field} is .* for good\\. What an address is computed from cannot be edited`),
    );
  });
});

describe('a pool grows', () => {
  it('by ranges at the ends of its sets, while it is in use and full', async () => {
    const here = world();
    const [small, more] = [{ subnet: '10.1.0.0/30' }, { subnet: '10.2.0.0/30', gateway: '10.2.0.2' }];
    await create(here.environment(), { ranges: [[small]] });
    const deps = here.environment();
    const first = await add(deps, 'i-1', addOf(1, named));
    expect((await refusalOf(add(deps, 'i-1', addOf(2, named)))).code).toBe('pool.exhausted');
    const { effects, pool } = await change(here.environment(), { ranges: [[small, more]] });
    expect(effects).toEqual(['the range 10.2.0.1-10.2.0.2 is added', 'capacity grows from 1 to 2']);
    expect([pool.version, await registered(here)]).toEqual([2, pool.ranges]);
    here.clock.now += 30_000;
    const second = await add(deps, 'i-1', addOf(2, named));
    expect([first, second].map(({ addresses }) => addresses)).toEqual([
      [{ address: '10.1.0.2/30', gateway: '10.1.0.1' }],
      [{ address: '10.2.0.1/30', gateway: '10.2.0.2' }],
    ]);
  });

  it('and a node whose configuration has the ranges of before still means it', async () => {
    const here = world();
    const inline = { pool: { vrf: 'default', name: 'blue', ranges: [[FIRST]] } };
    const { pool } = await add(here.environment(), 'i-1', addOf(1, inline));
    await change(here.environment(), { ranges: [[FIRST, NEXT]] });
    expect((await add(here.environment(), 'i-1', addOf(2, inline))).pool.id).toBe(pool.id);
  });

  it.each([
    ['other ranges', [[NEXT]]],
    ['a range in between', [[NEXT, FIRST]]],
    ['another gateway', [[{ ...FIRST, gateway: '10.1.0.9' }, NEXT]]],
    ['a set more', [[FIRST], [NEXT]]],
    ['a wider range', [[{ subnet: '10.1.0.0/23' }]]],
  ])('never by %s', async (_, ranges) => {
    const here = world();
    await create(here.environment());
    const refusal = await refusalOf(change(here.environment(), { ranges }));
    expect([refusal.code, refusal.facts.field]).toEqual(['pool.fixed', 'ranges']);
    expect(refusal.message).toContain('ranges has to begin with what is there');
  });

  it('not into another pool', async () => {
    const here = world();
    await create(here.environment());
    await create(here.environment(), { name: 'green', ranges: [[NEXT]] });
    for (const dryRun of [true, false]) {
      const refusal = await refusalOf(change(here.environment(), { ranges: [[FIRST, NEXT]] }, { dryRun }));
      expect([refusal.code, refusal.facts.pool]).toEqual(['pool.overlap', 'green']);
    }
  });

  it('and if that is interrupted, the addresses stay claimed, nothing else grows in between, and a repeat completes it', async () => {
    const here = world();
    await create(here.environment());
    const store = intercepted(here.store, (name, _, proceed) =>
      name === 'changePool' ? Promise.reject(new Error('the environment is gone')) : proceed(),
    );
    const grow = { ranges: [[FIRST, NEXT]] };
    await expect(change(here.environment({ store }), grow)).rejects.toThrow('gone');
    expect(await registered(here)).toHaveLength(1);
    expect((await registered(here))?.[0]).toHaveLength(2);
    expect((await refusalOf(create(here.environment(), { name: 'green', ranges: [[NEXT]] }))).code).toBe(
      'pool.overlap',
    );
    const other = await refusalOf(change(here.environment(), { ranges: [[FIRST, { subnet: '10.3.0.0/24' }]] }));
    expect(other.message).toContain('a growth to them has begun: complete it first');
    expect((await change(here.environment(), { cooldownSeconds: 1 })).pool.capacity).toBe('253');
    const { pool } = await change(here.environment(), grow);
    expect([pool.capacity, pool.ranges]).toEqual(['506', await registered(here)]);
  });
});

describe('a pool that is drained', () => {
  it('gives no new lease, keeps what is held, and gives again when it is active again', async () => {
    const here = world();
    await create(here.environment());
    const warm = here.environment();
    await add(warm, 'i-1', addOf(1, named));
    const { effects } = await change(here.environment(), { state: 'draining' });
    expect(effects[0]).toContain('no new lease, everywhere within 30 seconds');
    here.clock.now += 30_000;
    for (const deps of [here.environment(), warm]) {
      const refusal = await refusalOf(add(deps, 'i-1', addOf(2, named)));
      expect([refusal.code, refusal.facts.state, refusal.kind.cni]).toEqual(['pool.draining', 'draining', 104]);
      expect(refusal.message).toContain('set its state to active again');
    }
    const { leases } = await listLeases(warm, callOf('user/ann'), { vrf: 'default', name: 'blue', cursor: undefined });
    expect(leases.map(({ state }) => state)).toEqual(['held']);
    expect((await del(warm, 'i-1', delOf(1))).released).toHaveLength(1);
    await change(here.environment(), { state: 'active' });
    await add(here.environment(), 'i-1', addOf(2, named));
  });
});

describe('If-Match', () => {
  it('lets a change through for the version that there is, and names both where there is another', async () => {
    const here = world();
    await create(here.environment());
    await change(here.environment(), { cooldownSeconds: 1 }, { ifMatch: 1 });
    for (const attempt of [
      () => change(here.environment(), { cooldownSeconds: 2 }, { ifMatch: 1 }),
      () => remove(here.environment(), { ifMatch: 1 }),
    ]) {
      const refusal = await refusalOf(attempt());
      expect([refusal.code, refusal.kind.status]).toEqual(['pool.changed', 412]);
      expect(refusal.message).toContain('has version 2, the request is for version 1');
    }
  });

  it('holds until the write: of two changes for one version, one is made', async () => {
    const here = world();
    await create(here.environment());
    const both = await Promise.allSettled(
      [1, 2].map((cooldownSeconds) => change(here.environment(), { cooldownSeconds }, { ifMatch: 1 })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((one) => one.status === 'rejected')?.reason.code).toBe('pool.changed');
  });

  it('left out, both changes are made, one after the other', async () => {
    const here = world();
    await create(here.environment());
    await Promise.all([change(here.environment(), { cooldownSeconds: 1 }), change(here.environment(), { order: 7 })]);
    const { pool } = await change(here.environment(), {});
    expect(pool).toMatchObject({ version: 3, cooldownSeconds: 1, order: 7 });
  });
});

it('A dry run of a change says what would be and writes nothing', async () => {
  const here = world();
  await create(here.environment());
  const writes: string[] = [];
  const store = intercepted(here.store, (name, _, proceed) => {
    if (!name.startsWith('read')) writes.push(name);
    return proceed();
  });
  const patch = { ranges: [[FIRST, NEXT]], state: 'draining' as const };
  const { dryRun, effects, pool } = await change(here.environment({ store }), patch, { dryRun: true });
  expect([dryRun, effects[1], pool.capacity, writes]).toEqual([true, 'capacity grows from 253 to 506', '506', []]);
  expect(await change(here.environment(), patch)).toEqual({ dryRun: false, effects, pool });
});
