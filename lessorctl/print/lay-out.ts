/** Lines of text from what is to be shown: columns as kubectl has them, within the width of the terminal. */
import stringWidth from 'string-width';
import { shownText } from '../../core/contract/shown-text.ts';
import { type Cell, textOfCell, toneOfCell } from './cell.ts';
import type { Paint } from './colours.ts';
import type { FieldsPart, Part, TablePart } from './view.ts';

/** Characters between two columns. */
const BETWEEN = '  ';
/** So much of a column that is shortened stays. */
const LEAST = 8;
const CUT = '…';

interface Place {
  /** Absent where nothing is to be shortened. */
  readonly width: number | undefined;
  readonly paint: Paint;
}

/** Ends with a line break. */
export const layOut = (parts: readonly Part[], place: Place): string =>
  `${parts.map((part) => linesOf(part, place).join('\n')).join('\n\n')}\n`;

function linesOf(part: Part, place: Place): string[] {
  if (part.kind === 'text') {
    const width = part.verbatim ? undefined : place.width;
    return part.text.split('\n').flatMap((line) => wrapped(part.verbatim ? line : shownText(line), width));
  }
  return part.kind === 'table' ? tableLines(part, place) : fieldLines(part, place);
}

function tableLines({ heads, rows, shrinks }: TablePart, { width, paint }: Place): string[] {
  const texts = [heads, ...rows.map((row) => row.map(textOfCell))];
  const widths = fitted(widthsOf(texts), shrinks, width);
  const line = (cells: readonly Cell[], paintCell: (text: string, cell: Cell) => string) =>
    cells
      .map((cell, column) => {
        const text = cutTo(textOfCell(cell), widths[column] ?? 0);
        const isLast = column === cells.length - 1;
        return paintCell(text, cell) + (isLast ? '' : ' '.repeat((widths[column] ?? 0) - stringWidth(text)));
      })
      .join(BETWEEN)
      .trimEnd();
  return [
    line(heads, (text) => paint.head(text)),
    ...rows.map((row) => line(row, (text, cell) => paint.tone(text, toneOfCell(cell)))),
  ];
}

function fieldLines({ fields }: FieldsPart, { width, paint }: Place): string[] {
  const names = Math.max(0, ...fields.map(([name]) => stringWidth(name)));
  const rest = width === undefined ? undefined : Math.max(LEAST, width - names - BETWEEN.length);
  return fields.flatMap(([name, value]) =>
    wrapped(textOfCell(value), rest).map((line, index) => {
      const shown = index === 0 ? name : '';
      return `${paint.head(shown)}${' '.repeat(names - stringWidth(shown))}${BETWEEN}${paint.tone(line, toneOfCell(value))}`;
    }),
  );
}

/** Between words. */
function wrapped(text: string, width: number | undefined): string[] {
  if (width === undefined || stringWidth(text) <= width) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && stringWidth(`${last} ${word}`) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const widthsOf = (rows: readonly (readonly string[])[]): number[] =>
  rows.reduce<number[]>(
    (widest, row) => row.map((text, column) => Math.max(stringWidth(text), widest[column] ?? 0)),
    [],
  );

/** The widest of those that may be shortened gives first. */
function fitted(widths: readonly number[], shrinks: readonly boolean[], width: number | undefined): number[] {
  const fitting = [...widths];
  if (width === undefined) return fitting;
  let over = fitting.reduce((sum, one) => sum + one, 0) + BETWEEN.length * (fitting.length - 1) - width;
  while (over > 0) {
    const candidates = fitting.map((one, column) => (shrinks[column] ? one : 0));
    const widest = Math.max(...candidates);
    if (widest <= LEAST) break;
    fitting[candidates.indexOf(widest)] = widest - 1;
    over--;
  }
  return fitting;
}

function cutTo(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let cut = '';
  for (const character of text) {
    if (stringWidth(cut + character) > width - 1) break;
    cut += character;
  }
  return cut + CUT;
}
