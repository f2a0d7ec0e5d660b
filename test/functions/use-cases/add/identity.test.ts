import { describe, expect, it } from 'vitest';
import type { AllocateRequest } from '../../../../core/contract/lease.ts';
import type { PoolDefinition, PoolPolicy } from '../../../../core/contract/pool.ts';
import type { IdentityKey } from '../../../../core/protocol/identity.ts';
import { slotFromWire, slotToWire } from '../../../../core/protocol/slot-ref.ts';
import type { Store } from '../../../../core/store.ts';
import { counted, intercepted } from '../../intercepted.ts';
import { add, addOf, del, delOf, operatorsPool, proposal, refusalOf, type World, world } from '../../world.ts';

const blue = { vrf: 'default', name: 'blue' };
const HOUR = 3_600_000;
const pod = (name: string, namespace = 'shop') => ({ namespace, name });

async function keeping({
  addresses = 600,
  blockSize = 64,
  ...policy
}: Partial<PoolPolicy> & Record<string, unknown> = {}) {
  const here = world();
  const pool = await operatorsPool(here, {
    addresses: Number(addresses),
    blockSize: Number(blockSize),
    identitySeconds: 3600,
    ...policy,
  });
  let containers = 0;
  /** Another container, on some node, answered by another environment. */
  const start = async (over: Partial<AllocateRequest> = {}, node = 'i-1') => {
    const n = containers++;
    const { slot, addresses: got, identity } = await add(here.environment(), node, addOf(n, { pool: blue, ...over }));
    const end = () => del(here.environment(), node, delOf(n, { slot, acknowledged: true }));
    return { address: got[0]?.address, identity, end };
  };
  const virtualMachine = (name: string, node?: string) => start({ pod: pod(name), identity: 'vm1' }, node);
  return { here, pool, start, virtualMachine };
}

