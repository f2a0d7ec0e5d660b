import { describe, expect, it } from 'vitest';
import type { PoolPolicy } from '../../../../core/contract/pool.ts';
import { resolvePoolShape } from '../../../../core/pools/pool-shape.ts';
import { explain } from '../../../../functions/use-cases/questions/explain.ts';
import { usage } from '../../../../functions/use-cases/questions/usage.ts';
import { whoHas } from '../../../../functions/use-cases/questions/who-has.ts';
import { change, create } from '../../pool-requests.ts';
import { add, addOf, COOLDOWN_MS, callOf, del, delOf, operatorsPool, proposal, refusalOf, world } from '../../world.ts';

const WHOLE = [[{ subnet: '10.0.0.0/24', rangeStart: '10.0.0.0', rangeEnd: '10.0.0.255' }]];
const DUAL = [[{ subnet: '10.0.0.0/24' }], [{ subnet: 'fd00::/64' }]];

const blue = { vrf: 'default', name: 'blue' };
const reservations: PoolPolicy['reservations'] = [
  { name: 'database', addresses: ['10.1.1.5'], namespace: 'shop', pod: 'db-0' },
  { name: 'mail', addresses: ['10.1.1.8-10.1.1.9', '10.1.1.64/31'], namespace: 'mail' },
];

async function reserved() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 80, blockSize: 16 });
  const state = await here.store.pools.readPool(pool.id);
  if (state === undefined) throw new Error('no pool');
  await here.store.pools.changePool({ ...state, definition: { ...pool, reservations }, version: 2 });
  const deps = here.environment();
  const start = async (n: number, namespace: string, name: string, over = {}) => {
    const pod = { namespace, name };
    const { slot, addresses } = await add(deps, 'i-1', addOf(n, { pool: blue, pod, ...over }));
    return { slot, address: addresses[0]?.address.replace('/16', '') };
  };
  return { here, deps, pool, start };
}

