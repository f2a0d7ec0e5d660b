/** What daily peaks are, as what they go on, and how far that is to be trusted. */
import { describe, expect, it } from 'vitest';
import { courseOf } from '../../../../functions/use-cases/forecast/course.ts';
import { dailyPeaks } from '../../../../functions/use-cases/forecast/daily-peaks.ts';
import { outlook } from '../../../../functions/use-cases/forecast/outlook.ts';

const HOUR = 3_600_000;
const WEEK = [0, 5, 5, 9, 5, -40, -60];
const weeksOf = (days: number, slope: number) =>
  Array.from({ length: days }, (_, day) => 300 + slope * day + (WEEK[day % 7] ?? 0));
const ahead = (peak: ((days: number) => number) | undefined, days: number) =>
  Array.from({ length: days }, (_, index) => peak?.(index + 1));

describe('the peak of a day', () => {
  const samples = (hours: number, taken: (hour: number) => number) =>
    Array.from({ length: hours }, (_, hour) => ({ at: hour * HOUR, taken: taken(hour) }));

  it('is the most that was taken in 24 hours, of which the last sample is in the last', () => {
    // 30 hours: of the first day only 6 are known.
    expect(dailyPeaks(samples(30, (hour) => hour))).toEqual([undefined, 29]);
    expect(dailyPeaks(samples(48, (hour) => 100 - hour))).toEqual([100, 76]);
    expect(dailyPeaks([])).toEqual([]);
  });

  it('is not known where half of the hours are missing, as after an outage', () => {
    const all = samples(72, (hour) => hour);
    const without = all.filter(({ at }) => at < 24 * HOUR || at >= 40 * HOUR);
    expect(dailyPeaks(without)).toEqual([23, undefined, 71]);
    const withoutADay = all.filter(({ at }) => at < 24 * HOUR || at >= 48 * HOUR);
    expect(dailyPeaks(withoutADay)).toEqual([23, undefined, 71]);
  });
});

describe('the course of daily peaks', () => {
  it.each([0, 3, -2.5])('that grow by %d a day over the days of the week is followed exactly', (slope) => {
    const all = weeksOf(49, slope);
    const course = courseOf(all.slice(0, 35), 7);
    expect(course?.slope).toBeCloseTo(slope, 9);
    for (const [index, peak] of ahead(course?.peak, 14).entries()) expect(peak).toBeCloseTo(all[35 + index] ?? 0, 6);
  });

  it('is turned neither by some days of bursts, nor by gaps', () => {
    const all: (number | undefined)[] = weeksOf(35, 2);
    for (const day of [12, 20]) all[day] = 5_000;
    for (const day of [15, 16]) all[day] = undefined;
    const course = courseOf(all, 7);
    expect(course?.slope).toBeCloseTo(2, 1);
    expect(Math.abs((course?.peak(7) ?? 0) - (weeksOf(42, 2)[41] ?? 0))).toBeLessThan(3);
  });

  it('is on another level some days after a step, although the trend goes by four weeks', () => {
    const all = Array.from({ length: 35 }, (_, day) => (day < 30 ? 300 : 400));
    expect(courseOf(all, 1)?.peak(1)).toBeCloseTo(400, 0);
  });

  it('is not known where no day is', () => {
    expect(courseOf([], 1)).toBeUndefined();
    expect(courseOf([undefined, undefined], 7)).toBeUndefined();
  });
});

describe('the outlook', () => {
  const asked = { confidence: 0.8, days: 90 };
  const noisy = (days: number) => Array.from({ length: days }, (_, day) => 300 + ((day * 7919) % 23));

  it('is not there where too few errors are known to have a width, as of few days far apart', () => {
    const sparse = noisy(31).map((peak, day) => (day % 5 === 0 ? peak : undefined));
    expect(outlook([1, 2, 3], asked)).toBeUndefined();
    expect(outlook([...Array.from({ length: 20 }, () => undefined), 300, 310], asked)).toBeUndefined();
    for (const { least, most } of outlook(sparse, asked)?.bands ?? []) expect(most).toBeGreaterThan(least);
  });

  it.each([7, 20, 30, 91])('never sinks the further it looks, of %i days', (days) => {
    const bands = outlook(noisy(days), asked)?.bands ?? [];
    expect(bands).toHaveLength(90);
    for (const [index, { least, expected, most }] of bands.entries()) {
      const before = bands[index - 1] ?? { least: 0, expected: 0, most: 0 };
      expect([least >= before.least, expected >= before.expected, most >= before.most]).toEqual([true, true, true]);
      expect([least <= expected, expected <= most]).toEqual([true, true]);
    }
    expect((bands[89]?.most ?? 0) - (bands[0]?.most ?? 0)).toBeGreaterThan(0);
  });
});
