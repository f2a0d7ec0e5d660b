/** What stands in one place of a table, with a meaning that a colour may show. */
import { shownText } from '../../core/contract/shown-text.ts';

/** `good`: as it should be. `waits`: not for long. `bad`: somebody has to look. `faint`: it matters less. */
export type Tone = 'good' | 'waits' | 'bad' | 'faint';

export type Cell = string | { readonly text: string; readonly tone: Tone };

export const toned = (text: string, tone: Tone | undefined): Cell => (tone === undefined ? text : { text, tone });

export const textOfCell = (cell: Cell): string => shownText(typeof cell === 'string' ? cell : cell.text);

export const toneOfCell = (cell: Cell): Tone | undefined => (typeof cell === 'string' ? undefined : cell.tone);

/** What is not there. */
export const NONE: Cell = { text: '-', tone: 'faint' };
