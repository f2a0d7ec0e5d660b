/** What is answered when somebody asks when a pool will be full. */
import { describe, expect, it } from 'vitest';
import { FORECAST_DAYS, SAMPLED_DAYS } from '../../../../core/contract/limits.ts';
import type { PoolDefinition } from '../../../../core/contract/pool.ts';
import { daysUntil } from '../../../../functions/use-cases/forecast/days-until.ts';
import { poolForecast } from '../../../../functions/use-cases/forecast/pool-forecast.ts';
import { changePool } from '../../../../functions/use-cases/pools/change-pool.ts';
import { named as owned, ownedPool } from '../../owned-pool.ts';
import { callOf, operatorsPool, refusalOf, type World, world } from '../../world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const blue = { vrf: 'default', name: 'blue' };

/** A sample for each hour of the last days, until now. */
async function sampled(
  { store, clock }: World,
  { id }: Pick<PoolDefinition, 'id'>,
  days: number,
  taken: (day: number) => number,
) {
  for (let hour = days * 24 - 1; hour >= 0; hour -= 1) {
    const at = clock.now - hour * HOUR;
    const sample = { at, taken: Math.round(taken(days - hour / 24)), capacity: 200 };
    await store.history.recordSample(id, sample, at + SAMPLED_DAYS * DAY);
  }
}
const daysFrom = ({ clock }: World, text: string | null | undefined) =>
  text == null ? undefined : (Date.parse(text) - clock.now) / DAY;

describe('a pool that grows', () => {
  it('by 2 a day, with 60 left, will be full in a month, and the interval is about it', async () => {
    const here = world();
    await sampled(here, await operatorsPool(here, { addresses: 200, blockSize: 16 }), 40, (day) => 60 + 2 * day);
    const found = await poolForecast(here.environment(), blue);
    expect(found).toMatchObject({ pool: 'blue', unit: 'addresses', used: 140, capacity: '200', perDay: 2 });
    const { earliest, expected, latest } = found.fullAt ?? {};
    const [first, middle, last] = [earliest, expected, latest].map((at) => daysFrom(here, at) ?? Number.NaN) as [
      number,
      number,
      number,
    ];
    expect(middle).toBeGreaterThan(28);
    expect(middle).toBeLessThan(32);
    expect(first).toBeLessThanOrEqual(middle);
    expect(last).toBeGreaterThanOrEqual(middle);
    expect(found.samples).toEqual({
      count: 960,
      from: new Date(here.clock.now - 959 * HOUR).toISOString(),
      to: new Date(here.clock.now).toISOString(),
    });
    expect(found.peaks?.map(({ days }) => days)).toEqual([1, 7, 30]);
    for (const { least, expected: some, most } of found.peaks ?? [])
      expect([least, some, most]).toEqual([least, some, most].sort((a, b) => a - b));
  });

  it('has its past peaks day by day up to the last sample, without days of which too little is known', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 200, blockSize: 16 });
    expect((await poolForecast(here.environment(), blue)).pastPeaks).toBeUndefined();
    await sampled(here, pool, 40.25, (day) => 60 + 2 * day);
    const { pastPeaks = [] } = await poolForecast(here.environment(), blue);
    expect(pastPeaks).toHaveLength(40);
    expect(pastPeaks.at(-1)).toEqual({ until: new Date(here.clock.now).toISOString(), most: 141, capacity: '200' });
    expect(pastPeaks[0]).toEqual({
      until: new Date(here.clock.now - 39 * DAY).toISOString(),
      most: 63,
      capacity: '200',
    });
  });

  it('is full later once it has more addresses: use is foreseen, and capacity is the present one', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 200, blockSize: 16 });
    await sampled(here, pool, 40, (day) => 60 + 2 * day);
    const deps = here.environment();
    const before = await poolForecast(deps, blue);
    const more = { subnet: '10.250.0.0/24', rangeStart: '10.250.0.1', rangeEnd: '10.250.0.40' };
    const ranges = [[...(pool.ranges[0] ?? []), more]];
    await changePool(deps, { ...blue, ifMatch: undefined, dryRun: false }, { ranges });
    const after = await poolForecast(deps, blue);
    expect(after).toMatchObject({ used: before.used, perDay: before.perDay, samples: before.samples });
    expect(Number(after.capacity)).toBeGreaterThan(230);
    expect(daysFrom(here, after.fullAt?.expected) ?? 0).toBeGreaterThan(
      (daysFrom(here, before.fullAt?.expected) ?? 0) + 14,
    );
  });

  it('is full now where nothing is left, from the time of the last sample', async () => {
    const here = world();
    await sampled(here, await operatorsPool(here, { addresses: 200, blockSize: 16 }), 10, (day) =>
      Math.min(200, 150 + 6 * day),
    );
    const at = new Date(here.clock.now).toISOString();
    expect((await poolForecast(here.environment(), blue)).fullAt).toEqual({ earliest: at, expected: at, latest: at });
  });
});

