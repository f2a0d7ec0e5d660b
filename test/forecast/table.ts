/** What docs/forecast.md says of how right forecasts are. */
import { HORIZONS, type Judged, judged } from './judge.ts';
import { type Kind, kinds } from './series.ts';

export const SEEDS = 100;
/** Days of samples. */
export const HISTORIES = [91, 42, 28, 14, 7] as const;

export type Results = ReadonlyMap<number, ReadonlyMap<Kind, Judged>>;

export const allJudged = (): Results =>
  new Map(HISTORIES.map((days) => [days, new Map(kinds.map((kind) => [kind, judged(kind, { seeds: SEEDS, days })]))]));

const percent = (part: number): string => `${Math.round(100 * part)} %`;

/** By days of samples, and by series. */
export function tables(results: Results): string[] {
  return [...results].map(([days, byKind]) =>
    [
      `| ${days} days of samples | ${HORIZONS.map((one) => `${one} d: within, error, width`).join(' | ')} | full: within | before | after |`,
      `| --- | ${HORIZONS.map(() => '---:').join(' | ')} | ---: | ---: | ---: |`,
      ...[...byKind].map(([kind, { peaks, within, early, late }]) => {
        const cells = peaks.map((one) => [one.within, one.error, one.width].map(percent).join(', '));
        return `| ${kind} | ${[...cells, ...[within, early, late].map(percent)].join(' | ')} |`;
      }),
    ].join('\n'),
  );
}

export const PAGE = new URL('../../docs/forecast.md', import.meta.url);

/** The page with these tables between its marks. */
export const withTables = (page: string, results: Results): string =>
  page.replace(/(<!-- errors -->\n).*(\n<!-- \/errors -->)/s, `$1${tables(results).join('\n\n')}$2`);
