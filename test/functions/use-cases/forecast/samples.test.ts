/** The hourly samples of pools' use: who writes them, how many, and what becomes of a run that cannot. */
import { beforeAll, describe, expect, it } from 'vitest';
import { environment } from '../../../../core/contract/environment.ts';
import { SAMPLED_DAYS } from '../../../../core/contract/limits.ts';
import { countChanges } from '../../../../functions/use-cases/changes/count-changes.ts';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { daysUntil } from '../../../../functions/use-cases/forecast/days-until.ts';
import { sampler } from '../../../../functions/use-cases/forecast/samples.ts';
import { counted, intercepted } from '../../intercepted.ts';
import { add, addOf, callOf, operatorsPool, START, type World, world } from '../../world.ts';

const HOUR = 3_600_000;
const named = (name: string) => ({ pool: { vrf: 'default', name } });

let scheduled: typeof import('../../../../functions/reclaim/handler.ts').scheduled;
beforeAll(async () => {
  Object.assign(process.env, { [environment.poolsTable]: 'Pools', [environment.leasesTable]: 'Leases' });
  ({ scheduled } = await import('../../../../functions/reclaim/handler.ts'));
});

const run = (deps: Dependencies) => scheduled(deps, { getRemainingTimeInMillis: () => 300_000 }, async () => {});
const read = ({ store, clock }: World, pool: string) => store.history.readSamples(pool, 0, clock.now);

/** Two pools with 2 leases and 1, counted. */
async function twoPools() {
  const here = world();
  const deps = here.environment();
  const pools = [];
  let sequence = 0;
  for (const [name, leases] of [
    ['blue', 2],
    ['green', 1],
  ] as const) {
    const { id } = await operatorsPool(here, { addresses: 20, blockSize: 4, name });
    for (let n = 0; n < leases; n += 1) {
      sequence += 1;
      await add(deps, 'i-1', addOf(sequence, named(name)));
      await countChanges(deps, 's', [{ pool: id, after: 'shop', sequence: String(sequence) }]);
    }
    pools.push(id);
  }
  here.clock.now = START + 5 * HOUR + 1_234_567;
  const [blue = '', green = ''] = pools;
  return { here, blue, green };
}

describe('the scheduled function', () => {
  it('notes the use of each pool, at the hour', async () => {
    const { here, blue, green } = await twoPools();
    await run(here.environment());
    expect(await read(here, blue)).toEqual([{ at: START + 5 * HOUR, taken: 2, capacity: 20 }]);
    expect(await read(here, green)).toEqual([{ at: START + 5 * HOUR, taken: 1, capacity: 20 }]);
  });

  it('notes it once an hour, by one write for each pool, though it runs every five minutes and twice at once', async () => {
    const { here, blue } = await twoPools();
    const { store, requests } = counted(here.store);
    const writes = () => requests.splice(0).filter((name) => name === 'recordSample').length;
    for (let minutes = 0; minutes < 55; minutes += 5) {
      await run(here.environment({ store }));
      expect(writes()).toBe(minutes === 0 ? 2 : 0);
      here.clock.now += 5 * 60_000;
    }
    here.clock.now += HOUR;
    const before = await read(here, blue);
    await Promise.all([run(here.environment({ store })), run(here.environment({ store }))]);
    expect(await read(here, blue)).toHaveLength(before.length + 1);
  });

  it('goes on, and says so, where samples cannot be written or read', async () => {
    const { here, blue } = await twoPools();
    const store = intercepted(here.store, (name, _, proceed) => {
      if (name === 'recordSample' || name === 'readSamples') throw new Error('DynamoDB throttles');
      return proceed();
    });
    expect((await run(here.environment({ store }))).recounted).toBe(2);
    expect(await read(here, blue)).toEqual([]);
  });
});

it('When pools are full is foreseen although one of them cannot be read', async () => {
  const { here, blue, green } = await twoPools();
  for (let hour = 0; hour < 22 * 24; hour += 1)
    for (const pool of [blue, green])
      await here.store.history.recordSample(
        pool,
        { at: START + hour * HOUR, taken: 5, capacity: 20 },
        START + 90 * 24 * HOUR,
      );
  here.clock.now = START + 22 * 24 * HOUR;
  const store = intercepted(here.store, (name, [pool], proceed) => {
    if (name === 'readSamples' && pool === blue) throw new Error('a sample is no number');
    return proceed();
  });
  const found = await daysUntil(here.environment({ store }), callOf('lessor'), [{ id: blue }, { id: green }]);
  expect(found).toEqual([{ id: green, days: 90 }]);
});

describe('a run’s samples', () => {
  it('are counted: those that were written, and those that were not', async () => {
    const here = world();
    const store = intercepted(here.store, (name, [pool], proceed) => {
      if (name === 'recordSample' && pool === 'b') throw new Error('DynamoDB throttles');
      return proceed();
    });
    const samples = sampler(here.environment({ store }), callOf('lessor'));
    for (const id of ['a', 'b', 'c']) samples.note({ id, taken: 1, capacity: 2 });
    expect(await samples.end()).toEqual({ written: 2, failed: 1, cause: 'Error: DynamoDB throttles' });
  });

  it('are kept for 13 weeks, whatever the days of history', async () => {
    const here = world();
    const samples = sampler(here.environment(), callOf('lessor'));
    samples.note({ id: 'a', taken: 1, capacity: 2 });
    await samples.end();
    const { history } = here.store;
    const end = START + SAMPLED_DAYS * 24 * HOUR;
    expect(await history.readSamples('a', 0, end - 1)).toHaveLength(1);
    expect(await history.readSamples('a', 0, end)).toEqual([]);
  });
});
