/** The lines that come to a log of calls, for whoever counts them. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { isFileError } from '../machine/files.ts';
import { isObject, parseJson } from '../machine/json.ts';
import type { CallRecord } from './call-log.ts';

export type CountedCall = Pick<CallRecord, 'verb' | 'ms' | 'code'>;

export interface NewCalls {
  /** Those that were written since the last look. A file that cannot be read has none. */
  look(): CountedCall[];
  close(): void;
}

const CHUNK = 64 * 1024;

interface Open {
  readonly file: number;
  readonly inode: number;
  /** Bytes. */
  at: number;
  /** Of a line that has not come whole. */
  rest: string;
}

/**
 * Begins with what is written from now on. The file is kept open: once another process has put it aside, its last lines are
 * still read, and then the file that has its name.
 */
export function newCalls(path: string): NewCalls {
  let open = opened(path, 'end');
  const close = () => {
    if (open !== undefined) closeSync(open.file);
    open = undefined;
  };
  return {
    close,
    look() {
      const lines: string[] = [];
      try {
        if (open !== undefined) lines.push(...linesOf(open));
        if (open?.inode !== statSync(path, { throwIfNoEntry: false })?.ino) {
          close();
          open = opened(path, 'begin');
          if (open !== undefined) lines.push(...linesOf(open));
        }
      } catch (error) {
        if (!isFileError(error)) throw error;
      }
      return lines.flatMap((line) => outcomeIn(line) ?? []);
    },
  };
}

function opened(path: string, from: 'begin' | 'end'): Open | undefined {
  try {
    const file = openSync(path, 'r');
    const { ino, size } = fstatSync(file);
    return { file, inode: ino, at: from === 'end' ? size : 0, rest: '' };
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}

function linesOf(open: Open): string[] {
  const chunk = new Uint8Array(CHUNK);
  const decoder = new TextDecoder();
  let text = open.rest;
  for (;;) {
    const length = readSync(open.file, chunk, 0, CHUNK, open.at);
    if (length === 0) break;
    open.at += length;
    text += decoder.decode(chunk.subarray(0, length), { stream: true });
  }
  const lines = text.split('\n');
  open.rest = lines.pop() ?? '';
  return lines;
}

function outcomeIn(line: string): CountedCall | undefined {
  const record = parseJson(line);
  if (!isObject(record) || typeof record.verb !== 'string' || typeof record.ms !== 'number') return undefined;
  const { verb, ms, code } = record;
  return { verb, ms, ...(typeof code === 'number' ? { code } : {}) };
}
