/** How full the recount finds pools to be. */
import { describe, expect, it } from 'vitest';
import { most } from '../../../../core/contract/limits.ts';
import { countChanges } from '../../../../functions/use-cases/changes/count-changes.ts';
import type { PoolReading } from '../../../../functions/use-cases/changes/pool-reading.ts';
import { recount } from '../../../../functions/use-cases/changes/recount.ts';
import { usage } from '../../../../functions/use-cases/questions/usage.ts';
import { named as owned, ownedPool } from '../../owned-pool.ts';
import { add, addOf, callOf, del, delOf, operatorsPool, type World, world } from '../../world.ts';

const HOUR = 60 * 60 * 1000;

/** Counts so many leases of each pool, as if they were made, and reads all of them an hour later. */
async function readings(here: World, leases: Readonly<Record<string, number>>): Promise<PoolReading[]> {
  const deps = here.environment();
  const pools = Object.entries(leases).flatMap(([pool, count]) => Array.from({ length: count }, () => pool));
  const changes = pools.map((pool, index) => ({ pool, after: 'shop', sequence: String(index + 1) }));
  await countChanges(deps, 's', changes);
  here.clock.now += HOUR;
  const found: PoolReading[] = [];
  await recount(
    deps,
    callOf('lessor'),
    async () => {},
    (reading) => found.push(reading),
  );
  return found;
}

describe('the recount reads of a pool', () => {
  it('where blocks are shared: the addresses that are held or cool, as its exact usage tells them', async () => {
    const here = world();
    const { id } = await operatorsPool(here, { addresses: 20, blockSize: 4, cooldownSeconds: 7200 });
    const deps = here.environment();
    const pool = { vrf: 'default', name: 'blue' };
    for (const n of [1, 2, 3, 4]) await add(deps, 'i-1', addOf(n, { pool }));
    await del(deps, 'i-1', delOf(4));
    const [reading] = await readings(here, { [id]: 1 });
    expect(reading).toEqual({
      ...{ id, vrf: 'default', name: 'blue', held: 3, use: 0.2 },
      ...{ taken: 4, capacity: 20, isLarge: true },
    });
    const { free, capacity } = await usage(deps, callOf('user/ann'), { ...pool, by: undefined });
    expect(1 - Number(free) / Number(capacity)).toBeCloseTo(0.2);
  });

  it('where they belong to nodes: the blocks that do, and how many are left', async () => {
    const here = world();
    const { id } = await ownedPool(here, { blocks: 8 });
    const deps = here.environment();
    for (const n of [1, 2]) await add(deps, `i-${n}`, addOf(n, { pool: owned }));
    const [reading] = await readings(here, { [id]: 2 });
    expect(reading).toMatchObject({ held: 2, use: 0.25, taken: 2, capacity: 8, freeBlocks: 6 });
  });

  it('nothing where it is drained, since nobody expects addresses of it', async () => {
    const here = world();
    const { id } = await operatorsPool(here, { addresses: 20, blockSize: 4 });
    const state = await here.store.pools.readPool(id);
    if (state) await here.store.pools.changePool({ ...state, state: 'draining', version: 2 });
    expect(await readings(here, { [id]: 1 })).toEqual([]);
  });

  it('whether it is one of the few with the most leases', async () => {
    const here = world();
    const leases: Record<string, number> = {};
    for (let n = 1; n <= most.poolsMeasured + 3; n += 1) {
      const { id } = await operatorsPool(here, { addresses: 20, blockSize: 4, name: `p${n}` });
      leases[id] = n;
    }
    const large = (await readings(here, leases)).filter(({ isLarge }) => isLarge).map(({ name }) => name);
    const names = Array.from({ length: most.poolsMeasured }, (_, n) => `p${n + 4}`);
    expect(large.sort()).toEqual(names.sort());
  });
});
