/** Says what is going on while slow things start: a line that is finished when the thing is. On standard error, so that a pipe gets the results only. */
import { stderr } from 'node:process';
import { screenOf } from './screen.ts';

export interface Progress {
  /** Begins a phase; the one before is finished. */
  begin(what: string): void;
  end(): void;
  /** The phase that is going on does not come to its end. */
  abandon(): void;
}

export function terminalProgress(): Progress {
  const { color, width } = screenOf(stderr);
  let began = 0;
  let current: string | undefined;
  const end = () => {
    if (current === undefined) return;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    stderr.write(`${stderr.isTTY ? '\r\x1b[K' : ''}${color.green('✓')} ${current} ${color.dim(`${seconds} s`)}\n`);
    current = undefined;
  };
  return {
    begin(what) {
      end();
      began = performance.now();
      current = what;
      // A line that the terminal wraps could not be written over.
      if (stderr.isTTY) stderr.write(`${color.dim('…')} ${what.slice(0, width - 3)}`);
      else stderr.write(`… ${what}\n`);
    },
    end,
    abandon() {
      if (current !== undefined && stderr.isTTY) stderr.write('\n');
      current = undefined;
    },
  };
}