describe('an identity', () => {
  it('finds its address again in a pod of another name on another node, at once and until its time is over', async () => {
    const { here, virtualMachine } = await keeping();
    const first = await virtualMachine('launcher-a');
    expect(first.identity).toBe('vm1');
    await first.end();
    const second = await virtualMachine('launcher-b', 'i-2');
    expect(second.address).toBe(first.address);
    await second.end();
    here.clock.now += HOUR - 1;
    expect((await virtualMachine('launcher-c', 'i-3')).address).toBe(first.address);
  });

  it('waits while its holder lives, which is named with its node', async () => {
    const { virtualMachine } = await keeping();
    const first = await virtualMachine('launcher-a');
    const refusal = await refusalOf(virtualMachine('launcher-b', 'i-2'));
    expect(refusal).toMatchObject({
      code: 'identity.held',
      message: `Identity vm1 of namespace shop in pool blue (${first.address}) is held by pod shop/launcher-a on node i-1: this pod gets the address when that one ends`,
      facts: { pod: 'shop/launcher-a', node: 'i-1', identity: 'vm1' },
    });
    expect(refusal.kind).toMatchObject({ retry: true, cni: 11 });
    await first.end();
    expect((await virtualMachine('launcher-c', 'i-2')).address).toBe(first.address);
  });

  it('has an address that nobody else gets meanwhile, though the pool is full otherwise, and its own last pod neither', async () => {
    const { here, start, virtualMachine } = await keeping({ addresses: 8, blockSize: 4, stickySeconds: 60 });
    const mine = await virtualMachine('launcher-a');
    for (let n = 0; n < 7; n += 1) await start({ pod: pod(`web-${n}`) });
    await mine.end();
    here.clock.now += 120_000;
    for (const name of ['other', 'launcher-a'])
      expect((await refusalOf(start({ pod: pod(name) }))).code).toBe('pool.cooling');
    expect((await virtualMachine('launcher-b')).address).toBe(mine.address);
  });

  it('keeps no pod of its holder’s name waiting that does not name it, in a sticky pool either', async () => {
    const { start, virtualMachine } = await keeping({ addresses: 8, blockSize: 4, stickySeconds: 60 });
    const mine = await virtualMachine('launcher-a');
    expect((await start({ pod: pod('launcher-a') }, 'i-2')).address).not.toBe(mine.address);
  });

  it('loses it to others when its time is over, and keeps another one from then on', async () => {
    const { here, start, virtualMachine } = await keeping({ addresses: 4, blockSize: 4 });
    const mine = await virtualMachine('launcher-a');
    const others = [];
    for (let n = 0; n < 3; n += 1) others.push(await start({ pod: pod(`web-${n}`) }));
    await mine.end();
    here.clock.now += HOUR;
    expect((await start({ pod: pod('web-9') })).address).toBe(mine.address);
    await others[0]?.end();
    here.clock.now += HOUR;
    const now = await virtualMachine('launcher-b');
    expect(now.address).toBe(others[0]?.address);
    await now.end();
    expect((await virtualMachine('launcher-c')).address).toBe(now.address);
  });

  it('is one of its namespace and of its pool', async () => {
    const { start, virtualMachine } = await keeping();
    const mine = await virtualMachine('launcher-a');
    const theirs = await start({ pod: pod('launcher-a', 'bank'), identity: 'vm1' });
    expect(theirs.address).not.toBe(mine.address);
  });

  it('is not shared by two interfaces of one pod: the refusal says how each gets its own', async () => {
    const { here } = await keeping();
    const both = (ifname: string, nonce: string) =>
      add(here.environment(), 'i-1', {
        ...addOf(1, { pool: blue, pod: pod('launcher-a'), identity: 'vm1' }),
        attachment: { network: 'blue', containerId: 'container-1', ifname },
        nonce,
      });
    await both('eth0', '1'.padStart(32, '0'));
    const refusal = await refusalOf(both('net1', '2'.padStart(32, '0')));
    expect(refusal).toMatchObject({
      code: 'identity.held',
      remedy: expect.stringContaining('{"<network>": "<identity>"}'),
    });
  });

  it('is answered alike where the ADD is asked again', async () => {
    const { here } = await keeping();
    const request = addOf(1, { pool: blue, pod: pod('launcher-a'), identity: 'vm1' });
    const first = await add(here.environment(), 'i-1', request);
    const again = await add(here.environment(), 'i-1', { ...request, attempt: 2 });
    expect(again.slot).toEqual(first.slot);
  });

  it('has the slot that an earlier try holds without it, as a service of before does', async () => {
    const { here, virtualMachine } = await keeping();
    const request = addOf(100, { pool: blue, pod: pod('launcher-a') });
    const first = await add(here.environment(), 'i-1', request);
    const again = { ...request, identity: 'vm1', attempt: 2 };
    expect((await add(here.environment(), 'i-1', again)).slot).toEqual(first.slot);
    expect((await refusalOf(virtualMachine('launcher-b', 'i-2'))).code).toBe('identity.held');
  });

  it.each<[string, (store: Store, key: IdentityKey) => Promise<unknown>]>([
    [
      'another pod came and went',
      async ({ identities }, key) => {
        const kept = await identities.read(key);
        if (kept) await identities.point(key, { ...kept, token: 'another' }, kept.token);
      },
    ],
    [
      'the stream forgot it',
      async ({ identities }, key) => identities.forget(key, (await identities.read(key))?.token ?? ''),
    ],
  ])('is to be asked for again, and no other pod is said to have it, where meanwhile %s', async (_, happens) => {
    const { here, pool, virtualMachine } = await keeping();
    const first = await virtualMachine('launcher-a');
    await first.end();
    let isFirst = true;
    const store = intercepted(here.store, async (name, __, proceed) => {
      if (name === 'point' && isFirst) {
        isFirst = false;
        await happens(here.store, { pool: pool.id, namespace: 'shop', identity: 'vm1' });
      }
      return proceed();
    });
    const asked = addOf(100, { pool: blue, pod: pod('launcher-b'), identity: 'vm1' });
    const refusal = await refusalOf(add(here.environment({ store }), 'i-1', asked));
    expect(refusal).toMatchObject({ code: 'service.busy', message: expect.stringContaining('was changed') });
    const again = await add(here.environment({ store }), 'i-1', { ...asked, attempt: 2 });
    expect(again.addresses[0]?.address).toBe(first.address);
  });

  it('is not looked for again within one call, also where the pool has grown: what it holds by then only a repeat finds', async () => {
    const { here, pool, virtualMachine } = await keeping();
    await (await virtualMachine('launcher-a')).end();
    const key = { pool: pool.id, namespace: 'shop', identity: 'vm1' };
    let points = 0;
    const store = intercepted(here.store, async (name, _, proceed) => {
      if (name === 'point') {
        points += 1;
        await here.store.identities.forget(key, (await here.store.identities.read(key))?.token ?? '');
        const { open = 0n } = (await here.store.pools.readPool(pool.id)) ?? {};
        await here.store.pools.openPool(pool.id, open, open + 1n);
      }
      return proceed();
    });
    const deps = here.environment({ store });
    await add(deps, 'i-1', addOf(99, { pool: blue, pod: pod('web') }));
    here.clock.now += 1;
    const asked = addOf(100, { pool: blue, pod: pod('launcher-b'), identity: 'vm1' });
    expect(await refusalOf(add(deps, 'i-1', asked))).toMatchObject({ code: 'service.busy' });
    expect(points).toBe(1);
  });

  it('is answered with the slot that the item names, though the same request holds another one in vain', async () => {
    const { here } = await keeping({ addresses: 4, blockSize: 4 });
    const asked = addOf(100, { pool: blue, pod: pod('launcher-a'), identity: 'vm1' });
    const { slot } = await add(here.environment(), 'i-1', asked);
    // A copy of it came late, of before the item was there.
    const { attachment, nonce } = asked;
    const life = { node: 'i-1', incarnation: 1, heldAt: here.clock.now };
    const holding = { attachment, nonce, ...life, pod: pod('launcher-a'), identity: 'vm1' };
    const vain = { ...slotFromWire(slot), slot: 0 };
    expect(slot.slot).not.toBe(vain.slot);
    await here.store.leases.hold(vain, holding, 1);
    // As DynamoDB reads them.
    const store = intercepted(here.store, async (name, _, proceed) =>
      name === 'readBlock'
        ? new Map([...((await proceed()) as Map<number, unknown>)].sort(([a], [b]) => a - b))
        : proceed(),
    );
    expect((await add(here.environment({ store }), 'i-1', { ...asked, attempt: 2 })).slot).toEqual(slot);
  });

  it('is refused, and says why, while an earlier try of the same request holds another address in vain', async () => {
    const { here, pool, virtualMachine } = await keeping();
    const asked = addOf(100, { pool: blue, pod: pod('launcher-b'), identity: 'vm1' });
    const forgetful = intercepted(here.store, async (name, _, proceed) => name !== 'point' && proceed());
    await refusalOf(add(here.environment({ store: forgetful }), 'i-1', asked));
    const first = await virtualMachine('launcher-a', 'i-2');
    expect(await refusalOf(add(here.environment(), 'i-1', { ...asked, attempt: 2 }))).toMatchObject({
      code: 'identity.held',
      facts: { pod: 'shop/launcher-a' },
    });
    await first.end();
    expect(await refusalOf(add(here.environment(), 'i-1', { ...asked, attempt: 2 }))).toMatchObject({
      code: 'identity.held',
      message: `Identity vm1 of namespace shop in pool blue (${first.address}) is free, and an earlier try of this request holds another address: delete the container and create it again, as the kubelet does`,
      facts: { pool: pool.name },
    });
  });

  it('does not follow what its node proposes', async () => {
    const { pool, start, virtualMachine } = await keeping();
    const first = await virtualMachine('launcher-a');
    await first.end();
    const asked = { pod: pod('launcher-b'), identity: 'vm1', proposal: proposal(pool, 3, 3) };
    expect((await start(asked, 'i-2')).address).toBe(first.address);
  });

  it('moves where its address is not handed out any more', async () => {
    const { here, pool, virtualMachine } = await keeping();
    const first = await virtualMachine('launcher-a');
    await first.end();
    await exclude(here, pool, first.address);
    const moved = await virtualMachine('launcher-b');
    expect(moved.address).not.toBe(first.address);
    await moved.end();
    expect((await virtualMachine('launcher-c')).address).toBe(moved.address);
  });

  it('waits all the same while its holder lives with an address that is not handed out any more', async () => {
    const { here, pool, virtualMachine } = await keeping();
    const first = await virtualMachine('launcher-a');
    await exclude(here, pool, first.address);
    expect(await refusalOf(virtualMachine('launcher-b', 'i-2'))).toMatchObject({
      code: 'identity.held',
      facts: { pod: 'shop/launcher-a', node: 'i-1' },
    });
    await first.end();
    expect((await virtualMachine('launcher-c')).address).not.toBe(first.address);
  });

  it('has one address, also in an environment that knows the pool as it was before its block was opened', async () => {
    const { here, pool } = await keeping({ addresses: 2000, blockSize: 4 });
    const behind = here.environment();
    const of = (n: number) => addOf(n, { pool: blue, pod: pod(`launcher-${n}`), identity: 'vm1' });
    await add(behind, 'i-2', addOf(1, { pool: blue, pod: pod('web') }));
    const first = await add(here.environment(), 'i-1', of(2));
    await del(here.environment(), 'i-1', delOf(2, { slot: first.slot, acknowledged: true }));
    // As a search does where all that was open is full.
    await here.store.pools.openPool(pool.id, 256n, 400n);
    const slot = { pool: pool.id, block: 300n, slot: 1 };
    const { attachment, nonce } = of(2);
    const life = { node: 'i-1', incarnation: 1, heldAt: here.clock.now };
    const holding = { attachment, nonce, ...life, pod: pod('launcher-2'), identity: 'vm1' };
    await here.store.leases.hold(slot, holding, 1);
    const key = { pool: pool.id, namespace: 'shop', identity: 'vm1' };
    const before = await here.store.identities.read(key);
    await here.store.identities.point(key, { block: 300n, slot: 1, token: 'moved' }, before?.token);
    expect(await refusalOf(add(behind, 'i-2', of(3)))).toMatchObject({
      code: 'identity.held',
      facts: { addresses: ['10.1.5.177/16'] },
    });
    await del(here.environment(), 'i-1', delOf(2, { slot: slotToWire(slot), acknowledged: true }));
    expect((await add(behind, 'i-2', of(4))).slot).toEqual(slotToWire(slot));
  });
});

