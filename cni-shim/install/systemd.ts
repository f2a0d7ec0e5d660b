/** systemd on the host, as far as an installation needs it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { refusal } from '../machine/refusal.ts';
import type { Environment } from '../machine/surroundings.ts';

export interface Systemd {
  /** Whether there is a systemctl at all. */
  readonly isThere: boolean;
  /** Whether it runs the machine: not in a container, nor where another root is installed. */
  readonly runs: boolean;
  /** @throws LessorError `node.configuration` with what systemctl said */
  call(...args: string[]): void;
}

/** `/run/systemd/system`: sd_booted(3). */
export function systemdOf(root: string, env: Environment): Systemd {
  const call = (...args: string[]) =>
    spawnSync('systemctl', args, { env: { PATH: env.PATH, LC_ALL: 'C' }, encoding: 'utf8' });
  const isThere = call('--version').status === 0;
  const here = root === '/';
  return {
    isThere,
    runs: isThere && here && existsSync('/run/systemd/system'),
    call(...args) {
      const { status, stderr, error } = call(...(here ? [] : [`--root=${root}`]), ...args);
      if (status === 0) return;
      const why = error?.message ?? stderr.trim();
      throw refusal(
        'node.configuration',
        `systemctl ${args.join(' ')} failed (${why})`,
        'see systemctl status lessor-agent',
      );
    },
  };
}
