/** What stands in one place of a table, with a meaning that a colour may show. */

/** `good`: as it should be. `waits`: not for long. `bad`: somebody has to look. `faint`: it matters less. */
export type Tone = 'good' | 'waits' | 'bad' | 'faint';

export type Cell = string | { readonly text: string; readonly tone: Tone };

export const toned = (text: string, tone: Tone | undefined): Cell => (tone === undefined ? text : { text, tone });

/** Escape sequences and line breaks in names and reasons, which whoever wrote them chose, would change what else is shown. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** A line that can be shown. */
export const shownText = (text: string): string => text.replace(CONTROL, '·');

export const textOfCell = (cell: Cell): string => shownText(typeof cell === 'string' ? cell : cell.text);

export const toneOfCell = (cell: Cell): Tone | undefined => (typeof cell === 'string' ? undefined : cell.tone);

/** What is not there. */
export const NONE: Cell = { text: '-', tone: 'faint' };