/** As an operator's PATCH, in an environment that is not asked. */
async function exclude({ store }: World, pool: PoolDefinition, address = ''): Promise<void> {
  const state = await store.pools.readPool(pool.id);
  if (state === undefined) throw new Error('no pool');
  const definition = { ...pool, exclude: [address.split('/')[0] ?? ''] };
  await store.pools.changePool({ ...state, definition, version: 2 });
}

describe('an identity is refused', () => {
  it.each<[string, Partial<PoolPolicy> & Record<string, unknown>, string]>([
    [
      'where the pool keeps none',
      { identitySeconds: 0 },
      "since its identitySeconds is 0: set the pool's identitySeconds",
    ],
    [
      'where the pod has a reservation',
      { reservations: [{ name: 'db', addresses: ['10.1.1.5'], namespace: 'shop' }] },
      'since the pod has reservation db',
    ],
  ])('%s', async (_, policy, why) => {
    const { virtualMachine } = await keeping(policy);
    const refusal = await refusalOf(virtualMachine('launcher-a'));
    expect(refusal.code).toBe('identity.unkept');
    expect(refusal.message).toContain(why);
  });

  it('where blocks belong to nodes, by the name of the pool', async () => {
    const { here, pool, virtualMachine } = await keeping();
    const state = await here.store.pools.readPool(pool.id);
    if (state === undefined) throw new Error('no pool');
    await here.store.pools.changePool({
      ...state,
      definition: { ...pool, affinity: 'node', identitySeconds: 0 },
      version: 2,
    });
    const refusal = await refusalOf(virtualMachine('launcher-a'));
    expect(refusal).toMatchObject({
      code: 'identity.unkept',
      message: expect.stringContaining('Pool blue keeps no address'),
    });
  });

  it.each<[string, Partial<AllocateRequest>]>([
    ['without a pod', { identity: 'vm1' }],
    ['with addresses', { identity: 'vm1', pod: pod('a'), addresses: ['10.1.1.9'] }],
  ])('%s', async (_, over) => {
    const { start } = await keeping();
    expect((await refusalOf(start(over))).code).toBe('request.invalid');
  });
});

describe('an ADD without an identity', () => {
  it('makes the same requests in a pool that keeps addresses for identities', async () => {
    const requestsIn = async (identitySeconds: number) => {
      const here = world();
      await operatorsPool(here, { addresses: 600, blockSize: 64, identitySeconds });
      const { store, requests } = counted(here.store);
      const deps = here.environment({ store });
      const { slot } = await add(deps, 'i-1', addOf(1, { pool: blue, pod: pod('web') }));
      await del(deps, 'i-1', delOf(1, { slot, acknowledged: true }));
      return requests;
    };
    expect(await requestsIn(3600)).toEqual(await requestsIn(0));
  });
});
