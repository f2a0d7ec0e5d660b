/** When a pool is told to be nearly full, full, or to have room again: once for each change of its level, whoever finds it. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { environment } from '../../../../core/contract/environment.ts';
import { type FillLevel, levelAfter } from '../../../../core/protocol/fill.ts';
import { occurrence } from '../../../../functions/store/occurrences.ts';
import { noteFills, noteReadings } from '../../../../functions/use-cases/changes/pool-fill.ts';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { emptyMemory } from '../../../../functions/use-cases/memory.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { counted } from '../../intercepted.ts';
import { OwnerNode, ownedPool } from '../../owned-pool.ts';
import { truthRecords } from '../../truth-records.ts';
import { operatorsPool, world } from '../../world.ts';

beforeAll(() => {
  Object.assign(process.env, { [environment.poolsTable]: 'Pools', [environment.leasesTable]: 'Leases' });
});

/** A pool of 100 addresses, and what its levels were told to be. */
async function shared() {
  const base = world(memoryStore());
  const pool = (await operatorsPool(base, { addresses: 100, blockSize: 64 })).id;
  const { store, records } = truthRecords(base.store, () => base.clock.now);
  const levels = () =>
    records.map(occurrence).flatMap((one) => (one?.is === 'pool-filled' ? [`${one.before} ${one.fill.level}`] : []));
  const environmentOf = () => base.environment({ store });
  return { pool, levels, environmentOf, store, clock: base.clock };
}

/** So many leases are counted in the pool, and it is looked at. */
async function noteHeld(deps: Dependencies, pool: string, held: number): Promise<void> {
  const before = (await deps.store.counters.read({ pool }))?.held ?? 0;
  const sequence = String(++changes);
  const span = { shard: 's', first: sequence, last: sequence, changes: 1, now: deps.now() };
  await deps.store.counters.add({ pool }, { ...span, held: held - before });
  await noteFills(deps, [pool]);
}
let changes = 0;
const unhurried = { remainingMs: () => 60_000 };

describe('a pool', () => {
  it('is nearly full from 85 % on, and full at 100 %, each once, in whatever environments it is found', async () => {
    const { pool, levels, environmentOf } = await shared();
    const [one, other] = [environmentOf(), environmentOf()];
    for (const held of [60, 84, 85, 85, 99, 100, 100])
      for (const deps of [one, other]) await noteHeld(deps, pool, held);
    expect(levels()).toEqual(['room near', 'near full']);
  });

  it('is full again within minutes where another environment found that it had room meanwhile', async () => {
    const { pool, levels, environmentOf, clock } = await shared();
    const [one, other] = [environmentOf(), environmentOf()];
    await noteHeld(one, pool, 100);
    await noteReadings(other, unhurried, [{ id: pool, use: 0.1 }]);
    for (let minute = 0; minute < 6; minute += 1) {
      clock.now += 60_000;
      await noteFills(one, [pool]);
    }
    expect(levels()).toEqual(['room full', 'full room', 'room full']);
  });

  it('is not looked up by a run whose time is up', async () => {
    const { pool, levels, environmentOf } = await shared();
    await noteReadings(environmentOf(), { remainingMs: () => 0 }, [{ id: pool, use: 1 }]);
    expect(levels()).toEqual([]);
  });

  it('that is counted may cool, so that only a reading of all of it says that there is room again', async () => {
    const { pool, levels, environmentOf } = await shared();
    const deps = environmentOf();
    await noteHeld(deps, pool, 100);
    await noteHeld(deps, pool, 1);
    expect(levels()).toEqual(['room full']);
    await noteReadings(deps, unhurried, [{ id: pool, use: 0.8 }]);
    await noteReadings(deps, unhurried, [{ id: pool, use: 0.74 }]);
    expect(levels()).toEqual(['room full', 'full near', 'near room']);
  });

  it('is looked at once a minute while it has much room, and written to only when its level changes', async () => {
    const { pool, environmentOf, store } = await shared();
    const { store: noted, requests } = counted(store);
    const deps = { ...environmentOf(), store: noted };
    for (const _ of ['once', 'again', 'and again']) await noteFills(deps, [pool, pool]);
    expect(requests).toEqual(['readPool', 'read', 'read']);
    await noteHeld({ ...deps, memory: { ...deps.memory, roomy: emptyMemory().roomy } }, pool, 80);
    expect(requests.filter((name) => name === 'note')).toEqual([]);
  });

  it('of which much is reserved is not told to be full by leases that may all be reserved', async () => {
    const base = world(memoryStore());
    const definition = await operatorsPool(base, { addresses: 100, blockSize: 64 });
    const before = await base.store.pools.readPool(definition.id);
    if (before === undefined) throw new Error('no pool');
    // As `operatorsPool` makes the first one: 10.1.1.0 to 10.1.1.99.
    const addresses = Array.from({ length: 50 }, (_, index) => `10.1.1.${index + 1}`);
    const reservations = [{ name: 'vm', addresses }] as never;
    await base.store.pools.changePool({
      ...before,
      definition: { ...definition, reservations },
      version: before.version + 1,
    });
    const deps = base.environment();
    await noteHeld(deps, definition.id, 60);
    expect(await base.store.fills.read(definition.id)).toBeUndefined();
    base.clock.now += 60_000;
    await noteHeld(deps, definition.id, 97);
    expect((await base.store.fills.read(definition.id))?.level).toBe('near');
  });

  it('whose blocks belong to nodes is full when no block is left, however few leases are in them', async () => {
    const here = world(memoryStore());
    const pool = await ownedPool(here, { blocks: 2, maxBlocksPerNode: 1 });
    const deps = here.environment();
    await new OwnerNode('i-1', pool).add(deps, 0);
    await noteHeld(deps, pool.id, 8);
    expect(await here.store.fills.read(pool.id)).toBeUndefined();
    await new OwnerNode('i-2', pool).add(deps, 1);
    await noteFills(deps, [pool.id, pool.id]);
    expect(await here.store.fills.read(pool.id)).toMatchObject({ level: 'full', use: 1, turn: 1 });
  });
});

it('A use that goes up and down by less than a twentieth changes the level once at most', () => {
  const uses = fc.array(fc.double({ min: 0, max: 0.05, noNaN: true }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.95, noNaN: true }), uses, (from, steps) => {
      const levels: FillLevel[] = ['room'];
      for (const step of steps) levels.push(levelAfter(levels.at(-1) as FillLevel, from + step));
      const changes = levels.filter((level, index) => index > 0 && level !== levels[index - 1]);
      expect(new Set(changes).size).toBe(changes.length);
    }),
  );
});
