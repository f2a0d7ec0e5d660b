/** Lays lines out: numbered chapters, prose that is broken between words, rows. */
import { filled, type Screen } from '../screen.ts';

const INDENT = '   ';

export interface Layout {
  readonly color: Screen['color'];
  /** Characters of a line within a chapter. */
  readonly room: number;
  /** Begins the next chapter, unless the one with this title has just begun. */
  chapter(title: string, opening?: string): void;
  prose(text: string): void;
  /** Before the first chapter, and after the last. */
  aside(text: string): void;
  rows(lines: readonly string[]): void;
  gap(): void;
}

/** @param write takes a line */
export function layoutOn({ width, color }: Screen, write: (line: string) => void): Layout {
  const room = width - INDENT.length;
  let current: string | undefined;
  let chapters = 0;
  const words = (text: string, most: number) => filled(text.split(' '), most);
  const rows = (lines: readonly string[]) => {
    for (const line of lines) write(line === '' ? '' : `${INDENT}${line}`);
  };
  return {
    color,
    room,
    rows,
    gap: () => write(''),
    prose: (text) => rows(words(text, room)),
    aside: (text) => {
      for (const line of words(text, width)) write(line);
    },
    chapter: (title, opening) => {
      if (current === title) return;
      current = title;
      chapters += 1;
      write('');
      for (const [index, line] of words(title, room).entries())
        write(color.bold(color.cyan(`${index === 0 ? `${chapters}. `.padEnd(INDENT.length) : INDENT}${line}`)));
      write('');
      if (opening === undefined) return;
      rows([...words(opening, room), '']);
    },
  };
}
