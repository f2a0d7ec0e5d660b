import { describe, expect, it } from 'vitest';
import { explain } from '../../../../functions/use-cases/questions/explain.ts';
import { counted, intercepted } from '../../intercepted.ts';
import { manyPools, nameOf } from '../../many-pools.ts';
import { change, create } from '../../pool-requests.ts';
import { add, addOf, callOf, del, delOf, type World, world } from '../../world.ts';

const asked = { vrf: 'default', pools: [], labels: {} };
const ask = (here: World, over: Partial<Parameters<typeof explain>[2]> = {}) =>
  explain(here.environment(), callOf('user/ann'), { ...asked, ...over });

describe('an explanation in a VRF of many pools', () => {
  it('looks at the first pools that an ADD would try, and counts those that it does not show', async () => {
    const here = world();
    await manyPools(here, 300, (n) => (n < 20 ? { namespaces: ['shop'], order: n } : {}));
    const { store, requests } = counted(here.store);
    const request = { ...asked, namespace: 'shop' };
    const { pool, pools, morePools } = await explain(here.environment({ store }), callOf('user/ann'), request);
    expect([pool, pools.length, morePools]).toEqual([nameOf(0), 64, 236]);
    expect(pools.slice(0, 8).map((one) => [one.pool, one.rule])).toEqual(
      Array.from({ length: 8 }, (_, n) => [nameOf(n), 'selector']),
    );
    expect(pools[8]?.verdict).toMatch(/^passed over: it has no selector/);
    const eight = Array.from({ length: 8 }, () => ['readPool', 'readJoined']);
    expect(requests).toEqual(['readRegistry', ...eight.flat()]);
  });

  it('says that others were not looked at, where none of the first has room', async () => {
    const here = world();
    await manyPools(here, 10, () => ({ default: true, quota: 0 }));
    const { verdict, pool, morePools } = await ask(here, { namespace: 'shop' });
    expect(pool).toBeUndefined();
    expect(verdict).toMatch(
      /^an ADD gets no address of the first 8 pools: .*; 2 more that it may use were not looked at$/,
    );
    expect(morePools).toBe(2);
  });
});

it('An explanation says of a pool what the pool says, where the list is behind', async () => {
  const here = world();
  await create(here.environment(), { namespaces: ['shop'] });
  const store = intercepted(here.store, (name, _, proceed) =>
    name === 'writeRegistry' ? Promise.reject(new Error('the environment is gone')) : proceed(),
  );
  await expect(change(here.environment({ store }), { namespaces: ['bank'] })).rejects.toThrow('gone');
  const { pools, pool } = await ask(here, { namespace: 'shop' });
  expect(pool).toBeUndefined();
  expect(pools).toEqual([
    { pool: 'blue', verdict: 'passed over: it is for namespace bank, and the pod is of shop', blocks: [] },
  ]);
});

describe('an explanation for an identity', () => {
  const vm = { namespace: 'shop', pod: 'launcher', identity: 'vm-1' };

  it('says of a pod that has a reservation what its ADD is refused with', async () => {
    const here = world();
    await create(here.environment(), {
      identitySeconds: 60,
      reservations: [{ name: 'db', addresses: ['10.1.0.5'], namespace: 'shop' }],
      default: true,
    });
    const { pool, verdict } = await ask(here, vm);
    expect(pool).toBeUndefined();
    expect(verdict).toBe(
      'an ADD gets no address: blue keeps no address for identity vm-1, since the pod has reservation db: leave the identity out',
    );
  });

  it('promises no address that is not handed out any more', async () => {
    const here = world();
    await create(here.environment(), { identitySeconds: 60, default: true });
    const pool = { vrf: 'default', name: 'blue' };
    const request = addOf(1, { pool, identity: 'vm-1', pod: { namespace: 'shop', name: 'launcher' } });
    const { slot, addresses } = await add(here.environment(), 'i-1', request);
    await del(here.environment(), 'i-1', delOf(1, { slot, acknowledged: true }));
    expect((await ask(here, vm)).pools[0]?.verdict).toBe(`keeps ${addresses[0]?.address} for identity vm-1`);
    await change(here.environment(), { exclude: [addresses[0]?.address.split('/')[0] ?? ''] });
    expect((await ask(here, vm)).pools[0]?.verdict).toBe('has room');
  });
});
