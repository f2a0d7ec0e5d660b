/** Writes to a file descriptor. Not process.stdout: loading the streams would take a fifth of a whole call of the plugin. */
import { writeSync } from 'node:fs';

/** @throws Error where nobody reads any more */
export function print(descriptor: 1 | 2, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      // A full pipe whose reader set it to non-blocking: its reader is about to make room.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') continue;
      throw Object.assign(error as NodeJS.ErrnoException, {
        path: descriptor === 1 ? 'standard output' : 'standard error',
      });
    }
  }
}
