/** The few operations on files beside the journal. They are a port so that tests can be the disk. */
import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { randomHex } from './random.ts';

export interface Files {
  /** The file's text, or undefined where there is no such file. */
  read(path: string): string | undefined;
  /** Opens a file that must not exist yet, 0600; missing directories come to be, 0700. */
  create(path: string): number;
  /** Replaces the whole content of a file that `create` opened. */
  write(file: number, text: string): void;
  close(file: number): void;
  /** Another name for a file. False where `to` exists already: that is how one of several processes wins. */
  link(from: string, to: string): boolean;
  /** Replaces `to`, if there is one, in one step. */
  rename(from: string, to: string): void;
  /** Of a directory: nothing happens where there is no `from`, or something is in `to` already. */
  move(from: string, to: string): void;
  /** Removing what is not there is done already. */
  remove(path: string): void;
  /** Names in a directory; none where there is no such directory, or something else than one. */
  list(directory: string): string[];
  /** Bytes, or undefined where there is no such file. */
  size(path: string): number | undefined;
  /** `device:inode` of what the path leads to, or undefined where that is nothing. */
  identity(path: string): string | undefined;
  /** Milliseconds since 1970, or undefined where there is no such file. */
  modifiedAt(path: string): number | undefined;
}

export const isFileError = (error: unknown): error is NodeJS.ErrnoException & { code: string } =>
  error instanceof Error && isOfSystem(error as NodeJS.ErrnoException);

/** Of a path that is too long for any system call, Bun names none. */
const isOfSystem = ({ code, syscall }: NodeJS.ErrnoException): boolean =>
  code !== undefined && (syscall !== undefined || code === 'ENAMETOOLONG');

/** `otherwise` where the operation failed for exactly the reason `code`, or one of these. */
function unless<T, U>(code: string | readonly string[], otherwise: U, operation: () => T): T | U {
  try {
    return operation();
  } catch (error) {
    if (isFileError(error) && [code].flat().includes(error.code)) return otherwise;
    throw error;
  }
}

/** In which a file lies, by its name alone. */
export const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** `operation` again after making the directory of `path`, so that the usual case costs no look at the directory. */
function inDirectoryOf<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (!isFileError(error) || error.code !== 'ENOENT') throw error;
    mkdirSync(directoryOf(path), { recursive: true, mode: 0o700 });
    return operation();
  }
}

/** The error of an operation on a descriptor does not say of which file it is. */
function naming<T>(path: () => string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (isFileError(error)) error.path ??= path();
    throw error;
  }
}

export const nodeFiles: Files = {
  read: (path) =>
    unless(['ENOENT', 'ENOTDIR'], undefined, () =>
      naming(
        () => path,
        () => readFileSync(path, 'utf8'),
      ),
    ),
  create: (path) => inDirectoryOf(path, () => openSync(path, 'wx', 0o600)),
  write(file, text) {
    const bytes = new TextEncoder().encode(text);
    naming(
      () => readlinkSync(`/proc/self/fd/${file}`),
      () => {
        ftruncateSync(file, 0);
        for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, done);
      },
    );
  },
  close: closeSync,
  link: (from, to) =>
    unless('EEXIST', false, () => {
      linkSync(from, to);
      return true;
    }),
  rename: renameSync,
  move: (from, to) => unless(['ENOENT', 'ENOTEMPTY', 'EEXIST'], undefined, () => renameSync(from, to)),
  remove: (path) => unless('ENOENT', undefined, () => unlinkSync(path)),
  list: (directory) => unless(['ENOENT', 'ENOTDIR'], [], () => readdirSync(directory)),
  size: (path) => statSync(path, { throwIfNoEntry: false })?.size,
  identity(path) {
    try {
      // Without an error where there is none, as making one takes long.
      const found = statSync(path, { throwIfNoEntry: false });
      return found && `${found.dev}:${found.ino}`;
    } catch (error) {
      if (isFileError(error)) return undefined;
      throw error;
    }
  },
  modifiedAt: (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs,
};

const DRAFT_PREFIX = '.draft-';
/** A name in `directory` that nobody else has. */
export const draftIn = (directory: string): string => `${directory}/${DRAFT_PREFIX}${randomHex(8)}`;
/** Far longer than a draft needs: one that is older was left by a process that was killed. */
const DRAFT_LIFE_MS = 60_000;

/**
 * Writes `text` to `path` so that a reader sees the old text or the new one, never a part. `drafts` is a directory of the
 * same file system, which somebody sweeps.
 */
export function replaceFile(files: Files, path: string, text: string, drafts: string): void {
  const draft = draftIn(drafts);
  const file = files.create(draft);
  files.write(file, text);
  files.close(file);
  files.rename(draft, path);
}

/** Whether `directory` takes files. @throws the file error that says why not */
export function tryToWrite(files: Files, directory: string): void {
  const draft = `${directory}/${DRAFT_PREFIX}${randomHex(8)}`;
  const file = files.create(draft);
  files.write(file, draft);
  files.close(file);
  files.remove(draft);
}

/** Removes the drafts that killed processes left in `directory`. */
export function sweepDrafts(files: Files, directory: string, now: number): void {
  const drafts = files.list(directory).filter((name) => name.startsWith(DRAFT_PREFIX));
  for (const path of drafts.map((name) => `${directory}/${name}`)) {
    const modified = files.modifiedAt(path);
    // A time far ahead was written under another clock.
    if (modified !== undefined && Math.abs(now - modified) > DRAFT_LIFE_MS) files.remove(path);
  }
}
