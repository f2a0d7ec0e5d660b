import { describe, expect, it } from 'vitest';
import { change, create } from '../../pool-requests.ts';
import { add, addOf, refusalOf, world } from '../../world.ts';

const owned = { affinity: 'node', leasing: 'delegated' } as const;

describe('leasing by the nodes themselves', () => {
  it('is of pools whose blocks belong to nodes, at their creation and later', async () => {
    const here = world();
    const refused = await refusalOf(create(here.environment(), { leasing: 'delegated' }));
    expect([refused.code, refused.message]).toEqual(['request.invalid', expect.stringContaining('affinity "node"')]);
    await create(here.environment());
    expect((await refusalOf(change(here.environment(), { leasing: 'delegated' }))).code).toBe('request.invalid');
  });

  it('can be begun and ended', async () => {
    const here = world();
    await create(here.environment(), { affinity: 'node' });
    const begun = await change(here.environment(), { leasing: 'delegated' });
    expect([begun.pool.leasing, begun.effects]).toEqual([
      'delegated',
      ['leasing changes from "online" to "delegated"'],
    ]);
    expect((await change(here.environment(), { leasing: 'online' })).pool.leasing).toBe('online');
  });

  it.each([
    ['is told with an answer', {}, 'delegated'],
    ['is not where leases are counted', { quota: 5 }, 'online'],
    ['is not where those of a namespace are', { quotas: { shop: 5 } }, 'online'],
  ])('%s', async (_, more, leasing) => {
    const here = world();
    await create(here.environment(), { ...owned, ...more });
    const { pool } = await add(here.environment(), 'i-1', addOf(1, { pool: { vrf: 'default', name: 'blue' } }));
    expect(pool.leasing).toBe(leasing);
  });
});
