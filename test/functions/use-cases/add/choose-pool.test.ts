import { describe, expect, it } from 'vitest';
import type { AllocateRequest } from '../../../../core/contract/lease.ts';
import type { PoolPolicy } from '../../../../core/contract/pool.ts';
import { allocate } from '../../../../functions/use-cases/add/allocate.ts';
import { deletePool } from '../../../../functions/use-cases/pools/delete-pool.ts';
import { intercepted } from '../../intercepted.ts';
import { change, create } from '../../pool-requests.ts';
import {
  add,
  addOf,
  attachmentOf,
  callOf,
  del,
  delOf,
  operatorsPool,
  refusalOf,
  type World,
  world,
} from '../../world.ts';

async function poolOf(here: World, name: string, policy: Partial<PoolPolicy> = {}, addresses = 4) {
  const pool = await operatorsPool(here, { addresses, blockSize: 4, name });
  const state = await here.store.pools.readPool(pool.id);
  if (state === undefined) throw new Error('no pool');
  await here.store.pools.changePool({ ...state, definition: { ...pool, ...policy }, version: 2 });
  return pool;
}
async function drained(here: World, { id }: { id: string }) {
  const state = await here.store.pools.readPool(id);
  if (state) await here.store.pools.changePool({ ...state, state: 'draining', version: state.version + 1 });
}
/** Pool a of four addresses without a cooldown, and b of a hundred. */
async function smallAndLarge(policy: Partial<PoolPolicy> = {}) {
  const here = world();
  await poolOf(here, 'a', { ...policy, cooldownSeconds: 0 });
  await poolOf(here, 'b', policy, 100);
  return { here, deps: here.environment() };
}
/** An ADD of a network that names pools, or none. */
const requestFor = (n: number, names: string[], over: Partial<AllocateRequest> = {}) =>
  addOf(n, { pool: { vrf: 'default', name: 'network', names }, ...over });
const chosen = ({ pool, chosenBy }: { pool: { name: string }; chosenBy?: string | undefined }) => [pool.name, chosenBy];

