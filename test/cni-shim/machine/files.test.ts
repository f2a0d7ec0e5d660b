import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeFiles, replaceFile, sweepDrafts } from '../../../cni-shim/machine/files.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lessor-files-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a file that cannot be read or written', () => {
  test('is named where a directory stands in its place', () => {
    expect(() => nodeFiles.read(directory)).toThrow(expect.objectContaining({ code: 'EISDIR', path: directory }));
  });

  test('is named in the error, though only its descriptor was written to', () => {
    const device = openSync('/dev/full', 'w');
    try {
      expect(() => nodeFiles.write(device, 'x')).toThrow(expect.objectContaining({ path: '/dev/full' }));
    } finally {
      closeSync(device);
    }
  });
});

describe('a directory that is moved', () => {
  test('takes its files with it, once', () => {
    const [from, to] = [join(directory, 'from'), join(directory, 'to')];
    mkdirSync(from);
    writeFileSync(join(from, 'file'), 'first');
    nodeFiles.move(from, to);
    nodeFiles.move(from, to);
    mkdirSync(from);
    writeFileSync(join(from, 'file'), 'second');
    nodeFiles.move(from, to);
    expect([nodeFiles.read(join(to, 'file')), nodeFiles.read(join(from, 'file'))]).toEqual(['first', 'second']);
  });
});

describe('a file that is replaced', () => {
  test('leaves no draft, and what killed processes left is swept once it is old', () => {
    const path = join(directory, 'file');
    for (const text of ['old', 'new']) replaceFile(nodeFiles, path, text, directory);
    expect([readdirSync(directory), nodeFiles.read(path)]).toEqual([['file'], 'new']);
    for (const [name, at] of [
      ['.draft-1', 0],
      ['.draft-2', 61],
    ] as const) {
      writeFileSync(join(directory, name), '');
      utimesSync(join(directory, name), at, at);
    }
    sweepDrafts(nodeFiles, directory, 61_000);
    expect(readdirSync(directory).sort()).toEqual(['.draft-2', 'file']);
  });
});
