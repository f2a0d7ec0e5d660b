/**
 * A process that writes to logs as calls do: `log-writer.ts WRITER careful|careless ROUNDS LIMIT BEGIN DIRECTORY`, a few
 * lines to each of ROUNDS logs, at the moment at which all writers do. The careless one rotates without looking at what
 * it renames.
 */
import { appendFileSync, renameSync, statSync } from 'node:fs';
import { type CallRecord, logCall } from '../../../cni-shim/log/call-log.ts';

function logCarelessly(path: string, record: CallRecord, limit: number): void {
  appendFileSync(path, `${JSON.stringify(record)}\n`);
  try {
    if (statSync(path).size >= limit) renameSync(path, `${path}.1`);
  } catch {
    // Another one was faster.
  }
}

const LINES = 4;
/** Milliseconds. */
const ROUND = 4;

const [writer = '', how, rounds, limit, begin, directory] = process.argv.slice(2);
const log = how === 'careful' ? logCall : logCarelessly;
for (let round = 0; round < Number(rounds); round++) {
  // Spinning meets the moment better than any timer.
  while (Date.now() < Number(begin) + round * ROUND);
  for (let line = 0; line < LINES; line++)
    log(`${directory}/${round}.log`, { time: '', verb: `${writer}-${line}`, ms: 0, attempts: 0 }, Number(limit));
}
