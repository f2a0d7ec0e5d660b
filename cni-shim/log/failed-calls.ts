/** What the plugin's log has of calls that failed. */

import type { Files } from '../machine/files.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { logFiles } from '../machine/layout.ts';
import type { CallRecord } from './call-log.ts';

export type FailedCall = CallRecord & { readonly code: number; readonly msg: string };

/** The last `most` of them, the latest last; of the file and of the one that was put aside before it. */
export function failedCalls(files: Pick<Files, 'read'>, path: string, most: number): FailedCall[] {
  const { log, former } = logFiles(path);
  const latest = failuresIn(files.read(log) ?? '', most);
  const older = latest.length === most ? [] : failuresIn(files.read(former) ?? '', most - latest.length);
  return [...older, ...latest];
}

/** The last `most` of the lines of a log, the latest last. */
export function failuresIn(text: string, most: number): FailedCall[] {
  const found: FailedCall[] = [];
  for (const line of text.split('\n').reverse()) {
    if (found.length === most) break;
    // Most calls succeed: parsing each of them would take long.
    const record = line.includes('"code":') ? parseJson(line) : undefined;
    if (isFailure(record)) found.push(record);
  }
  return found.reverse();
}

const isFailure = (record: unknown): record is FailedCall =>
  isObject(record) &&
  typeof record.time === 'string' &&
  typeof record.verb === 'string' &&
  typeof record.code === 'number' &&
  typeof record.msg === 'string';
