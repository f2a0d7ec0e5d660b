/** How right forecasts are: that intervals hold as often as they say, and which methods' would not. docs/forecast.md has the table. */
import { readFileSync } from 'node:fs';
import { linearRegression, linearRegressionLine, standardDeviation } from 'simple-statistics';
import { beforeAll, describe, expect, it } from 'vitest';
import { FORECAST_CONFIDENCE } from '../../core/contract/limits.ts';
import { outlook } from '../../functions/use-cases/forecast/outlook.ts';
import { type Judged, judged } from './judge.ts';
import type { Kind } from './series.ts';
import { allJudged, HISTORIES, PAGE, type Results, SEEDS, withTables } from './table.ts';

let results: Results;
beforeAll(() => {
  results = allJudged();
}, 600_000);

function judgedFor(days: number, kind: Kind): Judged {
  const one = results.get(days)?.get(kind);
  if (one === undefined) throw new Error(`${kind} was not judged`);
  return one;
}

/** Three standard deviations of the share of so many independent questions, each of which is within with the stated chance. */
const tolerance = 3 * Math.sqrt((FORECAST_CONFIDENCE * (1 - FORECAST_CONFIDENCE)) / SEEDS);

/** Of the most that is used within a day, a week and a month, in parts of it: the largest error that is let through, in the median. */
const ERRORS: Readonly<Record<Kind, readonly [number, number, number]>> = {
  constant: [0.02, 0.02, 0.02],
  growing: [0.02, 0.02, 0.02],
  weekly: [0.03, 0.02, 0.02],
  'growing weekly': [0.03, 0.02, 0.02],
  bursty: [0.02, 0.03, 0.03],
  steps: [0.04, 0.08, 0.2],
  wandering: [0.07, 0.08, 0.15],
};

/** An interval that holds is of no use where it is this wide: where nothing but the day of the week matters. */
const WIDTH_OF_A_DAY = 0.15;

function shortcomings(kind: Kind, { peaks, within }: Judged, days: number): string[] {
  const stated = FORECAST_CONFIDENCE - tolerance;
  const found = peaks.filter((peak) => peak.within < stated).map((peak) => `${kind}: ${peak.days} d do not hold`);
  if (within < stated) found.push(`${kind}: the time at which it is full does not hold`);
  if (days < 91) return found;
  const far = peaks.filter(({ error }, index) => error > (ERRORS[kind][index] ?? 0));
  found.push(...far.map((peak) => `${kind}: ${peak.days} d are far off`));
  const isWide = kind.includes('weekly') && (peaks[0]?.width ?? 1) > WIDTH_OF_A_DAY;
  return isWide ? [...found, `${kind}: 1 d is wide`] : found;
}

describe('forecasts', () => {
  it.each(HISTORIES)('hold as often as they say with %i days of samples, of whatever series', (days) => {
    const found = [...(results.get(days) ?? [])].flatMap(([kind, one]) => shortcomings(kind, one, days));
    expect(found).toEqual([]);
    expect(results.get(days)?.size).toBe(Object.keys(ERRORS).length);
  });

  it('are as docs/forecast.md has them: `npm run forecast-error -- --write`', () => {
    const page = readFileSync(PAGE, 'utf8');
    expect(withTables(page, results)).toBe(page);
  });
});

/** A line through all peaks, and the normal distribution about it, as if no day had to do with another. */
const normal: typeof outlook = (peaks, { days }) => {
  const known = peaks.flatMap((peak, day) => (peak === undefined ? [] : [[day, peak]]));
  const line = linearRegression(known);
  const at = linearRegressionLine(line);
  const spread = 1.2816 * standardDeviation(known.map(([day = 0, peak = 0]) => peak - at(day)));
  const bands = Array.from({ length: days }, (_, ahead) => {
    const expected = at(peaks.length + ahead);
    return { least: expected - spread, expected, most: expected + spread };
  });
  return { slope: line.m, bands };
};

/** The method's own course, with an interval of its errors of one day, however many days are foreseen. */
const ofOneDay: typeof outlook = (peaks, asked) => {
  const found = outlook(peaks, asked);
  if (found === undefined) return undefined;
  const [first] = found.bands;
  const { low, high } = {
    low: 0,
    high: 0,
    ...(first && { low: first.least - first.expected, high: first.most - first.expected }),
  };
  const bands = found.bands.map(({ expected }) => ({ least: expected + low, expected, most: expected + high }));
  return { ...found, bands };
};

const withoutSeason: typeof outlook = (peaks, asked) => outlook(peaks, asked, [{ days: 1, training: 7 }]);

describe('would not pass', () => {
  const found = (kind: Kind, method: typeof outlook) =>
    shortcomings(kind, judged(kind, { seeds: SEEDS, days: 91, method }), 91);

  it.each<[string, typeof outlook, Kind]>([
    ['a line with the normal distribution about it, of a weekly series', normal, 'weekly'],
    ['a line with the normal distribution about it, of a bursty series', normal, 'bursty'],
    ['the same course without the days of the week, of a weekly series', withoutSeason, 'weekly'],
    ['the same course without the days of the week, of one that grows', withoutSeason, 'growing weekly'],
    ['errors of one day for all days, of a series with steps', ofOneDay, 'steps'],
  ])(
    '%s',
    (_, method, kind) => {
      expect(found(kind, method)).not.toEqual([]);
      expect(shortcomings(kind, judgedFor(91, kind), 91)).toEqual([]);
    },
    600_000,
  );

  it('a method whose median error were twice as large', () => {
    const one = judgedFor(91, 'bursty');
    const twice = { ...one, peaks: one.peaks.map((peak) => ({ ...peak, error: peak.error * 2 })) };
    expect(shortcomings('bursty', twice, 91)).not.toEqual([]);
  });
});
