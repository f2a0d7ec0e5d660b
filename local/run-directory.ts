/**
 * Directories of one run, with the run's process id in their names: whoever starts later removes those of runs that were
 * killed, and leaves those of runs that live. Credentials are in them.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const OF_RUN = /^lessor-run-(\d+)-/;

/** What this run's directories and network namespaces are called. */
export const nameOfRun = (what: string): string => `lessor-run-${process.pid}-${what}`;

/** Whether such a name is of a run that has ended. The number may be another process's by now: then it is kept for longer. */
export function isAbandoned(name: string): boolean {
  const [, id] = OF_RUN.exec(name) ?? [];
  return id !== undefined && !isAlive(Number(id));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export interface RunDirectory {
  readonly path: string;
  remove(): void;
}

/** For its owner only. Whoever exits without `remove` leaves nothing either, unless killed. */
export function openRunDirectory(what: string): RunDirectory {
  removeAbandoned();
  const path = mkdtempSync(join(tmpdir(), `${nameOfRun(what)}-`));
  const remove = () => {
    process.removeListener('exit', remove);
    // A child that was just killed may have written into it a moment ago.
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once('exit', remove);
  return { path, remove };
}

function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir()).filter(isAbandoned)) {
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // It is another user's.
    }
  }
}
