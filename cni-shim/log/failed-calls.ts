/** What the plugin's log has of calls that failed. */

import type { Files } from '../machine/files.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { logFiles } from '../machine/layout.ts';
import type { CallRecord } from './call-log.ts';

export type FailedCall = CallRecord & { readonly code: number; readonly msg: string };

/** The last `most` of them, the latest last; of the file and of the one that was put aside before it. */
export function failedCalls(files: Pick<Files, 'read'>, path: string, most: number): FailedCall[] {
  const found: FailedCall[] = [];
  const { log, former } = logFiles(path);
  for (const file of [log, former]) {
    const lines = (files.read(file) ?? '').split('\n').reverse();
    for (const line of lines) {
      if (found.length === most) return found.reverse();
      // Most calls succeed: parsing each of them would take long.
      const record = line.includes('"code":') ? parseJson(line) : undefined;
      if (isFailure(record)) found.push(record);
    }
  }
  return found.reverse();
}

const isFailure = (record: unknown): record is FailedCall =>
  isObject(record) &&
  typeof record.time === 'string' &&
  typeof record.verb === 'string' &&
  typeof record.code === 'number' &&
  typeof record.msg === 'string';
