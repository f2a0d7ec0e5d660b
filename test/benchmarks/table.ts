/** What was measured, as rows of a table in Markdown, which reads well on a terminal too. */
import type { Figure, Goal, Section, Skipped, Spread } from './section.ts';

const HEAD = ['', 'measured', 'beside', 'ratio', 'goal'];

/** The tables of one section, each row padded to the width of its column. */
export function tableOf(result: readonly Figure[] | Skipped): string[] {
  if ('skipped' in result) return [`Skipped: ${result.skipped}.`];
  return padded([HEAD, ...result.map(cellsOf)]);
}

/** Rows of a table, the first its head, with their columns below each other. */
export function padded(rows: readonly (readonly string[])[]): string[] {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  return [lines[0] ?? '', `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...lines.slice(1)];
}

/** Below the head of its section. */
export const headOf = ({ name, what }: Section): string => `${name}: ${what}`;

function cellsOf({ name, value, against, ratio, goal }: Figure): string[] {
  const baseline = against === undefined ? '' : `${against.name}: ${spread(against.value)}`;
  return [name, spread(value), baseline, ratio === undefined ? '' : spread(ratio), goalText(goal, ratio ?? value)];
}

/** Median, with the quartiles where they differ from it, and the unit. */
function spread({ median, low, high, unit }: Spread): string {
  const quartiles = number(low) === number(high) ? '' : ` (${number(low)} to ${number(high)})`;
  return `${number(median)}${unit === '' ? '' : ` ${unit}`}${quartiles}`;
}

/** Three digits that count; all of a large number. */
const number = (value: number): string =>
  value !== 0 && Math.abs(value) < 100
    ? String(Number(value.toPrecision(3)))
    : Math.round(value).toLocaleString('en-US', { useGrouping: Math.abs(value) >= 10_000 });

function goalText(goal: Goal | undefined, { median }: Spread): string {
  if (goal === undefined) return '';
  return isMet(goal, median) ? `${boundsOf(goal)}: met` : `**${boundsOf(goal)}: missed**`;
}

const boundsOf = ({ atMost, atLeast }: Goal): string =>
  [
    ...(atMost === undefined ? [] : [`at most ${number(atMost)}`]),
    ...(atLeast === undefined ? [] : [`at least ${number(atLeast)}`]),
  ].join(', ');

/** As the table shows it: what rounds to the goal meets it. */
function isMet(
  { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }: Goal,
  median: number,
): boolean {
  const shown = Number(median.toPrecision(3));
  return shown <= atMost && shown >= atLeast;
}
