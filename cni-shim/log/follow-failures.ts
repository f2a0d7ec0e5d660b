/** What fails from now on, as the plugin's log has it: each look reads only what came since the one before. */
import { type Files, isFileError } from '../machine/files.ts';
import { logFiles } from '../machine/layout.ts';
import { type FailedCall, failuresIn } from './failed-calls.ts';

/** Of one look: the latest. */
const MOST_FAILURES = 1_000;

type Readable = Pick<Files, 'read' | 'size' | 'identity'>;

/** @param path of the log, which need not be there yet, and has nothing where it cannot be read @returns a look */
export function followFailures(source: Readable, path: string): () => FailedCall[] {
  const files = readableOf(source);
  const { log, former } = logFiles(path);
  let file = files.identity(log);
  let size = files.size(log);
  /** Characters of whole lines. */
  let read = wholeLines(files.read(log)).length;
  const since = (from: string, at: number): string => wholeLines(files.read(from)).slice(at);
  return () => {
    const [now, length] = [files.identity(log), files.size(log)];
    if (now === file && length === size) return [];
    // It was put aside when it was full: the rest of it has another name.
    const rest = now !== file && file !== undefined && files.identity(former) === file ? since(former, read) : '';
    const added = since(log, now === file ? read : 0);
    read = (now === file ? read : 0) + added.length;
    [file, size] = [now, length];
    return failuresIn(`${rest}${added}`, MOST_FAILURES);
  };
}

const readableOf = ({ read, size, identity }: Readable): Readable => ({
  read: (path) => ifReadable(() => read(path)),
  size: (path) => ifReadable(() => size(path)),
  identity,
});

function ifReadable<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}

/** The last line may still be written. */
const wholeLines = (text = ''): string => text.slice(0, text.lastIndexOf('\n') + 1);