describe('a reservation', () => {
  it('is what its pod gets, and nobody else does', async () => {
    const { deps, pool, start } = await reserved();
    expect((await start(1, 'shop', 'db-0')).address).toBe('10.1.1.5');
    const others = new Set<string | undefined>();
    for (let n = 10; n < 85; n += 1) others.add((await start(n, 'shop', `web-${n}`)).address);
    expect(others.size).toBe(75);
    expect([...others].filter((address) => ['10.1.1.5', '10.1.1.8', '10.1.1.9'].includes(address ?? ''))).toEqual([]);
    expect(await refusalOf(start(99, 'shop', 'web-99'))).toMatchObject({ code: 'pool.exhausted' });
    const proposed = add(deps, 'i-2', addOf(98, { pool: blue, proposal: proposal(pool, 0, 5) }));
    expect(await refusalOf(proposed)).toMatchObject({ code: 'pool.exhausted' });
  });

  it('is told to nodes as excluded, as far as there is room, without whom it is for; nor are they told of quotas', async () => {
    const { here, deps, pool } = await reserved();
    const told = async () => (await add(deps, 'i-1', addOf(1, { pool: blue }))).pool;
    const withheld = ['10.1.1.5', '10.1.1.8-10.1.1.9', '10.1.1.64/31'];
    expect(await told()).toEqual({ ...pool, exclude: withheld, reservations: [], quotas: {} });
    const state = await here.store.pools.readPool(pool.id);
    if (state === undefined) throw new Error('no pool');
    const exclude = Array.from({ length: 255 }, (_, k) => `10.1.9.${k}`);
    const definition = { ...state.definition, exclude, quotas: { shop: 5 } };
    await here.store.pools.changePool({ ...state, definition, version: 3 });
    const { pool: next } = await add(here.environment(), 'i-1', addOf(2, { pool: blue }));
    expect(next).toEqual({ ...pool, exclude: [...exclude, '10.1.1.5'], reservations: [], quotas: {} });
  });

  it('of a namespace is for each of its pods, until it is used up', async () => {
    const { start } = await reserved();
    const got = new Set<string | undefined>();
    for (let n = 0; n < 4; n += 1) got.add((await start(n, 'mail', `mx-${n}`)).address);
    expect(got).toEqual(new Set(['10.1.1.8', '10.1.1.9', '10.1.1.64', '10.1.1.65']));
    expect(await refusalOf(start(5, 'mail', 'mx-5'))).toMatchObject({
      code: 'address.held',
      message: expect.stringContaining(
        'Reservation mail of pool blue (10.1.1.8-10.1.1.9, 10.1.1.64/31 for pods of namespace mail)',
      ),
    });
  });

  it('of before that has a broadcast address alone is refused, and nobody gets it', async () => {
    const here = world();
    const ranges = [[{ subnet: '10.5.0.0/24', rangeStart: '10.5.0.254', rangeEnd: '10.5.0.255' }]];
    const { pool } = await add(here.environment(), 'i-1', addOf(1, { pool: { ...blue, ranges } }));
    const state = await here.store.pools.readPool(pool.id);
    if (state === undefined) throw new Error('no pool');
    const kept = [{ name: 'last', addresses: ['10.5.0.255'], namespace: 'shop' }];
    await here.store.pools.changePool({ ...state, definition: { ...pool, reservations: kept }, version: 2 });
    const ofShop = add(here.environment(), 'i-1', addOf(2, { pool: blue, pod: { namespace: 'shop', name: 'x' } }));
    expect(await refusalOf(ofShop)).toMatchObject({
      code: 'address.held',
      what: 'Reservation last of pool blue (10.5.0.255 for pods of namespace shop) has none that can be handed out',
      remedy: expect.stringContaining('network or broadcast address'),
    });
    expect((await refusalOf(add(here.environment(), 'i-1', addOf(3, { pool: blue })))).code).toBe('pool.exhausted');
  });

  it('that only cools says until when', async () => {
    const { here, deps, start } = await reserved();
    const { slot } = await start(1, 'shop', 'db-0');
    await del(deps, 'i-1', delOf(1, { slot, acknowledged: true }));
    const freeAt = new Date(here.clock.now + COOLDOWN_MS).toISOString();
    expect(await refusalOf(start(2, 'shop', 'db-0'))).toMatchObject({ code: 'address.cooling', facts: { freeAt } });
    here.clock.now += COOLDOWN_MS;
    expect((await start(2, 'shop', 'db-0')).address).toBe('10.1.1.5');
  });

  it('is found again by the repeat of the same request', async () => {
    const { start } = await reserved();
    const first = await start(1, 'mail', 'mx-0');
    expect(await start(1, 'mail', 'mx-0', { attempt: 2 })).toEqual(first);
  });

  it('decides which addresses may be requested', async () => {
    const { start } = await reserved();
    expect((await start(1, 'mail', 'mx-0', { addresses: ['10.1.1.9'] })).address).toBe('10.1.1.9');
    const ask = (namespace: string, address: string) => refusalOf(start(2, namespace, 'web', { addresses: [address] }));
    expect((await ask('shop', '10.1.1.5')).message).toContain('it is reserved (database)');
    // What it is called is nobody else's business.
    expect((await ask('shop', '10.1.1.8')).message).toMatch(/it is reserved: /);
    expect((await ask('mail', '10.1.1.7')).message).toContain("it is not in the pod's reservation mail");
  });

  it('counts as reserved, not as free', async () => {
    const { deps, start } = await reserved();
    const counted = () => usage(deps, callOf('user/ann'), { ...blue, by: undefined });
    expect(await counted()).toMatchObject({ capacity: '80', reserved: '5', free: '75', held: 0 });
    await start(1, 'shop', 'db-0');
    expect(await counted()).toMatchObject({ capacity: '80', reserved: '5', free: '75', held: 1 });
  });

  it('is part of the explanation', async () => {
    const { deps, start } = await reserved();
    await start(1, 'shop', 'db-0');
    const asked = { vrf: 'default', pools: ['blue'], namespace: 'shop', labels: {} };
    const { pools, verdict } = await explain(deps, callOf('user/ann'), { ...asked, pod: 'db-0' });
    expect(pools[0]?.verdict).toBe(
      'is exhausted: every address is held in reservation database, of which this pod gets an address or none',
    );
    expect(verdict).toMatch(/^an ADD gets no address/);
    expect((await explain(deps, callOf('user/ann'), { ...asked, pod: 'web' })).pool).toBe('blue');
  });
});

