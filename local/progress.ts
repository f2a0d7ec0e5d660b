/** Says what is going on while slow things start: a line that is finished when the thing is. */
import { stderr } from 'node:process';
import color from 'picocolors';

export interface Progress {
  /** Begins a phase; the one before is finished. */
  begin(what: string): void;
  end(): void;
}

export function terminalProgress(): Progress {
  let began = 0;
  let current: string | undefined;
  const end = () => {
    if (current === undefined) return;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    stderr.write(`${stderr.isTTY ? '\r' : ''}${color.green('✓')} ${current} ${color.dim(`${seconds} s`)}\n`);
    current = undefined;
  };
  return {
    begin(what) {
      end();
      began = performance.now();
      current = what;
      if (stderr.isTTY) stderr.write(`${color.dim('…')} ${what}`);
      else stderr.write(`… ${what}\n`);
    },
    end,
  };
}
