import { describe, expect, it } from 'vitest';
import { countChanges } from '../../../../functions/use-cases/changes/count-changes.ts';
import { emptyMemory } from '../../../../functions/use-cases/memory.ts';
import { changePool } from '../../../../functions/use-cases/pools/change-pool.ts';
import { newPool } from '../../../../functions/use-cases/pools/open-blocks.ts';
import { explain } from '../../../../functions/use-cases/questions/explain.ts';
import { findLeases } from '../../../../functions/use-cases/questions/find-leases.ts';
import { usage } from '../../../../functions/use-cases/questions/usage.ts';
import { whoHas } from '../../../../functions/use-cases/questions/who-has.ts';
import { counted } from '../../intercepted.ts';
import { add, addOf, COOLDOWN_MS, callOf, del, delOf, operatorsPool, proposal, refusalOf, world } from '../../world.ts';

const blue = { vrf: 'default', name: 'blue' };
const call = callOf('user/ann');

/** Five leases of two nodes and two namespaces in a pool of 11 addresses, one of them released. */
async function used() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 11, blockSize: 4 });
  const deps = here.environment();
  for (const n of [0, 1, 2, 3, 4]) {
    const pod = { namespace: n < 3 ? 'shop' : 'bank', name: `web-${n}` };
    const request = { pool: blue, pod, proposal: proposal(pool, n % 3, n % 2) };
    await add(deps, n % 2 ? 'i-2' : 'i-1', addOf(n, request));
  }
  await del(deps, 'i-1', delOf(0));
  return { here, deps, pool };
}

it('Right after a pool grew an environment that remembers it as it was answers how large it is now, exactly and by the counters', async () => {
  const { here, deps } = await used();
  await usage(deps, call, { ...blue, by: undefined });
  const pool = await here.store.pools.readRegistry('default');
  const [range] = pool.pools[0]?.ranges[0] ?? [];
  const more = { subnet: '10.99.0.0/24' };
  const patch = { ranges: [[...(range ? [range] : []), more]] };
  const { pool: grown } = await changePool(here.environment(), { ...blue, ifMatch: undefined, dryRun: false }, patch);
  expect(Number(grown.capacity)).toBeGreaterThan(200);
  for (const cheap of [false, true])
    expect((await usage(deps, call, { ...blue, by: undefined, cheap })).capacity).toBe(grown.capacity);
});

