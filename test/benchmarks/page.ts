/** What was measured goes into docs/benchmarks.md: each section between two comments of its name, and all goals at the top. */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { arch, platform, versions } from 'node:process';
import type { Figure, Section, Skipped } from './section.ts';
import { padded, tableOf } from './table.ts';

export const PAGE = 'docs/benchmarks.md';
const GOALS = 'goals';

/** In general terms: what a reader needs to judge the figures. */
export const machine = (): string =>
  `${availableParallelism()} processors, ${platform} ${arch}, Node ${versions.node.split('.').slice(0, 2).join('.')}`;

/** Over the last minute: far more than there are processors means that others worked beside, and that times say little. */
const load = (): string => (loadavg()[0] ?? 0).toFixed(1);

/** @param names of all sections; those that are not measured now stay as they are */
export function writeSection(section: Section, result: readonly Figure[] | Skipped, names: readonly string[]): void {
  writeFileSync(PAGE, written(readFileSync(PAGE, 'utf8'), section, result, names));
}

/** @throws Error where the page has no place for a section */
export function written(
  page: string,
  { name, what }: Pick<Section, 'name' | 'what'>,
  result: readonly Figure[] | Skipped,
  names: readonly string[],
): string {
  const rounds = 'skipped' in result ? '' : `, ${roundsOf(result)}`;
  const said = `*What is measured:* ${what}. *Measured on* ${machine()}${rounds}; load average ${load()}.`;
  const next = withPart(page, name, [said, '', ...tableOf(result)]);
  return withPart(next, GOALS, goalsIn(next, names));
}

/** Sections are measured at other times: the goals of all of them are read from their tables. */
function goalsIn(page: string, names: readonly string[]): string[] {
  const judged = names.flatMap((name) => rowsOf(partOf(page, name).inside).map((row) => ({ name, ...row })));
  const sections = names.flatMap((name) => {
    const own = judged.filter((one) => one.name === name);
    const met = own.filter(({ isMet }) => isMet).length;
    return own.length === 0 ? [] : [[name, `${met} of ${own.length}`]];
  });
  const missed = judged.filter(({ isMet }) => !isMet).map(({ name, what, found, goal }) => [name, what, found, goal]);
  const tables = [padded([['section', 'goals met'], ...sections])];
  if (missed.length > 0) tables.push(['', 'Missed:', '', ...padded([['section', 'what', 'found', 'goal'], ...missed])]);
  return tables.flat();
}

/** The rows that have a goal. */
const rowsOf = (part: string) =>
  part.split('\n').flatMap((line) => {
    const [, what = '', measured = '', , ratio = '', last = ''] = line.split('|').map((cell) => cell.trim());
    const [, goal = '', verdict] = /^\**(.+): (met|missed)\**$/.exec(last) ?? [];
    if (verdict === undefined) return [];
    const found = ratio === '' ? measured : `${ratio} (${measured.replace(/ \(.*/, '')})`;
    return [{ what, found, goal, isMet: verdict === 'met' }];
  });

interface Part {
  readonly before: string;
  readonly inside: string;
  readonly after: string;
}

function partOf(page: string, name: string): Part {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest, ...more] = page.split(begin);
  const [inside, after, ...others] = rest?.split(end) ?? [];
  if (before === undefined || inside === undefined || after === undefined || more.length + others.length > 0)
    throw new Error(`${PAGE} needs ${begin} and ${end} once each, for what was measured`);
  return { before: `${before}${begin}`, inside, after: `${end}${after}` };
}

function withPart(page: string, name: string, lines: readonly string[]): string {
  const { before, after } = partOf(page, name);
  return `${before}\n${lines.join('\n')}\n${after}`;
}

function roundsOf(figures: readonly Figure[]): string {
  const rounds = [...new Set(figures.map(({ value }) => value.runs))].sort((a, b) => a - b);
  const [least = 0, most = least] = [rounds[0], rounds.at(-1)];
  if (most === 1) return 'counted once';
  return least === most ? `${most} rounds` : `${least} to ${most} rounds`;
}
