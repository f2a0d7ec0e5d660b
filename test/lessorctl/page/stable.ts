/** What a command printed, as it would print it in any other world that was made like this one: other times, ids and ports. */
import { createHash } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import type { Ran } from '../../../lessorctl/shell/shell.ts';

/** When the page's world was made. */
const BEGUN = Date.parse('2026-01-31T08:00:00Z');
const HOUR = 3_600_000;
const MOST_LINES = 30;
const BEGUN_ROW = /^\S+Z {2}\S+ +\S+ +begun .*\n/gm;
const BEGUN_ENTRY = /^ {2}- at: .*\n(?: {4}(?!outcome).*\n)*? {4}outcome: begun\n(?: {4,}.*\n)*/gm;

export interface MadeWorld {
  /** Milliseconds since 1970. */
  readonly begunAt: number;
  /** `vrf/name` of each pool by its id. */
  readonly pools: ReadonlyMap<string, string>;
}

/** A question with its answer, then what is printed; nothing of it where it goes into a file. @param line as it was typed */
export function stable(line: string, { stdout, stderr }: Ran, { begunAt, pools }: MadeWorld): string {
  if (line.includes(' > ')) return '';
  const isInterrupted = line.includes('--watch');
  const said = `${isInterrupted ? '' : stderr.replace(/(\[y\/N\] )$/, '$1y\n')}${stdout}`;
  const lines = stripVTControlCharacters(said)
    .replace(/\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z/g, (at) => timeAt(Date.parse(at) - begunAt))
    .replace(/\b[0-9a-f]{16}\b/g, (id) => idOf(pools.get(id)) ?? id)
    .replace(/\(request [0-9a-f-]{36}\)/g, '(request 5c6f0e1a-7d0b-4f43-9d51-0a4c2c6f7b1e)')
    .replace(/ +$/gm, '')
    // A request that took too long on a busy machine was repeated.
    .replace(BEGUN_ROW, '')
    .replace(BEGUN_ENTRY, '')
    .trimEnd()
    .split('\n');
  const shown = lines.slice(0, MOST_LINES);
  return [...withRowsSorted(shown), ...(lines.length > MOST_LINES ? ['…'] : [])].join('\n');
}

/** To the hour: the world is made within minutes. */
const timeAt = (since: number): string =>
  new Date(BEGUN + Math.round(since / HOUR) * HOUR).toISOString().replace('.000', '');

const idOf = (pool: string | undefined): string | undefined =>
  pool && createHash('sha256').update(pool).digest('hex').slice(0, 16);

/** Leases, and blocks of a node, come in the order of their pools' ids. */
function withRowsSorted(lines: readonly string[]): string[] {
  const isRow = (line: string) =>
    /^([0-9a-f]{16} |(\S+ {2})?\d+(\.\d+){3}[ ,]|\S+Z {2}now |(shop|routed) +[0-9a-f]{1,2}$)/.test(line);
  const rows = lines.filter(isRow).sort();
  return lines.map((line) => (isRow(line) ? (rows.shift() ?? line) : line));
}
