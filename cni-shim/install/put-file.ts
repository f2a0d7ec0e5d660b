/** Puts files on a host so that nobody ever sees a part of one, and takes them away. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { LessorError } from '../../core/contract/problems.ts';
import { isFileError } from '../machine/files.ts';
import { randomHex } from '../machine/random.ts';
import { refusal } from '../machine/refusal.ts';

export type Outcome = 'created' | 'replaced' | 'unchanged' | 'removed' | 'absent';

export interface Putting {
  readonly mode: number;
  /** Only says what would become of it. */
  readonly dryRun: boolean;
}

interface Content {
  isThere(path: string): boolean;
  writeTo(path: string): void;
  /** Before it gets its name. @throws LessorError */
  verify?(path: string): void;
}

/** @throws LessorError `node.storage` */
export const putText = (path: string, text: string, putting: Putting): Outcome =>
  put(path, putting, {
    isThere: () => readFileSync(path, 'utf8') === text,
    writeTo: (draft) => writeFileSync(draft, text),
  });

/** @throws LessorError `node.storage`, or what `verify` throws */
export const putCopy = (from: string, path: string, putting: Putting, verify: (path: string) => void): Outcome =>
  put(path, putting, {
    isThere: () => haveSameContent(from, path),
    writeTo: (draft) => copyFileSync(from, draft),
    verify,
  });

function put(path: string, { mode, dryRun }: Putting, content: Content): Outcome {
  return storing(path, () => {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there !== undefined && (there.mode & 0o777) === mode && content.isThere(path)) return 'unchanged';
    const outcome = there === undefined ? 'created' : 'replaced';
    if (dryRun) return outcome;
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    removeDrafts(path);
    // In the same directory: rename(2) is atomic within one file system only. No runtime takes it for a configuration.
    const draft = join(dirname(path), `${draftPrefix(path)}${randomHex(8)}`);
    try {
      content.writeTo(draft);
      chmodSync(draft, mode);
      sync(draft);
      content.verify?.(draft);
      renameSync(draft, path);
    } finally {
      rmSync(draft, { force: true });
    }
    sync(dirname(path));
    return outcome;
  });
}

/** One that is there stays as it is; else 0700. @throws LessorError `node.storage` */
export const putDirectory = (path: string, { dryRun }: Pick<Putting, 'dryRun'>): Outcome =>
  storing(path, () => {
    if (isDirectory(path)) return 'unchanged';
    if (dryRun) return 'created';
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return 'created';
  });

/** @throws LessorError `node.storage` */
export function remove(path: string, { dryRun }: Pick<Putting, 'dryRun'>): Outcome {
  return storing(path, () => {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return 'absent';
    if (dryRun) return 'removed';
    rmSync(path, { recursive: true });
    sync(dirname(path));
    return 'removed';
  });
}

/** What is read before anything is changed. @throws LessorError `node.storage` */
export const readIfThere = (path: string): string | undefined =>
  storing(path, () =>
    statSync(path, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(path, 'utf8'),
  );

export const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Whether nothing is in it but what is `known`. */
export const hasNothingBut = (path: string, known: readonly string[]): boolean =>
  isDirectory(path) && storing(path, () => readdirSync(path).every((name) => known.includes(name)));

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

const draftPrefix = (path: string) => `.${basename(path)}.new-`;
const DRAFT_LIFE_MS = 10 * 60_000;

/** Left by an installation that was killed: an executable is large. */
function removeDrafts(path: string): void {
  for (const name of readdirSync(dirname(path)).filter((one) => one.startsWith(draftPrefix(path)))) {
    const draft = join(dirname(path), name);
    const made = statSync(draft, { throwIfNoEntry: false })?.mtimeMs;
    if (made !== undefined && Date.now() - made > DRAFT_LIFE_MS) rmSync(draft, { force: true });
  }
}

const CHUNK = 1 << 20;

/** Piece by piece: the whole would not fit into the memory that a container of the agent has. */
function haveSameContent(a: string, b: string): boolean {
  if (statSync(a).size !== statSync(b).size) return false;
  const [one, other] = [openSync(a, 'r'), openSync(b, 'r')];
  try {
    const [left, right] = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)];
    for (;;) {
      const [read, readToo] = [readSync(one, left), readSync(other, right)];
      if (read !== readToo || !left.subarray(0, read).equals(right.subarray(0, read))) return false;
      if (read === 0) return true;
    }
  } finally {
    closeSync(one);
    closeSync(other);
  }
}

const remedies: Readonly<Record<string, string>> = {
  // Root without CAP_DAC_OVERRIDE, as in the chart's pod, meets it where a directory is another user's.
  EACCES: process.getuid?.() === 0 ? 'give that directory to root: chown root' : 'run it as root',
  EPERM: 'run it as root',
  EROFS: 'the file system is read-only: mount it writable, or name another directory',
  ENOSPC: 'the disk is full: free some space',
  ENOTDIR: 'a file stands where a directory is needed: move it away',
};

function storing<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw isFileError(error) ? notStored(path, error) : error;
  }
}

function notStored(path: string, error: NodeJS.ErrnoException): LessorError {
  const code = error.code ?? 'unknown';
  const what = `${path} cannot be read or written (${error.syscall ?? 'access'}: ${code})`;
  return refusal('node.storage', what, remedies[code] ?? 'look at that directory', error);
}
