/** What a command shows to people: parts, one below the other. */
import type { Cell } from './cell.ts';

export interface Column<Row> {
  readonly head: string;
  of(row: Row): Cell;
  /** Only with `-o wide`. */
  readonly wide?: true;
  /** It may be shortened where the terminal is too narrow. */
  readonly shrinks?: true;
}

export interface TablePart {
  readonly kind: 'table';
  readonly heads: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** By column. */
  readonly shrinks: readonly boolean[];
}

/** Names and what is so, a line each. */
export interface FieldsPart {
  readonly kind: 'fields';
  readonly fields: readonly (readonly [name: string, value: Cell])[];
}

/** Lines, which are broken between words where the terminal is too narrow. */
export interface TextPart {
  readonly kind: 'text';
  readonly text: string;
  /** Not broken: a program may read it. */
  readonly verbatim?: true;
}

export type Part = TablePart | FieldsPart | TextPart;

export function tablePart<Row>(rows: readonly Row[], columns: readonly Column<Row>[], wide: boolean): TablePart {
  const shown = columns.filter((column) => wide || column.wide !== true);
  return {
    kind: 'table',
    heads: shown.map(({ head }) => head),
    rows: rows.map((row) => shown.map((column) => column.of(row))),
    shrinks: shown.map(({ shrinks }) => shrinks === true),
  };
}

/** Without those that are absent. */
export const fieldsPart = (fields: readonly (readonly [name: string, value: Cell | undefined])[]): FieldsPart => ({
  kind: 'fields',
  fields: fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
});

export const textPart = (text: string): TextPart => ({ kind: 'text', text });

export const verbatimPart = (text: string): TextPart => ({ kind: 'text', text, verbatim: true });
