/** Writes to a file descriptor. Not process.stdout: loading the streams takes as long as all the rest of `lessorctl help`. */
import { writeSync } from 'node:fs';
import process from 'node:process';

/** Milliseconds until whoever reads has made room, where whoever called has set the pipe so that it does not wait. */
const PAUSE = 5;

/** @param exitCode with which all ends where nobody reads on */
export function printTo(descriptor: 1 | 2, text: string, exitCode = 0): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Nobody reads what went wrong: the exit code still says that something did, and what is under way goes on.
      if (code === 'EPIPE' && descriptor === 2) return;
      // Whoever reads no further has what he wanted.
      if (code === 'EPIPE') process.exit(exitCode);
      if (code !== 'EAGAIN') process.exit(1);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}
