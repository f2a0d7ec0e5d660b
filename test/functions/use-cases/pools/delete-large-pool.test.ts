/** The deletion of a pool that takes many requests: each ends in time, and each goes on where the last one ended. */
import { describe, expect, it } from 'vitest';
import type { PoolState } from '../../../../core/store.ts';
import { create, remove } from '../../pool-requests.ts';
import { slowStore, timeFrom } from '../../slow-store.ts';
import { add, addOf, refusalOf, type World, world } from '../../world.ts';

const REQUEST_MS = 700;
/** As the function has it. */
const TIME_MS = 10_000;
const named = { pool: { vrf: 'default', name: 'blue' } };

/** A pool of so many open blocks, as it is after it was once that full. */
async function opened(affinity: 'node' | 'shared', blocks: number, state: PoolState['state']): Promise<World> {
  const here = world();
  const ranges = [[{ subnet: '10.0.0.0/14' }]];
  const { pool } = await create(here.environment(), { ranges, blockSize: 4, affinity });
  const fresh = (await here.store.pools.readPool(pool.id)) as PoolState;
  for (let open = fresh.open; open < BigInt(blocks); open *= 2n) {
    const to = open * 2n < blocks ? open * 2n : BigInt(blocks);
    await here.store.pools.openPool(pool.id, open, to);
  }
  const now = (await here.store.pools.readPool(pool.id)) as PoolState;
  if (state !== 'active') await here.store.pools.changePool({ ...now, state, version: now.version + 1 });
  return here;
}

/** Sends the same request until the pool is deleted. */
async function removeWhole(here: World, most: number) {
  const progress: [string, number][] = [];
  let requests = 0;
  for (let repeats = 1; repeats <= most; repeats += 1) {
    const slow = slowStore(here, REQUEST_MS);
    const call = timeFrom(here, TIME_MS);
    const { deleted, sealed, effects } = await remove(here.environment({ store: slow.store }), {}, call);
    expect(call.remainingMs()).toBeGreaterThan(0);
    expect(slow.together()).toBeLessThanOrEqual(32);
    requests += slow.requests.length;
    if (deleted) return { repeats, progress, requests };
    progress.push([String(effects[0]), sealed]);
  }
  throw new Error(`not deleted after ${most} requests: ${progress.at(-1)}`);
}

describe('a pool of 20,000 open blocks, at 700 ms a request,', () => {
  it.each([
    ['node', 250, 1.2 * 20_000],
    ['shared', 1500, 1.2 * (4 * 20_000 + 3 * 20_000)],
  ] as const)(
    'with %s affinity is deleted by repeats, none of which begins again',
    async (affinity, most, requestsAtMost) => {
      const here = await opened(affinity, 20_000, 'draining');
      const { repeats, progress, requests } = await removeWhole(here, most);
      expect(repeats).toBeGreaterThan(10);
      expect(requests).toBeLessThan(requestsAtMost);
      const sealed = progress.map(([, count]) => count);
      expect(sealed).toEqual(sealed.toSorted((a, b) => a - b));
      expect(new Set(sealed).size).toBeGreaterThan(10);
    },
    120_000,
  );

  it('that is active is to be drained first, since what was seen unused might be leased again', async () => {
    const here = await opened('shared', 20_000, 'active');
    const { store } = slowStore(here, REQUEST_MS);
    const refusal = await refusalOf(remove(here.environment({ store }), {}, timeFrom(here, TIME_MS)));
    expect([refusal.code, refusal.facts.state]).toEqual(['service.busy', 'active']);
    expect(refusal.message).toContain('of 20000 blocks of pool blue were looked at, and nothing of them is in use');
    expect(refusal.message).toContain('drain it first (PATCH {"state": "draining"})');
    const [{ id } = { id: '' }] = (await here.store.pools.readRegistry('default')).pools;
    expect(await here.store.pools.readPool(id)).toMatchObject({ state: 'active', version: 1 });
  });

  it('is refused with as many leases as were seen', async () => {
    const here = await opened('shared', 20_000, 'active');
    const [{ id } = { id: '' }] = (await here.store.pools.readRegistry('default')).pools;
    for (const slot of [1, 2, 3])
      await add(here.environment(), 'i-1', addOf(slot, { ...named, proposal: { pool: id, block: '7', slot } }));
    const { store } = slowStore(here, REQUEST_MS);
    const refusal = await refusalOf(remove(here.environment({ store }), {}, timeFrom(here, TIME_MS)));
    expect([refusal.code, refusal.facts.leases]).toEqual(['pool.held', 3]);
    expect(refusal.message).toContain('has at least 3 leases that are held. Nothing was changed');
    expect(await here.store.pools.readPool(id)).toMatchObject({ state: 'active', version: 1 });
  });

  it('is looked through by a dry run as far as the time suffices, which notes nothing', async () => {
    const here = await opened('shared', 20_000, 'draining');
    const { store, requests } = slowStore(here, REQUEST_MS);
    const { effects } = await remove(here.environment({ store }), { dryRun: true }, timeFrom(here, TIME_MS));
    expect(effects[0]).toMatch(/holds no lease in the \d+ blocks that were looked at and is deleted/);
    expect(requests).not.toContain('notePassed');
  });
});

describe('what was noted of a draining pool', () => {
  it('counts for nothing once it was changed, nor when it is closed', async () => {
    const here = await opened('shared', 512, 'draining');
    const [{ id } = { id: '' }] = (await here.store.pools.readRegistry('default')).pools;
    const pool = (await here.store.pools.readPool(id)) as PoolState;
    await here.store.pools.notePassed(id, { blocks: 512, version: pool.version });
    const closing = { ...pool, state: 'closing', version: pool.version + 1 } as const;
    await here.store.pools.changePool(closing);
    expect(await here.store.pools.notePassed(id, { blocks: 512, version: pool.version })).toBe(false);
    const { sealed, total } = await remove(here.environment(), {}, { caller: 'user/ann', remainingMs: () => 10_000 });
    expect([sealed, total]).toEqual([512, 512]);
    const slots = [...(await here.store.leases.readBlock({ pool: id, block: 500n })).values()];
    expect(slots).toHaveLength(4);
  });
});
