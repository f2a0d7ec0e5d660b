import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logCall } from '../../../cni-shim/log/call-log.ts';
import { type NewCalls, newCalls } from '../../../cni-shim/log/new-calls.ts';

const record = (ms: number, code?: number) => ({
  time: '2026-11-29T05:00:00.000Z',
  verb: 'ADD',
  ms,
  attempts: 1,
  ...(code === undefined ? {} : { code, msg: 'lessor: no' }),
});

describe('who follows the log of calls', () => {
  let directory: string;
  let path: string;
  let calls: NewCalls;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lessor-test-'));
    path = join(directory, 'lessor.log');
  });
  afterEach(() => {
    calls.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const times = () => calls.look().map(({ ms }) => ms);

  it('is told of each call once, and of none that was before', () => {
    logCall(path, record(1));
    calls = newCalls(path);
    expect(times()).toEqual([]);
    logCall(path, record(2));
    logCall(path, record(3, 101));
    expect(calls.look()).toEqual([
      { verb: 'ADD', ms: 2 },
      { verb: 'ADD', ms: 3, code: 101 },
    ]);
    expect(times()).toEqual([]);
  });

  it('waits for a log that is not there yet', () => {
    calls = newCalls(path);
    expect(times()).toEqual([]);
    logCall(path, record(1));
    expect(times()).toEqual([1]);
  });

  it('loses none when the log is put aside and begun again', () => {
    logCall(path, record(1));
    calls = newCalls(path);
    logCall(path, record(2));
    expect(times()).toEqual([2]);
    logCall(path, record(3));
    // As full as it may be: this call puts it aside.
    logCall(path, record(4), 1);
    logCall(path, record(5));
    expect(times()).toEqual([3, 4, 5]);
  });

  it('takes a line only once it is whole, and no foreign one', () => {
    calls = newCalls(path);
    const line = JSON.stringify(record(1));
    writeFileSync(path, `\n[]\n{"verb":7,"ms":1}\nnot JSON\n${line.slice(0, 20)}`);
    expect(times()).toEqual([]);
    appendFileSync(path, `${line.slice(20)}\n`);
    expect(times()).toEqual([1]);
  });

  it('reads more than one chunk, with letters of several bytes across its edge', () => {
    calls = newCalls(path);
    for (let number = 0; number < 200; number++) logCall(path, { ...record(number, 7), msg: '’'.repeat(999) });
    expect(times()).toEqual(Array.from({ length: 200 }, (_, number) => number));
  });

  it('of what cannot be read is told nothing', () => {
    writeFileSync(path, '');
    calls = newCalls(join(path, 'below-a-file'));
    expect(times()).toEqual([]);
  });
});