describe('the use of a pool', () => {
  it('is counted slot by slot', async () => {
    const { deps } = await used();
    expect(await usage(deps, call, { ...blue, by: undefined })).toMatchObject({
      pool: 'blue',
      affinity: 'shared',
      state: 'active',
      held: 4,
      cooling: 1,
      free: '6',
      capacity: '11',
    });
  });

  it('is counted by node, namespace and block, the fullest first', async () => {
    const { deps } = await used();
    const by = async (what: 'node' | 'namespace' | 'block') =>
      (await usage(deps, call, { ...blue, by: what })).parts?.map(({ of, held, cooling }) => [of, held, cooling]);
    expect(await by('node')).toEqual([
      ['i-1', 2, 1],
      ['i-2', 2, 0],
    ]);
    expect(await by('namespace')).toEqual([
      ['shop', 2, 1],
      ['bank', 2, 0],
    ]);
    expect((await by('block'))?.reduce((sum, [, held]) => sum + Number(held), 0)).toBe(4);
  });

  it('is told by the counters, cheaply, without what cools', async () => {
    const { deps, pool } = await used();
    const changes = ['shop', 'bank', 'shop'].map((after, n) => ({ pool: pool.id, after, sequence: String(n) }));
    const gone = { pool: pool.id, before: 'gone', sequence: '4' };
    expect(await usage(deps, call, { ...blue, by: undefined, cheap: true })).toMatchObject({ held: 0 });
    await countChanges(deps, 's', [...changes, { pool: pool.id, after: 'gone', sequence: '3' }, gone]);
    const { store, requests } = counted(deps.store);
    const told = await usage({ ...deps, store }, call, { ...blue, by: 'namespace', cheap: true });
    expect(requests).toEqual(['readRegistry', 'readPool', 'read', 'readNamespaces']);
    expect(told).toEqual({
      pool: 'blue',
      reserved: '0',
      vrf: 'default',
      state: 'active',
      affinity: 'shared',
      source: 'counted',
      held: 3,
      capacity: '11',
      parts: [
        { of: 'shop', held: 2 },
        { of: 'bank', held: 1 },
      ],
      at: '2026-01-01T00:00:00.000Z',
    });
    const refusal = await refusalOf(usage(deps, call, { ...blue, by: 'node', cheap: true }));
    expect(refusal).toMatchObject({ code: 'request.invalid', message: expect.stringContaining('give by=namespace') });
  });

  it('costs what is in use, not what is open', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 16_384, blockSize: 64 });
    const ask = async () => {
      const { store, requests } = counted(here.store);
      const { held } = await usage(here.environment({ store }), call, { ...blue, by: undefined });
      return [held, requests.length];
    };
    expect((await here.store.pools.readPool(pool.id))?.open).toBe(256n);
    expect(await ask()).toEqual([0, 3]);
    await add(here.environment(), 'i-1', addOf(1, { pool: blue, proposal: proposal(pool, 200, 1) }));
    await add(here.environment(), 'i-2', addOf(2, { pool: blue, proposal: proposal(pool, 203, 1) }));
    expect(await ask()).toEqual([2, 3 + 16]);
    await add(here.environment(), 'i-2', addOf(3, { pool: blue, incarnation: 1, proposal: proposal(pool, 5, 1) }));
    expect(await ask()).toEqual([3, 3 + 32]);
    expect((await explain(here.environment(), call, { vrf: 'default', pools: ['blue'], labels: {} })).pool).toBe(
      'blue',
    );
  });

  it('of a pool that is older than the notes of what was joined is read block by block', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 64, blockSize: 4 });
    const { joinsNoted: _, ...older } = newPool({ ...pool, id: 'e'.repeat(16) });
    await here.store.pools.createPool(older);
    const registry = await here.store.pools.readRegistry('default');
    const { ranges } = pool;
    const entry = { id: 'e'.repeat(16), name: 'older', ranges };
    await here.store.pools.writeRegistry({ ...registry, version: registry.version + 1, pools: [entry] });
    const { store, requests } = counted(here.store);
    await usage(here.environment({ store }), call, { vrf: 'default', name: 'older', by: undefined });
    expect(requests.filter((name) => name === 'readBlock')).toHaveLength(16);
  });

  it('forgets what has cooled', async () => {
    const { here, deps } = await used();
    here.clock.now += COOLDOWN_MS;
    expect(await usage(deps, call, { ...blue, by: undefined })).toMatchObject({ held: 4, cooling: 0, free: '7' });
  });

  it('of a pool that is not there is refused with the names that are', async () => {
    const { deps } = await used();
    const refusal = await refusalOf(usage(deps, call, { vrf: 'default', name: 'green', by: undefined }));
    expect(refusal).toMatchObject({ code: 'pool.unknown', message: expect.stringContaining('blue') });
  });

  it('that takes longer than the request may is refused, not guessed', async () => {
    const { deps } = await used();
    const late = { caller: 'user/ann', remainingMs: () => 500 };
    expect(await refusalOf(usage(deps, late, { ...blue, by: undefined }))).toMatchObject({ code: 'service.busy' });
  });
});

describe('who has an address', () => {
  it.each([
    ['10.1.1.1', 'held', 'web-3'],
    ['10.1.1.0', 'cooling', 'web-0'],
    ['10.1.1.2', 'free', undefined],
    ['10.1.1.11', 'outside', undefined],
    ['10.9.0.1', 'outside', undefined],
    ['fd00::1', 'outside', undefined],
  ])('%s: %s', async (text, state, pod) => {
    const { deps } = await used();
    const found = await whoHas(deps, { vrf: 'default', text });
    expect(found).toMatchObject({ address: text, state });
    expect(found.lease?.pod?.name).toBe(pod);
  });

  it('is told for any spelling, and for a gateway too', async () => {
    const here = world();
    const ranges = [[{ subnet: 'fd00::/64' }]];
    await add(here.environment(), 'i-1', addOf(1, { pool: { ...blue, ranges } }));
    const deps = here.environment();
    expect(await whoHas(deps, { vrf: 'default', text: 'FD00:0::0001' })).toMatchObject({
      address: 'fd00::1',
      state: 'unusable',
    });
    expect(await refusalOf(whoHas(deps, { vrf: 'default', text: '010.0.0.1' }))).toMatchObject({
      code: 'request.invalid',
    });
  });
});

