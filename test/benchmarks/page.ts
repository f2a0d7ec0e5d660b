/** What was measured goes into docs/benchmarks.md, each section between two comments of its name, and all goals at the top. */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { arch, platform, versions } from 'node:process';
import * as z from 'zod/mini';
import type { Figure, Section, Skipped } from './section.ts';
import { goalsOf, tableOf } from './table.ts';

export const PAGE = 'docs/benchmarks.md';
/** The last measurement of each section: they are long, and measured in parts. */
const MEASURED = new URL('./measured.json', import.meta.url);

/** In general terms: what a reader needs to judge the figures. */
export const machine = (): string =>
  `${availableParallelism()} processors, ${platform} ${arch}, Node ${versions.node.split('.').slice(0, 2).join('.')}`;

const spread = z.object({
  median: z.number(),
  low: z.number(),
  high: z.number(),
  runs: z.number(),
  unit: z.string(),
});
const figure = z.object({
  name: z.string(),
  value: spread,
  against: z.exactOptional(z.object({ name: z.string(), value: spread })),
  ratio: z.exactOptional(spread),
  goal: z.exactOptional(z.object({ atMost: z.exactOptional(z.number()), atLeast: z.exactOptional(z.number()) })),
});
const measurements = z.record(
  z.string(),
  z.object({
    what: z.string(),
    machine: z.string(),
    result: z.union([z.array(figure), z.object({ skipped: z.string() })]),
  }),
);
export type Measurements = Readonly<
  Record<string, { readonly what: string; readonly machine: string; readonly result: readonly Figure[] | Skipped }>
>;

/** Notes the section's figures, and writes them into the page. */
export function writeSection({ name, what }: Section, result: readonly Figure[] | Skipped): void {
  const before: Measurements = z.parse(measurements, JSON.parse(readFileSync(MEASURED, 'utf8')));
  const next = { ...before, [name]: { what, machine: machine(), result } };
  writeFileSync(MEASURED, `${JSON.stringify(next, null, 2)}\n`);
  writeFileSync(PAGE, written(readFileSync(PAGE, 'utf8'), next));
}

/** @throws Error where the page has no place for a section */
export function written(page: string, all: Measurements): string {
  const parts: [string, string[]][] = Object.entries(all).map(([name, { what, machine: on, result }]) => {
    const rounds = 'skipped' in result ? '' : `, ${roundsOf(result)}`;
    return [name, [`*What is measured:* ${what}. *Measured on* ${on}${rounds}.`, '', ...tableOf(result)]];
  });
  const figures = Object.entries(all).map(([name, { result }]) => [name, 'skipped' in result ? [] : result] as const);
  parts.push(['goals', goalsOf(figures)]);
  return parts.reduce(replaced, page);
}

function replaced(page: string, [name, lines]: [string, string[]]): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest, ...more] = page.split(begin);
  const [, after, ...others] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined || more.length + others.length > 0)
    throw new Error(`${PAGE} needs ${begin} and ${end} once each, for what was measured`);
  return `${before}${begin}\n${lines.join('\n')}\n${end}${after}`;
}

function roundsOf(figures: readonly Figure[]): string {
  const rounds = [...new Set(figures.map(({ value }) => value.runs))].sort((a, b) => a - b);
  const [least = 0, most = least] = [rounds[0], rounds.at(-1)];
  if (most === 1) return 'counted once';
  return least === most ? `${most} rounds` : `${least} to ${most} rounds`;
}
