/**
 * One line of JSON for each call in a file of the node. It is there for people who ask what happened; no call fails, and
 * none waits, because of it. A file that has grown to its limit gets the name `<file>.1` and the next call begins another
 * one, so that there are two at most.
 */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
import type { Pod } from '../../core/contract/ids.ts';
import type { ProblemCode } from '../../core/contract/problems.ts';
import { isFileError } from '../machine/files.ts';
import { logFiles } from '../machine/layout.ts';

export interface CallRecord {
  /** RFC 3339: when the plugin began. */
  readonly time: string;
  readonly verb: string;
  readonly network?: string;
  readonly container?: string;
  readonly ifname?: string;
  readonly pod?: Pod;
  /** With their prefix lengths: what an ADD gave, what a DEL found in the journal. */
  readonly addresses?: readonly string[];
  /** Milliseconds until the answer was there. */
  readonly ms: number;
  /** Requests that were sent to the API, repeats included. */
  readonly attempts: number;
  /** The node decided by itself, since the API could not be reached: the service is told later. */
  readonly local?: boolean;
  readonly note?: string;
  /** Of the last answer that had one. */
  readonly requestId?: string;
  /** Of the CNI error that was printed. */
  readonly code?: number;
  readonly msg?: string;
  /** Which problem it is, where it is one of Lessor's: a CNI code is that of several. */
  readonly problem?: ProblemCode;
  readonly trace?: string;
}

/** Bytes. */
const LIMIT = 5 * 1024 * 1024;
/** Errors may quote what others wrote. */
const LONGEST_TEXT = 1000;
/** Far longer than two file operations take: whoever made it was killed. */
const LOCK_LIFE_MS = 60_000;

/** Appends one line. Never throws. @param limit bytes from which on the file is put aside */
export function logCall(path: string, record: CallRecord, limit = LIMIT): void {
  try {
    const { msg } = record;
    const whole = msg === undefined || msg.length <= LONGEST_TEXT;
    const line = JSON.stringify(whole ? record : { ...record, msg: `${msg.slice(0, LONGEST_TEXT)}…` });
    const file = openLog(path);
    try {
      // One write(2) with O_APPEND: lines of processes that write at once do not mix.
      writeSync(file, `${line}\n`);
      const { size, ino } = fstatSync(file);
      if (size >= limit) rotate(path, ino);
    } finally {
      closeSync(file);
    }
  } catch {
    // A disk that is full or read-only: the call itself has its answer.
  }
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    if (!isFileError(error) || error.code !== 'ENOENT') throw error;
    mkdirSync(path.slice(0, path.lastIndexOf('/')) || '/', { recursive: true, mode: 0o700 });
    return openSync(path, 'a', 0o600);
  }
}

/**
 * Puts the file aside that this process found full. Others may have found the same one full: whoever comes late must not
 * put the new file aside instead of the full one, so one at a time looks which file has the name.
 */
function rotate(path: string, full: number): void {
  const { former, lock } = logFiles(path);
  if (!take(lock)) return;
  try {
    if (statSync(path).ino === full) renameSync(path, former);
  } finally {
    unlinkSync(lock);
  }
}

/** False where another process is at it: then there is nothing to do. */
function take(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (error) {
    if (!isFileError(error) || error.code !== 'EEXIST') throw error;
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    // The next call finds the file full as well.
    if (made !== undefined && Math.abs(Date.now() - made) > LOCK_LIFE_MS) unlinkSync(lock);
    return false;
  }
}
