/** The tables of docs/cost.md. */
import { readFileSync } from 'node:fs';
import { metrics } from '../../core/contract/metrics.ts';
import { changesInBatch, counting, type Line, ofDelegatedPods, ofMonth, ofPods, sum } from './bill.ts';
import type { Deployment } from './deployment.ts';
import type { Measured } from './measured.ts';
import { type Prices, prices } from './prices.ts';
import { leasesTold, TELL_WITHIN } from './setting.ts';

export const PAGE = 'docs/cost.md';
export const RATES = [1, 1000];
/** Seconds for which changes are gathered, for comparison. */
const WINDOWS = [1, 10, 30, 60];
/** Metrics that are there without trouble: of refusals, repeats and deaths there are none then. Of one pool. */
const QUIET = Object.keys(metrics).filter((name) => !/Refusals|Repeat|Declared/.test(name)).length + 1;

export const readMeasured = (): Measured =>
  JSON.parse(readFileSync(new URL('./measured.json', import.meta.url), 'utf8')) as Measured;

/** Every batch that the tables ask for. */
export const batchesOf = (deployment: Deployment): number[] => [
  ...new Set(
    [...WINDOWS, deployment.window].flatMap((window) =>
      RATES.map((rate) => changesInBatch({ ...deployment, window }, rate)),
    ),
  ),
];

const regions = Object.entries(prices) as [string, Prices][];
const dollars = (amount: number): string => amount.toFixed(2);
const figure = (quantity: number): string => (quantity >= 100 ? quantity.toFixed(0) : quantity.toFixed(2));

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`);

export function podsTable(measured: Measured, deployment: Deployment): string[] {
  const bills = RATES.map((rate) => ofPods(measured, deployment, rate));
  const [first = []] = bills;
  const cells = ({ quantity, unit, price }: Line) => [
    `${figure(quantity)} ${unit}`,
    ...regions.map(([, of]) => dollars(price(of))),
  ];
  const head = RATES.flatMap((rate) => [`at ${rate} a second`, ...regions.map(([name]) => `$ ${name}`)]);
  const rows = first.map(({ what }, index) => [
    what,
    ...bills.flatMap((bill) => bill.slice(index, index + 1).flatMap(cells)),
  ]);
  const totals = bills.flatMap((bill) => ['', ...regions.map(([, of]) => `**${dollars(sum(bill, of))}**`)]);
  return table(['', ...head], [...rows, ['**together**', ...totals]]);
}

function delegatedTable(measured: Measured, deployment: Deployment): string[] {
  const row = (name: string, leases: (rate: number) => string, lines: (rate: number) => Line[]) => [
    name,
    ...RATES.flatMap((rate) => [leases(rate), ...regions.map(([, of]) => dollars(sum(lines(rate), of)))]),
  ];
  const rows = TELL_WITHIN.map((seconds) =>
    row(
      `delegated, told within ${seconds} s`,
      (rate) => leasesTold(rate, seconds).toFixed(1),
      (rate) => ofDelegatedPods(measured, deployment, rate, seconds),
    ),
  );
  const head = RATES.flatMap((rate) => [`leases a request, ${rate} a second`, ...regions.map(([name]) => `$ ${name}`)]);
  const online = row(
    'online',
    () => '1',
    (rate) => ofPods(measured, deployment, rate),
  );
  return table(['', ...head], [online, ...rows]);
}

function windowsTable(measured: Measured, deployment: Deployment): string[] {
  const rows = WINDOWS.map((window) => [
    `${window} s`,
    ...RATES.flatMap((rate) => {
      const as = { ...deployment, window };
      const lines = counting(measured, as, rate);
      return [String(changesInBatch(as, rate)), ...regions.map(([, of]) => dollars(sum(lines, of)))];
    }),
  ]);
  const head = RATES.flatMap((rate) => [`changes a batch, ${rate} a second`, ...regions.map(([name]) => `$ ${name}`)]);
  return table(['gathered for', ...head], rows);
}

function monthTable(deployment: Deployment): string[] {
  const lines = ofMonth(deployment, QUIET);
  const rows = lines.map(({ what, quantity, unit, price }) => [
    what,
    `${unit === '' ? quantity : figure(quantity)} ${unit}`.trim(),
    ...regions.map(([, of]) => dollars(price(of))),
  ]);
  const total = ['**together**', '', ...regions.map(([, of]) => `**${dollars(sum(lines, of))}**`)];
  return table(['', 'a month', ...regions.map(([name]) => `$ ${name}`)], [...rows, total]);
}

const pricesTable = (): string[] => {
  const names = Object.keys(prices['us-east-1']) as (keyof Prices)[];
  return table(
    ['$', ...regions.map(([name]) => name)],
    names.map((name) => [name, ...regions.map(([, of]) => String(of[name]))]),
  );
};

/** The page with these lines between the two comments of that name. */
function put(page: string, name: string, rows: readonly string[]): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before = '', rest = ''] = page.split(begin);
  const [, after = ''] = rest.split(end);
  return `${before}${begin}\n${rows.join('\n')}\n${end}${after}`;
}

export function withTables(page: string, measured: Measured, deployment: Deployment): string {
  const tables = {
    pods: podsTable(measured, deployment),
    delegated: delegatedTable(measured, deployment),
    windows: windowsTable(measured, deployment),
    month: monthTable(deployment),
    prices: pricesTable(),
  };
  return Object.entries(tables).reduce((text, [name, rows]) => put(text, name, rows), page);
}
