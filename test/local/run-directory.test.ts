import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isAbandoned, nameOfRun, openRunDirectory } from '../../local/run-directory.ts';

let files: string;

beforeEach(() => {
  files = mkdtempSync(join(tmpdir(), 'run-directory-'));
  vi.stubEnv('TMPDIR', files);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(files, { recursive: true });
});

/** A process id that nobody has any more. */
const ended = (): number => spawnSync(process.execPath, ['--version']).pid;

/** Something as a run leaves it that was killed. */
function left(name: string): string {
  const path = join(files, name);
  mkdirSync(path, { mode: 0o700 });
  writeFileSync(join(path, 'credentials'), 'secret');
  return path;
}

describe('a directory of a run', () => {
  it('is its owner’s only, and gone when it is removed', () => {
    const { path, remove } = openRunDirectory('stack');
    expect(path).toContain(join(files, `lessor-run-${process.pid}-stack-`));
    expect(statSync(path).mode & 0o777).toBe(0o700);
    remove();
    remove();
    expect(existsSync(path)).toBe(false);
  });

  it('is removed by the next run, where its own was killed', () => {
    const abandoned = left(`lessor-run-${ended()}-stack-AbCdEf`);
    openRunDirectory('demo').remove();
    expect(existsSync(abandoned)).toBe(false);
  });

  it('is left to a run that lives, as is whatever is called otherwise', () => {
    const gone = ended();
    const kept = [
      `lessor-run-${process.ppid}-stack-AbCdEf`,
      `lessor-${gone.toString(36)}-AbCdEf`,
      `lessor-plugin-AbCdEf`,
      `my-lessor-run-${gone}-x`,
      `lessor-run-${gone}`,
    ].map(left);
    // Process 1 is somebody else's for all but root.
    kept.push(left('lessor-run-1-stack-AbCdEf'));
    openRunDirectory('demo').remove();
    expect(kept.filter((path) => !existsSync(path))).toEqual([]);
  });
});

describe('a name', () => {
  it('is abandoned once its process has ended', () => {
    expect(isAbandoned(nameOfRun('node-a'))).toBe(false);
    expect(isAbandoned(`lessor-run-${ended()}-node-a`)).toBe(true);
    expect(isAbandoned('cni-0123')).toBe(false);
  });
});
