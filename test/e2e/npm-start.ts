/** `npm start` as a child of the test, in a temporary directory of its own, and what it leaves behind. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when it has written such a thing. @throws Error with what it wrote, where it ends before */
  appears(pattern: RegExp): Promise<RegExpExecArray>;
}

export interface StartOptions extends Pick<SpawnOptions, 'uid' | 'gid'> {
  /** Over those of the test; undefined: none of this name. */
  readonly environment?: NodeJS.ProcessEnv;
}

export interface Place {
  /** Its TMPDIR. */
  readonly temporary: string;
  npmStart(words: readonly string[], options?: StartOptions): Started;
  run(file: string, words: readonly string[], options?: StartOptions): Started;
  leftBehind(): LeftBehind;
  /** What was killed may take a moment to be gone. */
  isLeft(expected: Partial<LeftBehind>): Promise<void>;
  remove(): void;
}

export interface LeftBehind {
  readonly files: readonly string[];
  readonly namespaces: readonly string[];
  /** Command lines. */
  readonly processes: readonly string[];
}

export const nothing: LeftBehind = { files: [], namespaces: [], processes: [] };

export function openPlace(): Place {
  const temporary = mkdtempSync(join(tmpdir(), 'start-'));
  // Whoever the test starts it as.
  chmodSync(temporary, 0o777);
  const run = (file: string, words: readonly string[], { environment = {}, ...owner }: StartOptions = {}): Started => {
    const env = { ...process.env, NO_COLOR: '1', TMPDIR: temporary, ...environment };
    return observed(spawn(file, [...words], { cwd: root, env, detached: true, ...owner }));
  };
  const leftBehind = (): LeftBehind => ({
    files: readdirSync(temporary).filter((name) => name.startsWith('lessor-')),
    namespaces:
      (spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout ?? '').match(/^lessor-run-\S+/gm) ?? [],
    processes: processesOf(temporary),
  });
  return {
    temporary,
    run,
    leftBehind,
    isLeft: (expected) =>
      vi.waitFor(() => expect(leftBehind()).toMatchObject(expected), { timeout: 10_000, interval: 100 }),
    npmStart: (words, options) => run('npm', ['start', '--silent', '--', ...words], options),
    remove: () => rmSync(temporary, { recursive: true, force: true }),
  };
}

/** Command lines of all that inherited the temporary directory: DynamoDB Local, its guard, the nodes' relays. */
function processesOf(temporary: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const inherited = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`TMPDIR=${temporary}`);
        return inherited ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')] : [];
      } catch {
        // It has ended meanwhile, or is another user's.
        return [];
      }
    });
}

function observed(child: ChildProcess): Started {
  const read = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
      read[stream] += chunk;
    });
  }
  const ended = new Promise<Ended>((done) => child.once('close', (status) => done({ status, ...read })));
  const appears = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((done, failed) => {
      const look = () => {
        const found = pattern.exec(`${read.stdout}\n${read.stderr}`);
        if (found) done(found);
      };
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', look);
      look();
      ended.then(({ stdout, stderr }) =>
        failed(new Error(`it ended before ${pattern} was seen:\n${stdout}\n${stderr}`)),
      );
    });
  return { child, ended, appears };
}

/** Kills what npm runs, at once, and nothing else: it cannot clean up, nor is anything else told. */
export function killAlone({ child: { pid } }: Started): void {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  for (const own of stdout.trim().split('\n')) process.kill(Number(own), 'SIGKILL');
}

/** As a terminal does it: every process of the group gets the signal. */
export function interrupt({ child: { pid } }: Started, signal: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(-pid, signal);
}