describe('the addresses', () => {
  it('of a node are found by its blocks', async () => {
    const { deps } = await used();
    const { leases } = await findLeases(deps, call, { vrf: 'default', node: 'i-1' });
    expect(leases.map(({ pod, state, pool }) => [pod?.name, state, pool]).sort()).toEqual([
      ['web-0', 'cooling', 'blue'],
      ['web-2', 'held', 'blue'],
      ['web-4', 'held', 'blue'],
    ]);
    expect(await refusalOf(findLeases(deps, call, { vrf: 'default', node: 'i-9' }))).toMatchObject({
      code: 'node.unknown',
    });
  });

  it('of a pod and of a namespace are found in whichever pool', async () => {
    const { deps } = await used();
    const names = async (wanted: { namespace?: string; node?: string; pod?: string }) =>
      (await findLeases(deps, call, { vrf: 'default', ...wanted })).leases.map(({ pod }) => pod?.name).sort();
    expect(await names({ namespace: 'bank' })).toEqual(['web-3', 'web-4']);
    expect(await names({ namespace: 'shop', pod: 'web-1' })).toEqual(['web-1']);
    expect(await names({ namespace: 'shop', pod: 'web-9' })).toEqual([]);
    expect(await names({ pod: 'web-3' })).toEqual(['web-3']);
    expect(await names({ node: 'i-1', pod: 'web-3' })).toEqual([]);
  });

  it('of nobody in particular are not asked for', async () => {
    const { deps } = await used();
    expect(await refusalOf(findLeases(deps, call, { vrf: 'default' }))).toMatchObject({ code: 'request.invalid' });
  });
});

describe('why a pod gets no address', () => {
  const asked = { vrf: 'default', pools: [], labels: {} };

  it('is told for each pool and each block', async () => {
    const { deps, pool } = await used();
    for (let n = 10; n < 16; n += 1) await add(deps, 'i-1', addOf(n, { pool: blue }));
    const full = await explain(deps, call, { ...asked, pools: ['blue', 'green'] });
    expect(full.verdict).toBe(
      'an ADD gets no address: blue has 1 addresses that are only cooling: wait, or lower its cooldown',
    );
    expect(full.pools).toMatchObject([
      { pool: 'blue', rule: 'named', verdict: 'has 1 addresses that are only cooling: wait, or lower its cooldown' },
      { pool: 'green', verdict: 'there is no such pool in VRF default' },
    ]);
    expect(full.pools[0]?.blocks.map(({ held, cooling, free, verdict }) => [held, cooling, free, verdict])).toEqual([
      [3, 1, 0, 'has only cooling addresses'],
      [4, 0, 0, 'is full'],
      [3, 0, 0, 'is full'],
    ]);
    await del(deps, 'i-1', delOf(12));
    await deps.store.pools.changePool({ ...(await stateOf(deps, pool.id)), state: 'draining', version: 2 });
    const draining = await explain({ ...deps, memory: { ...deps.memory, pools: emptyMemory().pools } }, call, {
      ...asked,
      pools: ['blue'],
    });
    expect(draining.pools).toMatchObject([{ pool: 'blue', verdict: 'is passed over: it is draining', blocks: [] }]);
  });

  it('is that no pool asks for it', async () => {
    const { deps } = await used();
    const { verdict, pools } = await explain(deps, call, asked);
    expect(verdict).toMatch(/^an ADD gets no address: the configuration names no pool, and none asks for this pod/);
    expect(pools).toMatchObject([{ pool: 'blue', verdict: expect.stringMatching(/^passed over: it has no selector/) }]);
  });

  it('is nothing where there is room', async () => {
    const { deps } = await used();
    expect(await explain(deps, call, { ...asked, pools: ['blue'] })).toMatchObject({
      verdict: 'an ADD gets an address from pool blue',
      pool: 'blue',
    });
  });
});

async function stateOf(deps: Parameters<typeof explain>[0], id: string) {
  const state = await deps.store.pools.readPool(id);
  if (state === undefined) throw new Error('no pool');
  return state;
}