describe('a reservation beyond the smaller range set', () => {
  const pod = { namespace: 'shop', name: 'db-0' };
  const RANGES = [[{ subnet: '10.0.0.0/29' }], [{ subnet: '2001:db8:30::/64' }]];
  async function unequal(addresses: string[], policy: object = {}) {
    const here = world();
    const kept = [{ name: 'database', addresses, namespace: 'shop' }];
    const { pool } = await create(here.environment(), { ranges: RANGES, blockSize: 4, reservations: kept, ...policy });
    const ask = async (n: number, over = {}) => {
      const {
        slot,
        more,
        addresses: all,
      } = await add(here.environment(), 'i-1', addOf(n, { pool: blue, pod, ...over }));
      return { slots: [slot, ...(more ?? [])], addresses: all.map(({ address }) => address) };
    };
    return { here, pool, ask };
  }

  it('is what its pods get with an ordinary address of the other set, and nobody else does', async () => {
    const { here, ask } = await unequal(['2001:db8:30::beef-2001:db8:30::bef0']);
    const got = [await ask(1), await ask(2)].map(({ addresses }) => addresses);
    expect(got.map(([, of6]) => of6)).toEqual(['2001:db8:30::beef/64', '2001:db8:30::bef0/64']);
    expect(new Set(got.map(([of4]) => of4)).size).toBe(2);
    expect(await refusalOf(ask(3))).toMatchObject({ code: 'address.held', facts: { reservation: 'database' } });
    const other = { pod: { namespace: 'web', name: 'w' }, addresses: ['2001:db8:30::bef0'] };
    expect((await refusalOf(ask(4, other))).message).toMatch(/it is reserved: /);
    const text = '2001:db8:30::beef';
    await del(here.environment(), 'i-1', delOf(1));
    here.clock.now += COOLDOWN_MS;
    expect(await whoHas(here.environment(), { vrf: 'default', text })).toMatchObject({ reservation: 'database' });
    expect(await usage(here.environment(), callOf('user/ann'), { ...blue, by: undefined })).toMatchObject({
      capacity: '5',
      reserved: '0',
      free: '4',
    });
  });

  it('is the same for a repeat and for a request by name', async () => {
    const { ask } = await unequal(['2001:db8:30::beef', '2001:db8:30::7']);
    const first = await ask(1);
    expect(first.addresses[1]).toBe('2001:db8:30::7/64');
    expect(await ask(1, { attempt: 2 })).toEqual(first);
    const second = await ask(2, { addresses: ['2001:db8:30::beef'] });
    expect(second.addresses[1]).toBe('2001:db8:30::beef/64');
    expect(await ask(2, { addresses: ['2001:db8:30::beef'], attempt: 2 })).toEqual(second);
  });

  it('stays what the first try got, whatever was freed since', async () => {
    const { here, ask } = await unequal(['2001:db8:30::beef', '2001:db8:30::7']);
    await ask(1);
    const second = await ask(2);
    await del(here.environment(), 'i-1', delOf(1));
    here.clock.now += COOLDOWN_MS;
    expect(await ask(2, { attempt: 2 })).toEqual(second);
  });

  it('leaves nothing held where the quota has room for one of its two', async () => {
    const { here, ask } = await unequal(['2001:db8:30::beef'], { quota: 1 });
    const held = async () => (await usage(here.environment(), callOf('user/ann'), { ...blue, by: undefined })).held;
    expect(await refusalOf(ask(1))).toMatchObject({ code: 'pool.quota', facts: { quota: 1, held: 0 } });
    expect(await held()).toBe(0);
  });

  it('leaves nothing held where no ordinary address is left, and no other pool is tried', async () => {
    const { here, pool, ask } = await unequal(['2001:db8:30::beef']);
    for (const n of [1, 2, 3, 4, 5]) await ask(n, { pod: { namespace: 'web', name: `w-${n}` } });
    const asked = { vrf: 'default', pools: ['blue'], namespace: 'shop', pod: 'db-0', labels: {} };
    expect((await explain(here.environment(), callOf('user/ann'), asked)).verdict).toMatch(/no address/);
    await create(here.environment(), {
      name: 'green',
      ranges: [[{ subnet: '10.7.0.0/24' }], [{ subnet: 'fd07::/64' }]],
    });
    const several = { vrf: 'default', name: 'network', names: ['blue', 'green'] };
    expect(await refusalOf(ask(6, { pool: several }))).toMatchObject({ code: 'pool.exhausted' });
    expect(await here.store.leases.readBlock({ pool: pool.id, block: 0x2fbbn })).toEqual(new Map());
    await del(here.environment(), 'i-1', delOf(1));
    here.clock.now += COOLDOWN_MS;
    expect((await explain(here.environment(), callOf('user/ann'), asked)).pool).toBe('blue');
    expect((await ask(7)).addresses[1]).toBe('2001:db8:30::beef/64');
  });
});

