/** Where a person reads: how wide it is, and whether it has colours. */
import { env } from 'node:process';
import type { WriteStream } from 'node:tty';
import color from 'picocolors';

/** Longer lines are hard to read, however wide the terminal is. */
const WIDEST = 80;
const NARROWEST = 20;

export interface Screen {
  /** Characters of a line. */
  readonly width: number;
  readonly color: ReturnType<typeof color.createColors>;
}

/** No colours in a pipe or a file, with `NO_COLOR`, nor on a terminal that knows none. `COLUMNS` goes before what the terminal says. */
export function screenOf({ isTTY, columns }: Partial<Pick<WriteStream, 'isTTY' | 'columns'>>): Screen {
  const wide = Number(env.COLUMNS) || columns || WIDEST;
  return {
    width: Math.max(NARROWEST, Math.min(wide, WIDEST)),
    color: color.createColors(color.isColorSupported && isTTY === true),
  };
}

/** As many pieces on a line as it has room for; one that is longer than a line stays whole. */
export function filled(pieces: readonly string[], width: number, between = ' '): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    const longer = last === undefined ? piece : `${last}${between}${piece}`;
    if (last === undefined || longer.length > width) lines.push(piece);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
