/** What a VRF's list says of its pools, and what ADDs make of it while it is behind. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PoolPolicy } from '../../../../core/contract/pool.ts';
import { entryOf, isListed } from '../../../../core/pools/registry.ts';
import type { Store } from '../../../../core/store.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { counted, intercepted } from '../../intercepted.ts';
import { change, create } from '../../pool-requests.ts';
import { blindRegistry, unlessRefused } from '../../registry-claims.ts';
import { scheduled } from '../../scheduled.ts';
import { add, addOf, operatorsPool, refusalOf, type World, world } from '../../world.ts';

const registryOf = ({ store }: World) => store.pools.readRegistry('default');
const ranges = (octet: number) => [[{ subnet: `10.${octet}.0.0/24` }]];
let containers = 0;
/** An ADD that names no pool, in an environment that remembers nothing. */
const ask = (here: World, namespace: string) => {
  containers += 1;
  const pod = { namespace, name: 'web-0' };
  return add(
    here.environment(),
    'i-1',
    addOf(containers, { pool: { vrf: 'default', name: 'network', names: [] }, pod }),
  );
};

/** What the list says of each pool is what the pool's item says. */
async function expectListed(store: Store): Promise<void> {
  for (const entry of (await store.pools.readRegistry('default')).pools) {
    const pool = await store.pools.readPool(entry.id);
    expect(entry.policy).toEqual(pool && entryOf(pool.definition, pool.state).policy);
  }
}

describe('the list of pools', () => {
  it('says for which pods each is, from its creation on and after each change', async () => {
    const here = world();
    await create(here.environment(), { namespaces: ['shop'], order: 3 });
    await expectListed(here.store);
    await change(here.environment(), { namespaces: ['bank'], nodeLabels: { rack: 'a' }, clusters: ['test'] });
    await expectListed(here.store);
    await change(here.environment(), {
      state: 'draining',
      ranges: [[{ subnet: '10.1.0.0/24' }, { subnet: '10.2.0.0/24' }]],
    });
    await expectListed(here.store);
    expect((await registryOf(here)).pools[0]?.policy).toMatchObject({ state: 'draining', namespaces: ['bank'] });
  });

  it('is not written where a change has nothing to do with it', async () => {
    const here = world();
    await create(here.environment());
    const { store, requests } = counted(here.store);
    await change(here.environment({ store }), { cooldownSeconds: 5, exclude: ['10.1.0.9'] });
    expect(requests).toEqual(['readRegistry', 'readPool', 'changePool']);
  });

  it('is what a dry run leaves as it is', async () => {
    const here = world();
    await create(here.environment());
    const before = await registryOf(here);
    await change(here.environment(), { namespaces: ['shop'] }, { dryRun: true });
    expect(await registryOf(here)).toEqual(before);
  });
});

describe('a change of a selector that is interrupted before the list has it', () => {
  async function interrupted() {
    const here = world();
    await create(here.environment(), { namespaces: ['shop', 'mail'] });
    await create(here.environment(), { name: 'rest', ranges: ranges(2), default: true });
    const store = intercepted(here.store, (name, _, proceed) =>
      name === 'writeRegistry' ? Promise.reject(new Error('the environment is gone')) : proceed(),
    );
    const patch = { namespaces: ['mail', 'bank'] };
    await expect(change(here.environment({ store }), patch, { ifMatch: 1 })).rejects.toThrow('gone');
    return { here, patch };
  }
  const poolOf = async (here: World, namespace: string) => (await ask(here, namespace)).pool.name;

  it('leaves the pool to the pods of before and after: for others it is passed over, and never misused', async () => {
    const { here } = await interrupted();
    expect(await Promise.all(['shop', 'mail', 'bank'].map((one) => poolOf(here, one)))).toEqual([
      'rest',
      'blue',
      'rest',
    ]);
  });

  it('is completed by the same request, which says that the pool itself is changed already', async () => {
    const { here, patch } = await interrupted();
    const { effects, pool } = await change(here.environment(), patch, { ifMatch: 1 });
    expect([effects, pool.version]).toEqual([['nothing changes'], 2]);
    await expectListed(here.store);
    expect(await Promise.all(['shop', 'mail', 'bank'].map((one) => poolOf(here, one)))).toEqual([
      'rest',
      'blue',
      'blue',
    ]);
  });

  it('is completed by any other change of the pool', async () => {
    const { here } = await interrupted();
    await change(here.environment(), { cooldownSeconds: 5 });
    await expectListed(here.store);
  });
});