describe('reservations that cannot be', () => {
  const shapeWith = (over: object) =>
    resolvePoolShape({
      ranges: [[{ subnet: '10.0.0.0/24' }]],
      blockSize: 64,
      gateway: 'pool',
      affinity: 'shared',
      exclude: [],
      reservations: [{ name: 'a', addresses: ['10.0.0.5'], namespace: 'shop' }],
      ...over,
    });

  it.each<[object, string]>([
    [{ affinity: 'node' }, 'they need affinity "shared"'],
    [
      { reservations: [{ name: 'a', addresses: ['10.0.9.5'], namespace: 'x' }] },
      'reservations[0].addresses[0] "10.0.9.5" holds no address of the pool',
    ],
    [
      { reservations: [{ name: 'a', addresses: ['010.0.0.5'], namespace: 'x' }] },
      'reservations[0].addresses[0] "010.0.0.5" is not an address',
    ],
    [
      { reservations: ['a', 'b'].map((name) => ({ name, addresses: ['10.0.0.4/30'], namespace: name })) },
      'reservations[1].addresses has addresses of reservation a too',
    ],
    [
      { reservations: ['10.0.0.4', '10.0.0.5'].map((one) => ({ name: 'a', addresses: [one], namespace: 'x' })) },
      'reservations has a twice',
    ],
    ...(
      [
        ['10.0.0.1', {}, '10.0.0.1 is a gateway'],
        ['10.0.0.0/32', { ranges: WHOLE }, '10.0.0.0 is a network or broadcast address'],
        ['10.0.0.255', { ranges: WHOLE }, '10.0.0.255 is a network or broadcast address'],
        ['10.0.0.16/30', { exclude: ['10.0.0.0/27'] }, '10.0.0.16 is excluded'],
        ['fd00::9', { ranges: DUAL, exclude: ['10.0.0.9'] }, 'fd00::9 goes with 10.0.0.9, which is excluded'],
        ['fd00::bad:0/112', { ranges: DUAL, exclude: ['fd00::bad:0/112'] }, 'fd00::bad:0 is excluded'],
      ] as const
    ).map(([one, over, why]): [object, string] => [
      { ...over, reservations: [{ name: 'a', addresses: [one], namespace: 'x' }] },
      `reservations[0].addresses (${one}) of a has none that can be had (${why}): reserve others`,
    ]),
  ])('%j are refused', (over, message) => {
    const outcome = shapeWith(over);
    expect(outcome.ok ? '' : outcome.problem).toContain(message);
  });

  it('are refused where what they keep would be excluded, and keep nobody from changing anything else', async () => {
    const here = world();
    const kept = [{ name: 'a', addresses: ['10.1.0.9'], namespace: 'x' }];
    const { pool } = await create(here.environment(), { reservations: kept });
    const refusal = await refusalOf(change(here.environment(), { exclude: ['10.1.0.8/30'] }));
    expect(refusal).toMatchObject({ code: 'request.invalid', what: expect.stringContaining('10.1.0.9 is excluded') });
    // As earlier versions have stored it.
    const state = await here.store.pools.readPool(pool.id);
    if (state === undefined) throw new Error('no pool');
    const definition = { ...state.definition, exclude: ['10.1.0.8/30'] };
    await here.store.pools.changePool({ ...state, definition, version: 2 });
    expect((await change(here.environment(), { state: 'draining' })).pool.state).toBe('draining');
    expect((await change(here.environment(), { reservations: [] })).pool.reservations).toEqual([]);
  });
});