describe('a configuration that names pools', () => {
  it('gets addresses of the first, and of the next where that is full', async () => {
    const here = world();
    await poolOf(here, 'small');
    await poolOf(here, 'large', {}, 100);
    const deps = here.environment();
    const got = [];
    for (let n = 0; n < 6; n += 1) got.push(chosen(await add(deps, 'i-1', requestFor(n, ['small', 'large']))));
    expect(got.slice(0, 4)).toEqual(Array(4).fill(['small', 'named']));
    expect(got.slice(4)).toEqual(Array(2).fill(['large', 'named']));
  });

  it('is told for each of them why it has no address', async () => {
    const here = world();
    await poolOf(here, 'a');
    await poolOf(here, 'b');
    const deps = here.environment();
    for (let n = 0; n < 8; n += 1) await add(deps, 'i-1', requestFor(n, ['a', 'b']));
    const refusal = await refusalOf(add(here.environment(), 'i-1', requestFor(9, ['a', 'b'])));
    expect(refusal.code).toBe('pool.exhausted');
    expect(refusal.message).toMatch(/Pool a in VRF default .*; Pool b in VRF default /);
    await del(deps, 'i-1', delOf(0));
    expect((await refusalOf(add(here.environment(), 'i-1', requestFor(9, ['a', 'b'])))).code).toBe('pool.cooling');
  });

  it('looks into a full pool last for a while, and then first again', async () => {
    const { here, deps } = await smallAndLarge();
    for (let n = 0; n < 5; n += 1) await add(deps, 'i-1', requestFor(n, ['a', 'b']));
    await del(deps, 'i-1', delOf(0));
    expect(chosen(await add(deps, 'i-1', requestFor(6, ['a', 'b'])))).toEqual(['b', 'named']);
    here.clock.now += 10_000;
    expect(chosen(await add(deps, 'i-1', requestFor(7, ['a', 'b'])))).toEqual(['a', 'named']);
  });

  it('finds the lease of an earlier try in whichever pool it is', async () => {
    const { here, deps } = await smallAndLarge();
    for (let n = 0; n < 4; n += 1) await add(deps, 'i-1', requestFor(n, ['a', 'b']));
    const first = await add(deps, 'i-1', requestFor(4, ['a', 'b']));
    await del(deps, 'i-1', delOf(0));
    const again = await add(here.environment(), 'i-1', requestFor(4, ['a', 'b'], { attempt: 2 }));
    expect(again.slot).toEqual(first.slot);
  });

  it.each([
    ['a pool', { vrf: 'default', name: 'rest' }],
    ['ranges', { vrf: 'default', name: 'net', ranges: [[{ subnet: '10.99.0.0/24' }]] }],
  ])(
    'finds the lease of an earlier try in whichever pool the pod named, where the configuration has %s',
    async (_, pool) => {
      const { here, deps } = await smallAndLarge({ namespaces: ['shop'] });
      await poolOf(here, 'rest');
      const asked = (n: number, attempt = 1) =>
        addOf(n, { pool, podPools: ['a', 'b'], pod: { namespace: 'shop', name: `web-${n}` }, attempt });
      for (let n = 0; n < 4; n += 1) await add(deps, 'i-1', asked(n));
      const first = await add(deps, 'i-1', asked(4));
      expect(chosen(first)).toEqual(['b', 'annotation']);
      await del(deps, 'i-1', delOf(0));
      here.clock.now += 60_000;
      const again = await add(here.environment(), 'i-1', asked(4, 2));
      expect(again.slot).toEqual(first.slot);
      expect(chosen(again)).toEqual(['b', 'annotation']);
      const state = await here.store.pools.readPool(again.pool.id);
      const closed = state && { ...state.definition, namespaces: ['other'] };
      if (closed) await here.store.pools.changePool({ ...state, definition: closed, version: 3 });
      expect(chosen(await add(here.environment(), 'i-1', asked(4, 3)))).toEqual(['b', 'annotation']);
    },
  );

  it.each([
    [['nowhere'], /nowhere: there is no such pool/],
    [['draining'], /draining: it is draining/],
    [['prod'], /prod: it is kept to cluster production, and the caller is of none/],
  ])('%j is refused with the reason', async (names, message) => {
    const here = world();
    const idle = await poolOf(here, 'draining');
    const state = await here.store.pools.readPool(idle.id);
    if (state) await here.store.pools.changePool({ ...state, state: 'draining', version: 3 });
    await poolOf(here, 'prod', { clusters: ['production'] });
    const refusal = await refusalOf(add(here.environment(), 'i-1', requestFor(1, names)));
    expect(refusal).toMatchObject({ code: 'pool.unmatched', message: expect.stringMatching(message) });
  });
});

describe('what an environment remembers of pools', () => {
  it('does not stand in the way of a new pool of the same name', async () => {
    const here = world();
    const ranges = [[{ subnet: '10.7.0.0/24' }]];
    const deps = here.environment();
    const asked = { pool: { vrf: 'default', name: 'blue', ranges } };
    const { slot } = await add(deps, 'i-1', addOf(1, asked));
    await del(deps, 'i-1', delOf(1, { slot, acknowledged: true }));
    const change = { vrf: 'default', name: 'blue', ifMatch: undefined, dryRun: false };
    await deletePool(here.environment(), callOf('user/ann'), change);
    const { pool } = await add(here.environment(), 'i-2', addOf(2, asked));
    expect((await add(deps, 'i-1', addOf(3, asked))).pool.id).toBe(pool.id);
  });

  it('does not hide a pool that was just created', async () => {
    const here = world();
    await poolOf(here, 'a');
    const deps = here.environment();
    await add(deps, 'i-1', requestFor(1, ['a']));
    await poolOf(here, 'b');
    expect(chosen(await add(deps, 'i-1', requestFor(2, ['b'])))).toEqual(['b', 'named']);
  });

  it('does not hide the lease of an earlier try in a pool that is drained since', async () => {
    const here = world();
    const pool = await poolOf(here, 'a');
    await poolOf(here, 'b');
    const first = await add(here.environment(), 'i-1', requestFor(1, ['a', 'b']));
    const state = await here.store.pools.readPool(pool.id);
    if (state) await here.store.pools.changePool({ ...state, state: 'draining', version: 3 });
    const again = await add(here.environment(), 'i-1', requestFor(1, ['a', 'b'], { attempt: 2 }));
    expect(again.slot).toEqual(first.slot);
  });
});

