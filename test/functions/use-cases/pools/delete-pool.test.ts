import { describe, expect, it } from 'vitest';
import { shardOf } from '../../../../core/protocol/block.ts';
import { SEALED_GENERATION } from '../../../../core/protocol/lease.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { intercepted } from '../../intercepted.ts';
import { change, create, remove } from '../../pool-requests.ts';
import { add, addOf, callOf, del, delOf, nonceOf, refusalOf, type World, world } from '../../world.ts';

const named = { pool: { vrf: 'default', name: 'blue' } };
const SMALL = { ranges: [[{ subnet: '10.1.0.0/27' }]], blockSize: 8 };
const registered = async ({ store }: World) => (await store.pools.readRegistry('default')).pools.map(({ id }) => id);
const owner = { node: 'i-1', incarnation: 1, boot: 'boot-1', journal: 'journal-1' };

describe('deleting a pool', () => {
  it('seals every slot that could be leased, then frees its name and its ranges', async () => {
    const here = world();
    const { pool } = await create(here.environment(), { ...SMALL, exclude: ['10.1.0.9'] });
    await add(here.environment(), 'i-1', addOf(1, named));
    await del(here.environment(), 'i-1', delOf(1));
    expect(await remove(here.environment())).toMatchObject({ deleted: true, dryRun: false, sealed: 4, total: 4 });
    expect((await here.store.pools.readPool(pool.id))?.state).toBe('closing');
    for (const [block, slots] of [8, 8, 8, 6].entries()) {
      const found = [...(await here.store.leases.readBlock({ pool: pool.id, block: BigInt(block) })).values()];
      expect(found).toHaveLength(slots);
      expect(found.every(({ held, generation }) => !held && generation === SEALED_GENERATION)).toBe(true);
    }
    expect((await refusalOf(remove(here.environment()))).code).toBe('pool.unknown');
    const again = await create(here.environment(), SMALL);
    expect([again.created, again.pool.id !== pool.id, await registered(here)]).toEqual([true, true, [again.pool.id]]);
  });

  it('is refused while leases are held, with their number, and changes nothing; the dry run says the same', async () => {
    const here = world();
    const { pool } = await create(here.environment(), SMALL);
    for (const k of [1, 2, 3]) await add(here.environment(), 'i-1', addOf(k, named));
    const before = await here.store.pools.readPool(pool.id);
    for (const dryRun of [true, false]) {
      const refusal = await refusalOf(remove(here.environment(), { dryRun }));
      expect([refusal.code, refusal.facts.leases]).toEqual(['pool.held', 3]);
      expect(refusal.message).toContain('has 3 leases that are held. Nothing was changed: drain it');
      expect(await here.store.pools.readPool(pool.id)).toEqual(before);
    }
    await declareDeath(here.environment(), callOf('user/ann'), { node: 'i-1', reason: 'it burned', alsoIfAlive: true });
    await reclaim(here.environment());
    expect(await remove(here.environment(), { dryRun: true })).toMatchObject({
      dryRun: true,
      deleted: false,
      effects: [expect.stringContaining('holds no lease and is deleted: its 4 open blocks are sealed')],
    });
    expect(await here.store.pools.readPool(pool.id)).toEqual(before);
    expect((await remove(here.environment(), { ifMatch: 1 })).deleted).toBe(true);
  });

  it('answers how far it is where its time runs out, and the same request goes on', async () => {
    const here = world();
    const { pool } = await create(here.environment(), { ...SMALL, ranges: [[{ subnet: '10.1.0.0/23' }]] });
    let turns = 0;
    const short = { caller: 'user/ann', remainingMs: () => 10_000 - 16 * ++turns };
    const first = await remove(here.environment(), { ifMatch: 1 }, short);
    expect(first).toMatchObject({ deleted: false, sealed: 32, total: 64 });
    expect(await registered(here)).toEqual([pool.id]);
    const busy = await refusalOf(create(here.environment(), { ...SMALL, ranges: [[{ subnet: '10.1.0.0/23' }]] }));
    expect([busy.code, busy.facts.state]).toEqual(['pool.draining', 'closing']);
    expect((await refusalOf(change(here.environment(), { state: 'active' }))).code).toBe('pool.draining');
    expect((await refusalOf(add(here.environment(), 'i-1', addOf(1, named)))).facts.state).toBe('closing');
    expect(await remove(here.environment(), { ifMatch: 1 })).toMatchObject({ deleted: true, sealed: 64 });
  });

  it('that meets a lease which came late stays closing, and goes on once that is released', async () => {
    const here = world();
    const { pool } = await create(here.environment(), SMALL);
    const warm = here.environment();
    const late = intercepted(here.store, async (name, _, proceed) => {
      const answer = await proceed();
      if (name === 'changePool') await add(warm, 'i-1', addOf(1, named));
      return answer;
    });
    await add(warm, 'i-1', addOf(0, named));
    await del(warm, 'i-1', delOf(0));
    const refusal = await refusalOf(remove(here.environment({ store: late })));
    expect([refusal.code, refusal.facts]).toEqual([
      'pool.held',
      { pool: 'blue', vrf: 'default', state: 'closing', leases: 1 },
    ]);
    expect(refusal.message).toContain('goes on with the same request once they are gone: delete the pods');
    expect([(await here.store.pools.readPool(pool.id))?.state, await registered(here)]).toEqual(['closing', [pool.id]]);
    await del(warm, 'i-1', delOf(1));
    expect((await remove(here.environment())).deleted).toBe(true);
    // The environment still remembers the pool as it was, and finds nothing that it could lease.
    const [refused] = await Promise.allSettled([add(warm, 'i-1', addOf(2, { ...named, nonce: nonceOf(2) }))]);
    expect(refused.status).toBe('rejected');
  });

  it.each(['changePool', 'advance', 'writeRegistry'])(
    'that is interrupted at %s is completed by a repeat',
    async (where) => {
      const here = world();
      await create(here.environment(), SMALL);
      let left = 5;
      const store = intercepted(here.store, async (name, _, proceed) => {
        if (name === where && (where !== 'advance' || left-- <= 0)) {
          await proceed();
          throw new Error('the environment is gone');
        }
        return proceed();
      });
      await expect(remove(here.environment({ store }))).rejects.toThrow('gone');
      // Where the last write was carried out, nothing is left to do.
      const [outcome] = await Promise.allSettled([remove(here.environment())]);
      expect(outcome.status === 'fulfilled' || outcome.reason.code === 'pool.unknown').toBe(true);
      expect(await registered(here)).toEqual([]);
    },
  );

  it('of node affinity is refused while nodes own blocks, and then seals each block that could be claimed', async () => {
    const here = world();
    const { pool } = await create(here.environment(), { ...SMALL, affinity: 'node' });
    const key = { pool: pool.id, block: 2n };
    await here.store.blocks.claim(key, owner);
    for (const dryRun of [true, false]) {
      const refusal = await refusalOf(remove(here.environment(), { dryRun }));
      expect([refusal.code, refusal.facts.blocks, refusal.facts.leases]).toEqual(['pool.held', 1, 0]);
      expect(refusal.message).toContain('0 leases that are held and 1 block that nodes own. Nothing was changed');
    }
    await here.store.blocks.fence(key, 1, false);
    await here.store.blocks.finish(key, 2);
    expect(await remove(here.environment())).toMatchObject({ deleted: true, sealed: 4, total: 4 });
    const blocks = await here.store.blocks.readShard(pool.id, shardOf(2n));
    expect([...blocks.values()].map(({ state }) => state)).toEqual(Array(4).fill('sealed'));
    expect((await here.store.blocks.claim(key, owner)).claimed).toBe(false);
  });

  it('of node affinity meets a late claim, and stays closing until it is given back', async () => {
    const here = world();
    const { pool } = await create(here.environment(), { ...SMALL, affinity: 'node' });
    const key = { pool: pool.id, block: 1n };
    const late = intercepted(here.store, async (name, _, proceed) => {
      const answer = await proceed();
      if (name === 'changePool') await here.store.blocks.claim(key, owner);
      return answer;
    });
    const refusal = await refusalOf(remove(here.environment({ store: late })));
    expect([refusal.code, refusal.facts]).toEqual([
      'pool.held',
      { pool: 'blue', vrf: 'default', state: 'closing', blocks: 1 },
    ]);
    await here.store.blocks.fence(key, 1, false);
    await here.store.blocks.finish(key, 2);
    expect((await remove(here.environment())).deleted).toBe(true);
  });
});
