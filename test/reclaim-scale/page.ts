/** The tables of docs/reclaim.md. */
import { type Prices, prices } from '../cost/prices.ts';
import { type Month, MS_A_REQUEST } from './month.ts';
import type { Measured } from './wire.ts';

export const PAGE = 'docs/reclaim.md';

const MILLION = 1_000_000;
const RUNS_A_DAY = 288;
const regions = Object.entries(prices) as [string, Prices][];

const count = (value: number): string => Math.round(value).toLocaleString('en-US');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`);

const measuredRow = (what: string, { requests, writeUnits, readUnits, cpuMs }: Measured, digits = 0): string[] => [
  what,
  ...[requests, writeUnits, readUnits].map((value) => (digits === 0 ? count(value) : value.toFixed(digits))),
  digits === 0 ? count(cpuMs) : cpuMs.toFixed(digits),
];
const COSTS = ['requests', 'write units', 'read units', 'ms of the processor'];

export const noneDeadTable = (runs: Readonly<Record<string, Measured>>): string[] =>
  table(
    ['a run', ...COSTS],
    Object.entries(runs).map(([what, costs]) => measuredRow(what, costs)),
  );

export const deathsTable = (death: Measured, idle: Measured, deaths: number): string[] =>
  table(
    ['', ...COSTS],
    [
      measuredRow('of one death, all its looks', death, 1),
      measuredRow(`a run with nothing due, ${count(deaths)} deaths in 8 days`, idle),
    ],
  );

export const monthTable = (month: Omit<Month, 'requests'>, perDay: number, death: Measured, idle: Measured): string[] =>
  table(
    ['', ''],
    [
      ['deaths', count(month.deaths)],
      ['leases that were freed', count(month.freed)],
      ['requests of the largest run', count(month.largestRun)],
      ['requests of the largest day', count(month.largestDay)],
      ['requests of a run on that day, the mean', count(month.largestDay / RUNS_A_DAY)],
      ['runs whose time did not suffice', count(month.cutShort)],
      ['runs after which the last death was first gone through', count(month.latestFirst)],
      ['in the end: leases held / nodes listed / deaths not settled', Object.values(month.left).join(' / ')],
      ['requests of a run afterwards', count(month.afterwards.length)],
      ...regions.map(([region, of]) => [`a day in ${region}, $`, dollars(of, month, perDay, death, idle).toFixed(2)]),
    ],
  );

/** Of a day: what deaths cost, what the runs' reading of the list costs, and the function's memory of 1 GB meanwhile. */
function dollars(
  of: Prices,
  { largestDay }: Pick<Month, 'largestDay'>,
  perDay: number,
  death: Measured,
  idle: Measured,
): number {
  const units = (name: 'writeUnits' | 'readUnits') => perDay * death[name] + RUNS_A_DAY * idle[name];
  const seconds = (largestDay * MS_A_REQUEST + RUNS_A_DAY * idle.cpuMs) / 1000;
  return (
    (units('writeUnits') * of.writeUnits + units('readUnits') * of.readUnits + RUNS_A_DAY * of.lambdaRequests) /
      MILLION +
    seconds * of.lambdaGbSecond
  );
}

/** The page with these lines between the two comments of that name. */
export function put(page: string, name: string, rows: readonly string[]): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before = '', rest = ''] = page.split(begin);
  const [, after = ''] = rest.split(end);
  return `${before}${begin}\n${rows.join('\n')}\n${end}${after}`;
}