describe('a configuration that names no pool', () => {
  it('gets an address of a pool that asks for such pods, else of a default pool', async () => {
    const here = world();
    await poolOf(here, 'rest', { default: true }, 100);
    await poolOf(here, 'shop', { namespaces: ['shop'] });
    await poolOf(here, 'gpu', { nodeLabels: { kind: 'gpu' } });
    const deps = here.environment();
    const ask = async (n: number, namespace: string, labels = {}) =>
      chosen(await add(deps, 'i-1', requestFor(n, [], { pod: { namespace, name: `p${n}` }, labels })));
    expect(await ask(1, 'shop')).toEqual(['shop', 'selector']);
    expect(await ask(2, 'bank')).toEqual(['rest', 'default']);
    expect(await ask(3, 'bank', { kind: 'gpu' })).toEqual(['gpu', 'selector']);
    for (let n = 4; n < 7; n += 1) await ask(n, 'shop');
    expect(await ask(8, 'shop')).toEqual(['rest', 'default']);
  });

  it('is refused with each pool’s reason where none fits, but of those that others have to themselves only their number', async () => {
    const here = world();
    for (const name of ['shop', 'bank']) await poolOf(here, name, { namespaces: [name] });
    await poolOf(here, 'elsewhere', { clusters: ['other'] });
    await poolOf(here, 'gpu', { nodeLabels: { kind: 'gpu' } });
    const refusal = await refusalOf(add(here.environment(), 'i-1', requestFor(1, [])));
    expect(refusal).toMatchObject({
      code: 'pool.unmatched',
      what: 'No pool of VRF default may be used for this pod (pools of other namespaces or clusters: 3, and the pod has no namespace; gpu: it is for nodes with kind=gpu, and the node has no such label)',
    });
  });

  it('is told no more of a pool that the list still has for it, and that others have to themselves by now', async () => {
    const here = world();
    await create(here.environment(), { name: 'moved', namespaces: ['shop'] });
    const store = intercepted(here.store, (name, _, proceed) =>
      name === 'writeRegistry' ? Promise.reject(new Error('the environment is gone')) : proceed(),
    );
    const moving = change(here.environment({ store }), { namespaces: ['bank'] }, { name: 'moved' });
    await expect(moving).rejects.toThrow('gone');
    const shop = requestFor(1, [], { pod: { namespace: 'shop', name: 'web' } });
    const { what } = await refusalOf(add(here.environment(), 'i-1', shop));
    expect(what).toContain('(pools of other namespaces or clusters: 1)');
  });

  it('is told of a drained pool only where it would be its own', async () => {
    const here = world();
    for (const name of ['shop', 'bank']) await drained(here, await poolOf(here, name, { namespaces: [name] }));
    const { what } = await refusalOf(
      add(here.environment(), 'i-1', requestFor(1, [], { pod: { namespace: 'shop', name: 'web' } })),
    );
    expect(what).toContain('(pools of other namespaces or clusters: 1; shop: it is draining)');
  });
});

describe('clusters', () => {
  it('share a pool or have it for themselves, by the role of the caller', async () => {
    const here = world();
    await poolOf(here, 'both', { clusters: ['a', 'b'] });
    await poolOf(here, 'only', { clusters: ['a'] });
    const deps = here.environment();
    let containers = 0;
    const ask = (cluster: string | undefined, name: string) => {
      containers += 1;
      const attachment = attachmentOf(containers);
      return allocate(
        deps,
        { ...callOf(`i-${cluster}`), cluster },
        addOf(containers, { attachment, pool: { vrf: 'default', name } }),
      );
    };
    const [first, second] = [await ask('a', 'both'), await ask('b', 'both')];
    expect(first.addresses).not.toEqual(second.addresses);
    expect((await ask('a', 'only')).pool.name).toBe('only');
    for (const cluster of ['b', undefined])
      expect(await refusalOf(ask(cluster, 'only'))).toMatchObject({
        code: 'pool.forbidden',
        message: expect.stringContaining('cluster a'),
      });
  });
});
