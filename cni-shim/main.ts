/** The CNI IPAM plugin `lessor` (CNI specification 1.1.0): called by a network plugin such as bridge. */
import { readFileSync, writeSync } from 'node:fs';
import { run } from './run.ts';
import { machine } from './surroundings.ts';

/** Not process.stdout: loading the streams would take a fifth of the whole call. */
function print(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      // A full pipe whose reader set it to non-blocking: its reader is about to make room.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

run(machine(process.env), () => readFileSync(0, 'utf8')).then(({ stdout, exitCode }) => {
  try {
    print(stdout);
  } catch {
    // Whoever called is gone.
    process.exit(1);
  }
  process.exit(exitCode);
});
