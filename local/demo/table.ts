/** Columns as kubectl prints them: two spaces between, no borders. */
import { filled } from '../screen.ts';

const BETWEEN = '  ';

/** A table that is wider than `width` has no head, and its rows are folded between cells. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], width: number): string[] {
  const lines = aligned([head, ...rows]);
  if (lines.every(({ length }) => length <= width)) return lines;
  return rows.flatMap((row) => folded(row, width));
}

/** A row by itself; what does not fit goes on the next line, indented. */
export function folded(row: readonly string[], width: number): string[] {
  const [first = '', ...others] = filled(row.filter(Boolean), width - BETWEEN.length, BETWEEN);
  return [first.trimEnd(), ...others.map((line) => `${BETWEEN}${line.trimEnd()}`)];
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widthOf = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widthOf(column)))
      .join(BETWEEN)
      .trimEnd(),
  );
}
