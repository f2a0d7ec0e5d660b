/** A pool has so many blocks that are opened apart, for good: one namespace's pods do not take all of them. */
import { describe, expect, it } from 'vitest';
import { most } from '../../../../core/contract/limits.ts';
import { freshPool } from '../../../../functions/use-cases/known-pools.ts';
import { assertLease } from '../../../../functions/use-cases/leases/assert-lease.ts';
import type { KnownPool } from '../../../../functions/use-cases/memory.ts';
import { partOf, withOpen } from '../../../../functions/use-cases/pools/open-apart.ts';
import { isOpen } from '../../../../functions/use-cases/pools/open-blocks.ts';
import { intercepted } from '../../intercepted.ts';
import { create } from '../../pool-requests.ts';
import { add, addOf, attachmentOf, callOf, nonceOf, refusalOf, world } from '../../world.ts';

/** Of blocks with four addresses each. */
const addressOf = (block: number) => `2001:db8::${(block * 4 + 1).toString(16)}`;

async function wide(input: object = {}) {
  const here = world();
  const { pool } = await create(here.environment(), {
    ranges: [[{ subnet: '2001:db8::/64' }]],
    blockSize: 4,
    ...input,
  });
  const deps = here.environment();
  const ask = (block: number, namespace: string | undefined, n = block) =>
    add(
      deps,
      'i-1',
      addOf(n, {
        pool: { vrf: 'default', name: 'blue' },
        addresses: [addressOf(block)],
        ...(namespace === undefined ? {} : { pod: { namespace, name: `web-${n}` } }),
      }),
    );
  let next = 1_000;
  /** How many blocks are opened for a namespace until it gets none any more. */
  async function opensAll(namespace: string): Promise<number> {
    const known = (await freshPool(deps, pool.id)) as KnownPool;
    for (let count = 0; ; count += 1) {
      next += 1;
      if (!isOpen(await withOpen(deps, known, BigInt(next), namespace), BigInt(next))) return count;
    }
  }
  return { here, deps, pool, ask, opensAll };
}

describe('blocks that are opened for requested addresses', () => {
  it('are for one namespace as many as it leaves to others', async () => {
    const { here, pool, opensAll } = await wide();
    expect([await opensAll('mallory'), await opensAll('shop'), await opensAll('bank')]).toEqual([512, 256, 128]);
    expect((await here.store.pools.readPool(pool.id))?.openApart).toHaveLength(512 + 256 + 128);
    expect(await opensAll('mallory')).toBe(0);
  });

  it('are not counted where the address is reserved for the pod that names it', async () => {
    const reservations = [{ name: 'db', addresses: [addressOf(9_000)], namespace: 'mallory' }];
    const { ask, opensAll } = await wide({ reservations });
    await opensAll('mallory');
    expect((await ask(9_000, 'mallory')).addresses[0]?.address).toBe(`${addressOf(9_000)}/64`);
  });

  it('are refused beyond that, and the refusal says why; what is open stays to be had', async () => {
    const { ask, opensAll } = await wide();
    await ask(900, 'mallory');
    await opensAll('mallory');
    expect(await refusalOf(ask(9_000, 'mallory'))).toMatchObject({
      code: 'address.unknown',
      what: `Address ${addressOf(9_000)}/64 cannot be had from pool blue: its block cannot be opened: namespace mallory has opened as many apart from the others as are left to other namespaces`,
    });
    expect((await refusalOf(ask(900, 'bank', 901))).code).toBe('address.held');
    expect((await ask(9_000, 'shop')).addresses[0]?.address).toBe(`${addressOf(9_000)}/64`);
  });

  it('are counted together for pods of which nothing is known', async () => {
    const { ask, opensAll } = await wide();
    expect(await opensAll('')).toBe(512);
    expect((await refusalOf(ask(9_000, undefined))).what).toContain(
      'cannot be opened: pods whose namespace is not known have',
    );
  });

  it('of before anybody counted are nobody’s, and what is left is shared', async () => {
    const { here, pool, opensAll } = await wide();
    for (let block = 0; block < 900; block += 1)
      await here.store.pools.openApart(pool.id, BigInt(5_000 + block), most.blocksApart);
    expect([await opensAll('shop'), await opensAll('bank')]).toEqual([62, 31]);
  });

  it('are opened for a reservation, and for what lives, whatever its namespace has opened', async () => {
    const reserved = { name: 'db', namespace: 'mallory', pod: 'db-0', addresses: [addressOf(7_000)] };
    const { deps, pool, opensAll } = await wide({ reservations: [reserved] });
    await opensAll('mallory');
    const request = addOf(1, { pool: { vrf: 'default', name: 'blue' }, pod: { namespace: 'mallory', name: 'db-0' } });
    expect((await add(deps, 'i-1', request)).addresses[0]?.address).toBe(`${addressOf(7_000)}/64`);
    const lives = {
      attachment: attachmentOf(2),
      nonce: nonceOf(2),
      boot: 'boot-1',
      slot: { pool: pool.id, block: (8_000).toString(16), slot: 1 },
      generation: 1,
      again: true as const,
      pod: { namespace: 'mallory', name: 'web' },
    };
    expect(await assertLease(deps, callOf('i-1'), lives)).toMatchObject({ incarnation: 1 });
  });

  it('are as many when a thousand requests ask at once', async () => {
    const { here, pool } = await wide();
    const known = (await freshPool(here.environment(), pool.id)) as KnownPool;
    const all = await Promise.allSettled(
      Array.from({ length: 1_000 }, (_, n) => withOpen(here.environment(), known, BigInt(2_000 + n), 'mallory')),
    );
    const { openApart = [], openedFor } = (await here.store.pools.readPool(pool.id)) ?? {};
    expect(openApart.length).toBeLessThanOrEqual(512);
    expect(openApart.length).toBeGreaterThan(256);
    expect(openedFor?.get(partOf({ definition: pool }, 'mallory'))).toBe(openApart.length);
    expect(all.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(openApart.length);
  });

  it('are more in a store that does not compare: such a one is found out', async () => {
    const { here, pool } = await wide();
    const careless = intercepted(here.store, (name, args, proceed) =>
      name === 'openApart'
        ? here.store.pools.openApart(args[0] as string, args[1] as bigint, most.blocksApart)
        : proceed(),
    );
    const known = (await freshPool(here.environment(), pool.id)) as KnownPool;
    const deps = here.environment({ store: careless });
    for (let n = 0; n < 600; n += 1) await withOpen(deps, known, BigInt(2_000 + n), 'mallory');
    expect((await here.store.pools.readPool(pool.id))?.openApart).toHaveLength(600);
  });
});