describe('a pool that is full within a day', () => {
  it('is not expected to be full before now, though its last sample is hours old', async () => {
    const here = world();
    await sampled(here, await operatorsPool(here, { addresses: 200, blockSize: 16 }), 30, (day) => 18 + 6 * day);
    here.clock.now += 20 * HOUR;
    const { earliest, expected, latest } = (await poolForecast(here.environment(), blue)).fullAt ?? {};
    const now = new Date(here.clock.now).toISOString();
    expect([earliest, expected]).toEqual([now, now]);
    expect(daysFrom(here, latest)).toBeGreaterThan(0);
  });
});

it('A sample of a clock that was ahead is not gone by', async () => {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 200, blockSize: 16 });
  await sampled(here, pool, 40, (day) => 60 + 2 * day);
  const before = await poolForecast(here.environment(), blue);
  const ahead = { at: here.clock.now + 300 * DAY, taken: 1, capacity: 200 };
  await here.store.history.recordSample(pool.id, ahead, ahead.at + SAMPLED_DAYS * DAY);
  expect(await poolForecast(here.environment(), blue)).toEqual(before);
});

describe('a pool whose use stays as it is', () => {
  it('is not full within the days that are looked ahead, which is null and no date', async () => {
    const here = world();
    await sampled(here, await operatorsPool(here, { addresses: 200, blockSize: 16 }), 60, (day) => 50 + (day % 1));
    const { fullAt, horizonDays } = await poolForecast(here.environment(), blue);
    expect(fullAt).toEqual({ earliest: null, expected: null, latest: null });
    expect(horizonDays).toBe(FORECAST_DAYS.ahead);
  });
});

describe('nothing is foreseen', () => {
  it.each([0, 1, 2, FORECAST_DAYS.least - 1])('of %i days of samples', async (days) => {
    const here = world();
    await sampled(here, await operatorsPool(here, { addresses: 200, blockSize: 16 }), days, (day) => 10 * day);
    const found = await poolForecast(here.environment(), blue);
    expect(found).toMatchObject({ unknown: 'too-few-samples', samples: { count: days * 24 } });
    expect(found).not.toHaveProperty('fullAt');
    expect(found).not.toHaveProperty('perDay');
  });

  it('where the last sample is more than a day old, as of a pool that was drained', async () => {
    const here = world();
    await sampled(here, await operatorsPool(here, { addresses: 200, blockSize: 16 }), 30, (day) => 4 * day);
    here.clock.now += DAY + HOUR;
    const found = await poolForecast(here.environment(), blue);
    expect(found).toMatchObject({ unknown: 'samples-too-old', used: 120 });
    expect(found).not.toHaveProperty('fullAt');
  });

  it('of samples that are past their time, whether or not they are deleted', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 200, blockSize: 16 });
    await sampled(here, pool, 30, (day) => 4 * day);
    here.clock.now += SAMPLED_DAYS * DAY;
    expect((await poolForecast(here.environment(), blue)).samples).toEqual({ count: 0 });
  });

  it('of a pool that is not there', async () => {
    expect((await refusalOf(poolForecast(world().environment(), blue))).code).toBe('pool.unknown');
  });
});

it('Where blocks belong to nodes, they are what is counted', async () => {
  const here = world();
  await sampled(here, await ownedPool(here, { blocks: 8 }), 30, (day) => day / 5);
  const found = await poolForecast(here.environment(), owned);
  expect(found).toMatchObject({ unit: 'blocks', capacity: '8', used: 6 });
  expect(daysFrom(here, found.fullAt?.expected) ?? 99).toBeLessThan(20);
});

describe('the metric of a pool', () => {
  it('is there from three weeks of samples on, and at most as many days as are looked ahead', async () => {
    const here = world();
    const [blueOne, green, short] = [
      await operatorsPool(here, { addresses: 200, blockSize: 16 }),
      await operatorsPool(here, { addresses: 200, blockSize: 16, name: 'green' }),
      await operatorsPool(here, { addresses: 200, blockSize: 16, name: 'short' }),
    ];
    await sampled(here, blueOne, 40, (day) => 60 + 2 * day);
    await sampled(here, green, 40, () => 50);
    await sampled(here, short, FORECAST_DAYS.measured - 1, (day) => 5 * day);
    const asked = [blueOne, green, short, { id: 'f0f0f0f0f0f0f0f0' }].map(({ id }) => ({ id }));
    const [one, other, ...more] = await daysUntil(here.environment(), callOf('lessor'), asked);
    expect(one?.id).toBe(blueOne.id);
    expect(one?.days).toBeGreaterThan(20);
    expect(one?.days).toBeLessThan(31);
    expect(other).toEqual({ id: green.id, days: FORECAST_DAYS.ahead });
    expect(more).toEqual([]);
  });
});
