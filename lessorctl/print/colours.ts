/** Whether there are colours (no-color.org), and which. */
import picocolors from 'picocolors';
import type { Tone } from './cell.ts';

export interface Paint {
  tone(text: string, tone: Tone | undefined): string;
  head(text: string): string;
}

interface Where {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absent where it is no terminal. */
  readonly columns: number | undefined;
}

export function paintFor({ env, columns }: Where): Paint {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0';
  const wanted = forced || (columns !== undefined && env.TERM !== 'dumb');
  const colours = picocolors.createColors(wanted && !env.NO_COLOR);
  const byTone = { good: colours.green, waits: colours.yellow, bad: colours.red, faint: colours.dim };
  return { tone: (text, tone) => (tone === undefined ? text : byTone[tone](text)), head: colours.bold };
}
