/**
 * What names a journal: made once, lost with the entries, among which it lies. Blocks of nodes are claimed for one journal,
 * since what was leased in them may be written in that one only; and what no entry of this journal explains has no reason.
 */
import { isId } from '../../core/contract/limits.ts';
import { draftIn, type Files, replaceFile } from '../machine/files.ts';
import { inNetwork } from '../machine/layout.ts';
import { randomHex } from '../machine/random.ts';

/** 16 hex digits, or undefined where there is no journal yet. */
export function knownJournalIn(files: Files, directory: string): string | undefined {
  const there = files.read(inNetwork(directory).journalId);
  return there !== undefined && isId(there) ? there : undefined;
}

/** 16 hex digits. */
export function journalIn(files: Files, directory: string): string {
  const { journalId: path, slots } = inNetwork(directory);
  const there = files.read(path);
  if (there !== undefined && isId(there)) return there;
  const made = randomHex(8);
  // Cut off by a power failure: whoever else repairs it at this moment may win, so the file is read again.
  if (there !== undefined) replaceFile(files, path, made, slots);
  else {
    const draft = draftIn(slots);
    const file = files.create(draft);
    files.write(file, made);
    files.close(file);
    files.link(draft, path);
    files.remove(draft);
  }
  return files.read(path) ?? made;
}
