/** Puts what was measured into docs/benchmarks.md: each section between two comments of its name. */
import { availableParallelism } from 'node:os';
import { arch, platform, versions } from 'node:process';
import type { Figure, Section, Skipped } from './section.ts';
import { tableOf } from './table.ts';

export const PAGE = 'docs/benchmarks.md';

/** In general terms: what a reader needs to judge the figures. */
export const machine = (): string =>
  `${availableParallelism()} processors, ${platform} ${arch}, Node ${versions.node.split('.').slice(0, 2).join('.')}`;

/** @throws Error where the page has no place for the section */
export function written(page: string, { name, what }: Section, result: readonly Figure[] | Skipped): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest, ...more] = page.split(begin);
  const [, after, ...others] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined || more.length + others.length > 0)
    throw new Error(`${PAGE} needs ${begin} and ${end} once each, for what was measured`);
  const runs = 'skipped' in result ? '' : ` Rounds: ${roundsOf(result)}.`;
  const text = `What is measured: ${what}. Measured on ${machine()}.${runs}`;
  return `${before}${begin}\n${text}\n\n${tableOf(result).join('\n')}\n${end}${after}`;
}

function roundsOf(figures: readonly Figure[]): string {
  const rounds = [...new Set(figures.map(({ value }) => value.runs))].sort((a, b) => a - b);
  return rounds.length > 1 ? `${rounds[0]} to ${rounds.at(-1)}` : String(rounds[0] ?? 0);
}
