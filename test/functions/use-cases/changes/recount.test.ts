import { describe, expect, it } from 'vitest';
import { countChanges } from '../../../../functions/use-cases/changes/count-changes.ts';
import { recount } from '../../../../functions/use-cases/changes/recount.ts';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { leaseStream } from '../../lease-stream.ts';
import { add, addOf, callOf, del, delOf, operatorsPool, world } from '../../world.ts';

const HOUR = 60 * 60 * 1000;
const pool = { vrf: 'default', name: 'blue' };
const call = callOf('lessor');
const shop = { namespace: 'shop', name: 'web' };

/** Six leases of two namespaces, of which the first two changes were counted. */
async function drifted(countWithinSeconds = 1) {
  const base = world(undefined, { countWithinSeconds });
  const stream = leaseStream(base.store);
  const here = { ...base, store: stream.store };
  const { id } = await operatorsPool(here, { addresses: 20, blockSize: 4 });
  const deps = base.environment({ store: stream.store });
  for (const n of [0, 1, 2, 3]) await add(deps, 'i-1', addOf(n, { pool, pod: shop }));
  for (const n of [4, 5]) await add(deps, 'i-2', addOf(n, { pool }));
  await countChanges(deps, 's', stream.changes.slice(0, 2));
  base.clock.now += HOUR;
  const held = async () => [
    (await here.store.counters.read({ pool: id }))?.held,
    (await here.store.counters.read({ pool: id, namespace: 'shop' }))?.held,
    (await here.store.counters.read({ pool: id, namespace: '' }))?.held,
  ];
  /** Lets the clock go on as the recount waits, and does `meanwhile`. */
  const run = (meanwhile: () => Promise<unknown> = async () => {}, by: Dependencies = deps) =>
    recount(by, call, async (milliseconds) => {
      base.clock.now += milliseconds;
      await meanwhile();
    });
  return { here, id, deps, stream, held, run };
}

describe('a recount', () => {
  it('adds what was never counted, and comes again after an hour', async () => {
    const { here, id, held, run } = await drifted();
    expect(await held()).toEqual([2, 2, undefined]);
    expect(await run()).toEqual({
      recounted: 1,
      corrected: [
        { pool: id, namespace: '', by: 2 },
        { pool: id, namespace: 'shop', by: 2 },
        { pool: id, by: 4 },
      ],
    });
    expect(await held()).toEqual([6, 4, 2]);
    expect(await run()).toEqual({ recounted: 0, corrected: [] });
    here.clock.now += HOUR;
    expect(await run()).toEqual({ recounted: 1, corrected: [] });
  });

  it('takes for drift no change that still waits for others of its batch', async () => {
    const { here, deps, stream, held } = await drifted(10);
    const countedAt = here.clock.now + 10_000;
    const report = await recount(deps, call, async (milliseconds) => {
      here.clock.now += milliseconds;
      if (here.clock.now >= countedAt) await countChanges(deps, 's', stream.changes);
    });
    expect(report).toMatchObject({ recounted: 1, corrected: [] });
    expect(await held()).toEqual([6, 4, 2]);
  });

  it('takes away what was counted too often', async () => {
    const { deps, stream, held, run } = await drifted();
    await countChanges(deps, 's', stream.changes);
    await countChanges(deps, 'another', stream.changes.slice(0, 3));
    expect(await held()).toEqual([9, 7, 2]);
    await run();
    expect(await held()).toEqual([6, 4, 2]);
  });

  it('corrects nothing that may only be late, and leaves what is counted meanwhile', async () => {
    const { deps, stream, held, run } = await drifted();
    const report = await run(async () => {
      await countChanges(deps, 's', stream.changes);
      await del(deps, 'i-1', delOf(0));
      await countChanges(deps, 's', stream.changes);
    });
    expect(report).toEqual({ recounted: 1, corrected: [] });
    expect(await held()).toEqual([5, 3, 2]);
  });

  it('corrects what more is wrong than can be late', async () => {
    const { deps, stream, held, run } = await drifted();
    await countChanges(deps, 's', stream.changes);
    await countChanges(deps, 'another', stream.changes);
    await run(async () => {
      await del(deps, 'i-1', delOf(0));
      await countChanges(deps, 's', stream.changes);
    });
    // Five are held; the one change that was counted meanwhile could have been late.
    expect(await held()).toEqual([6, 4, 2]);
  });

  it('of two at once corrects once', async () => {
    const { held, run } = await drifted();
    await run(async () => {
      await run();
    });
    expect(await held()).toEqual([6, 4, 2]);
  });

  it('forgets shards whose changes cannot come again', async () => {
    const { here, id, deps, run } = await drifted();
    await run();
    here.clock.now += 3 * HOUR + 1;
    const change = { pool: id, before: 'shop', after: undefined, sequence: '1' };
    await countChanges(deps, 'young', [change]);
    await run();
    expect([...((await here.store.counters.read({ pool: id }))?.counted.keys() ?? [])]).toEqual(['young']);
  });

  it('ends in time and begins with the pool that was recounted longest ago', async () => {
    const { here, id, deps } = await drifted();
    const other = await operatorsPool(here, { addresses: 4, blockSize: 4, name: 'red' });
    await countChanges(deps, 's', [{ pool: other.id, after: 'shop', sequence: '1' }]);
    await here.store.counters.correct({ pool: id }, { recounts: 0, by: 0, now: here.clock.now + 1, forget: [] });
    here.clock.now += 2 * HOUR;
    let reads = 0;
    const short = { ...call, remainingMs: () => (reads++ === 0 ? 60_000 : 0) };
    expect(await recount(deps, short, async () => {})).toEqual({
      recounted: 1,
      corrected: [
        { pool: other.id, namespace: 'shop', by: -1 },
        { pool: other.id, by: -1 },
      ],
    });
  });
});
