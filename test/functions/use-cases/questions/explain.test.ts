import { describe, expect, it } from 'vitest';
import { explain } from '../../../../functions/use-cases/questions/explain.ts';
import { counted, intercepted } from '../../intercepted.ts';
import { manyPools, nameOf } from '../../many-pools.ts';
import { change, create } from '../../pool-requests.ts';
import { callOf, type World, world } from '../../world.ts';

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
