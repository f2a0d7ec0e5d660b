import { describe, expect, it } from 'vitest';
import type { PoolPolicy } from '../../../../core/contract/pool.ts';
import { resolvePoolShape } from '../../../../core/pools/pool-shape.ts';
import { explain } from '../../../../functions/use-cases/questions/explain.ts';
import { usage } from '../../../../functions/use-cases/questions/usage.ts';
import { add, addOf, COOLDOWN_MS, callOf, del, delOf, operatorsPool, proposal, refusalOf, world } from '../../world.ts';

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
    expect((await ask('shop', '10.1.1.8')).message).toContain('it is reserved (mail)');
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

  it.each([
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
  ])('%j are refused', (over, message) => {
    const outcome = shapeWith(over);
    expect(outcome.ok ? '' : outcome.problem).toContain(message);
  });
});
