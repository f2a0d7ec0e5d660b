/** Says what is being measured: one line that is written over on a terminal, else a line now and then. */
import { stderr } from 'node:process';
import { screenOf } from '../../local/screen.ts';

/** Milliseconds between two lines in a log. */
const PACE = 5000;

/** @param section whose name begins the line */
export function progressOf(section: string) {
  const { color, width } = screenOf(stderr);
  const began = performance.now();
  const clear = stderr.isTTY ? '\r\x1b[K' : '';
  let said = Number.NEGATIVE_INFINITY;
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(0)} s`;
  return {
    say(text: string): void {
      const line = `… ${section}: ${text}`;
      // A line that the terminal wraps could not be written over.
      if (stderr.isTTY) stderr.write(`${clear}${color.dim(line.slice(0, width - 1))}`);
      else if (performance.now() - said >= PACE) {
        said = performance.now();
        stderr.write(`${line}\n`);
      }
    },
    note(text: string): void {
      stderr.write(`${clear}${section}: ${text}\n`);
    },
    end(): void {
      stderr.write(`${clear}${color.green('✓')} ${section} ${color.dim(seconds())}\n`);
    },
    fail(why: string): void {
      stderr.write(`${clear}${color.red('✗')} ${section}: ${why}\n`);
    },
  };
}
