/** One line on standard error that says how far long work is, where somebody sees it; it is gone afterwards. */
import { shownText } from '../../core/contract/shown-text.ts';
import type { Shell } from '../shell/shell.ts';

export interface WorkProgress {
  tell(text: string): void;
  /** Before anything else is printed. */
  clear(): void;
}

/** Milliseconds: what is over sooner says nothing. */
const QUIET = 700;
const ERASE_LINE = '\r\u001b[2K';

export function progressOf({
  showsProgress,
  complain,
  now,
}: Pick<Shell, 'showsProgress' | 'complain' | 'now'>): WorkProgress {
  const begun = now();
  let shown = false;
  return {
    tell(text) {
      if (!showsProgress || now() - begun < QUIET) return;
      complain(`${ERASE_LINE}${shownText(text)}…`);
      shown = true;
    },
    clear() {
      if (shown) complain(ERASE_LINE);
      shown = false;
    },
  };
}
