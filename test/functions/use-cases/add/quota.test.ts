import { describe, expect, it } from 'vitest';
import type { PoolPolicy } from '../../../../core/contract/pool.ts';
import { countChanges } from '../../../../functions/use-cases/changes/count-changes.ts';
import { usage } from '../../../../functions/use-cases/questions/usage.ts';
import { counted } from '../../intercepted.ts';
import { leaseStream } from '../../lease-stream.ts';
import { create } from '../../pool-requests.ts';
import { add, addOf, callOf, del, delOf, operatorsPool, proposal, refusalOf, world } from '../../world.ts';

const blue = { vrf: 'default', name: 'blue' };
const of = (namespace: string) => ({ pool: blue, pod: { namespace, name: 'web' } });

/** A pool of 40 addresses with these quotas, leases of which are counted when the test says so. */
async function limited(policy: Partial<Pick<PoolPolicy, 'quota' | 'quotas'>>) {
  const base = world();
  const stream = leaseStream(base.store);
  const { store, requests } = counted(stream.store);
  const pool = await operatorsPool(base, { addresses: 40, blockSize: 64 });
  const state = await base.store.pools.readPool(pool.id);
  if (state) await base.store.pools.changePool({ ...state, definition: { ...pool, ...policy }, version: 2 });
  const deps = base.environment({ store });
  const adding = (container: number, namespace: string, by = deps) =>
    add(by, 'i-1', addOf(container, { ...of(namespace), proposal: proposal(pool, 0, container), incarnation: 1 }));
  return {
    clock: base.clock,
    pool,
    deps,
    requests,
    another: () => base.environment({ store }),
    adding,
    count: () => countChanges(deps, 's', stream.changes),
  };
}

describe('a quota', () => {
  it('is each namespace’s own, and pods of which nothing is known are one', async () => {
    const { deps, pool, adding } = await limited({ quota: 2, quotas: { bank: 1, constructor: 3 } });
    for (const n of [0, 1]) await adding(n, 'shop');
    await adding(2, 'bank');
    expect(await refusalOf(adding(3, 'shop'))).toMatchObject({
      code: 'pool.quota',
      message:
        "Namespace shop may hold 2 leases in pool blue, and holds 2: delete pods of it, or raise the pool's quota",
      facts: { pool: 'blue', vrf: 'default', namespace: 'shop', quota: 2, held: 2 },
    });
    expect(await refusalOf(adding(3, 'bank'))).toMatchObject({ code: 'pool.quota', facts: { quota: 1 } });
    const unknown = (n: number) => add(deps, 'i-1', addOf(n, { pool: blue, proposal: proposal(pool, 0, n) }));
    for (const n of [4, 5]) await unknown(n);
    expect((await refusalOf(unknown(6))).message).toContain('Pods whose namespace is not known may hold 2 leases');
    // A namespace that has the name of what every object has is an ordinary one.
    for (const n of [7, 8]) await adding(n, 'toString');
    expect(await refusalOf(adding(9, 'toString'))).toMatchObject({ facts: { quota: 2 } });
  });

  it('of 0 allows nothing', async () => {
    const { adding } = await limited({ quotas: { shop: 0 } });
    expect(await refusalOf(adding(0, 'shop'))).toMatchObject({ code: 'pool.quota' });
    await adding(0, 'bank');
  });

  it('does not refuse the repeat of an attachment that holds its lease', async () => {
    const { deps, adding } = await limited({ quota: 1 });
    const { slot } = await adding(0, 'shop');
    const again = await add(deps, 'i-1', addOf(0, { ...of('shop'), attempt: 2 }));
    expect(again.slot).toEqual(slot);
  });

  it('is free again after leases were released and that was counted', async () => {
    const { clock, deps, adding, count } = await limited({ quota: 1 });
    await adding(0, 'shop');
    await del(deps, 'i-1', delOf(0));
    await count();
    expect(await refusalOf(adding(1, 'shop'))).toMatchObject({ code: 'pool.quota' });
    clock.now += 3_000;
    await adding(1, 'shop');
  });

  it('is seen by an environment whose last reading is 2 s old', async () => {
    const { clock, another, adding, count } = await limited({ quota: 20 });
    const other = another();
    await adding(0, 'shop');
    for (let n = 1; n < 20; n += 1) await adding(n, 'shop', other);
    await count();
    clock.now += 2_000;
    expect(await refusalOf(adding(20, 'shop'))).toMatchObject({ code: 'pool.quota' });
  });

  it('costs a warm environment one read in 2 s, and one for each eighth of what is left', async () => {
    const { clock, requests, adding, count } = await limited({ quota: 32 });
    await adding(0, 'shop');
    requests.length = 0;
    for (const n of [1, 2, 3]) await adding(n, 'shop');
    expect(requests).toEqual(['hold', 'hold', 'hold']);
    await adding(4, 'shop');
    expect(requests.slice(3)).toEqual(['read', 'hold']);
    await count();
    clock.now += 4_000;
    requests.length = 0;
    for (const n of [5, 6, 7]) await adding(n, 'shop');
    expect(requests).toEqual(['read', 'hold', 'hold', 'hold']);
  });

  it('costs nothing where a pool has none, and a refusal nothing but the reading', async () => {
    const free = await limited({ quotas: { bank: 1 } });
    await free.adding(0, 'shop');
    free.requests.length = 0;
    await free.adding(1, 'shop');
    expect(free.requests).toEqual(['hold']);
    const full = await limited({ quota: 0 });
    await refusalOf(full.adding(0, 'shop'));
    full.requests.length = 0;
    for (const n of [1, 2]) await refusalOf(full.adding(n, 'shop'));
    expect(full.requests).toEqual([]);
  });

  it('counts each slot of a pod that asks for addresses which lie in several', async () => {
    const here = world();
    const ranges = [[{ subnet: '10.0.0.0/24' }], [{ subnet: '2001:db8::/64' }]];
    const { pool } = await create(here.environment(), { ranges, blockSize: 4, quota: 3 });
    const deps = here.environment();
    const asking = (n: number) => add(deps, 'i-1', addOf(n, { ...of('shop'), addresses: [`2001:db8::${n}000`] }));
    const held = async () => (await usage(here.environment(), callOf('ann'), { ...blue, by: undefined })).held;
    expect((await asking(1)).more).toHaveLength(1);
    // There is room for one of its two, and it holds none.
    expect(await refusalOf(asking(2))).toMatchObject({ code: 'pool.quota', facts: { quota: 3, held: 2 } });
    expect(await held()).toBe(2);
    expect(await refusalOf(asking(3))).toMatchObject({ code: 'pool.quota' });
    expect(pool.quota).toBe(3);
  });
});
