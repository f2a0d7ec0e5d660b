import { shownText } from '../../core/contract/shown-text.ts';

/** The same of what is the case, in lines that can be shown. */
export const table = (rows: readonly (readonly string[])[]): string =>
  columns(rows.map((row) => row.map((cell) => shownText(cell))));

/** Columns as kubectl prints them: two spaces between, no borders. Texts of this program, as they are. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, column) => Math.max(cell.length, most[column] ?? 0)),
    [],
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

/** What containerd and Podman make; people know them by their beginnings. */
const HEX_ID = /^([0-9a-f]{13})[0-9a-f]{51}$/;

export const shortId = (containerId: string): string => HEX_ID.exec(containerId)?.[1] ?? containerId;