describe('a list that an earlier version wrote', () => {
  /** Pools blue for namespace shop and rest for all, without what ADDs choose by. */
  async function older() {
    const here = world();
    const policies: [string, Partial<PoolPolicy>][] = [
      ['blue', { namespaces: ['shop'] }],
      ['rest', { default: true }],
    ];
    for (const [name, policy] of policies) {
      const pool = await operatorsPool(here, { addresses: 8, blockSize: 4, name });
      const state = await here.store.pools.readPool(pool.id);
      if (state) await here.store.pools.changePool({ ...state, definition: { ...pool, ...policy }, version: 2 });
    }
    expect((await registryOf(here)).pools.some(isListed)).toBe(false);
    return here;
  }

  it('serves as well: the pools are read', async () => {
    const here = await older();
    expect((await ask(here, 'shop')).pool.name).toBe('blue');
    expect((await ask(here, 'bank')).pool.name).toBe('rest');
  });

  it.each<[string, (here: World) => Promise<unknown>]>([
    ['a pool is created', (here) => create(here.environment(), { name: 'new', ranges: ranges(77) })],
    ['one is changed', (here) => change(here.environment(), { cooldownSeconds: 5 })],
  ])('is completed when %s', async (_, does) => {
    const here = await older();
    await does(here);
    await expectListed(here.store);
    const { store, requests } = counted(here.store);
    await add(here.environment({ store }), 'i-9', addOf(99, { pool: { vrf: 'default', name: 'network', names: [] } }));
    expect(requests.filter((name) => name === 'readPool')).toHaveLength(1);
  });
});

const request = fc.record({
  does: fc.constantFrom('create', 'select', 'select', 'select', 'drain', 'grow'),
  pool: fc.nat(1),
  namespace: fc.constantFrom('shop', 'bank'),
});

/** Selectors change while other pools come and grow. */
const listIsRight = (open: () => Store) =>
  fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 6 }), fc.scheduler(), async (requests, scheduler) => {
    const here = world(open());
    for (const pool of [0, 1]) await create(here.environment(), { name: `pool-${pool}`, ranges: ranges(pool) });
    const store = scheduled(here.store, scheduler);
    await scheduler.waitFor(
      Promise.all(
        requests.map(async ({ does, pool, namespace }, index) => {
          const deps = here.environment({ store });
          const name = `pool-${pool}`;
          const ways = {
            create: () => create(deps, { name: `new-${index}`, ranges: ranges(10 + index), namespaces: [namespace] }),
            select: () => change(deps, { namespaces: [namespace] }, { name }),
            drain: () => change(deps, { state: index % 2 === 0 ? 'draining' : 'active' }, { name }),
            grow: () =>
              change(
                deps,
                { ranges: [[{ subnet: `10.${pool}.0.0/24` }, { subnet: `10.${100 + index}.0.0/24` }]] },
                { name },
              ),
          };
          return ways[does]().catch(unlessRefused);
        }),
      ),
    );
    await expectListed(here.store);
  });

describe('changes at the same moment', () => {
  it('leave a list that says what the pools say', async () => {
    await fc.assert(
      listIsRight(() => memoryStore()),
      { numRuns: 300 },
    );
  }, 120_000);

  it('are found out if the list is written without a look at its version', async () => {
    expect((await fc.check(listIsRight(blindRegistry), { seed: 1, numRuns: 300 })).failed).toBe(true);
  }, 120_000);
});

it('An ADD that names a pool is refused it by what the pool says of clusters, whatever the list says', async () => {
  const here = world();
  await create(here.environment());
  const store = intercepted(here.store, (name, _, proceed) =>
    name === 'writeRegistry' ? Promise.reject(new Error('the environment is gone')) : proceed(),
  );
  await expect(change(here.environment({ store }), { clusters: ['production'] })).rejects.toThrow('gone');
  const request = addOf(1, { pool: { vrf: 'default', name: 'network', names: ['blue'] } });
  expect((await refusalOf(add(here.environment(), 'i-1', request))).message).toContain(
    'blue: it is kept to cluster production',
  );
});
