/**
 * What the service is still to be told of one network:
 *
 *     reports/<nonce>                      the attachment lives with a slot of its node's block (`local` in its entry), of
 *                                          which the service does not know yet
 *     releases/<nonce>                     an entry whose container is gone and whose lease is still to be released
 *     leaving/<nonce>                      on its way there
 *
 * A process may be killed between any two steps. A report's name comes before the entry says `local`: a report without such
 * an entry is removed. An entry goes to `releases` by rename(2), so it has one name or the other, and its slots keep their
 * names meanwhile: no other container here gets them before the service has released them.
 */
import type { SlotReference } from '../../core/contract/ids.ts';
import { type Files, hasDraftAbout, nameFile, replaceFile } from '../machine/files.ts';
import type { Journal } from './journal.ts';
import { type JournalEntry, journalFiles, type LocalLease, sameSlot, slotsOf } from './journal-entry.ts';

export interface Outbox {
  /**
   * The container lives with a slot that the service did not confirm. False where its entry is not there any more, or the
   * slot is another's: then it may not.
   */
  liveWith(entry: JournalEntry, local: LocalLease): boolean;
  /** Entries that live with a slot of which the service was not told yet. */
  toReport(): JournalEntry[];
  /** Whether the service knows of the slot with which the entry's container lives. */
  isReported(entry: JournalEntry): boolean;
  reported(entry: JournalEntry): void;
  /** The service is about to be asked to release it. */
  end(found: JournalEntry): void;
  /** The container is gone. Nobody adds the attachment at the same time: the runtime keeps ADD and DEL apart. */
  retire(found: JournalEntry): void;
  /** The same by somebody of whom the runtime does not know: false where the attachment was added again meanwhile. */
  retireUnlessAdded(found: JournalEntry): boolean;
  toRelease(): JournalEntry[];
  /** Whether there is an entry of that nonce, or one that was only taken away to be judged and may come back. */
  mayLive(entry: Pick<JournalEntry, 'attachment' | 'nonce'>): boolean;
  /** The service has released it. */
  released(entry: JournalEntry, slots: readonly SlotReference[]): void;
}

/** `directory` is the network's own. */
export function openOutbox(files: Files, directory: string, journal: Journal): Outbox {
  const paths = journalFiles(files, directory);
  const { leaving, attachmentPath, reportPath, leavingPath, releasePath, slotPath, read, readAll } = paths;

  function liveWith(entry: JournalEntry, local: LocalLease): boolean {
    const current = journal.find(entry.attachment);
    if (current?.nonce !== entry.nonce || current.ended === true) return false;
    if (read(slotPath(local.slot))?.nonce !== entry.nonce) return false;
    // Where names were lost and entries were not, the name alone says too little.
    const others = [...journal.entries(), ...readAll(paths.releases)].filter(({ nonce }) => nonce !== entry.nonce);
    if (others.some((other) => slotsOf(other).some((slot) => sameSlot(slot, local.slot)))) return false;
    const text = JSON.stringify({ ...entry, attempts: Math.max(entry.attempts, current.attempts), local });
    replaceFile(files, reportPath(entry.nonce), text, journal.drafts);
    replaceFile(files, attachmentPath(entry.attachment), text, journal.drafts);
    return true;
  }

  // In this order: a draft becomes the entry, and so does what comes back.
  const mayLive: Outbox['mayLive'] = ({ attachment, nonce }) =>
    hasDraftAbout(files, journal.drafts, nonce) ||
    files.exists(leavingPath(nonce)) ||
    journal.find(attachment)?.nonce === nonce;

  function toReport(): JournalEntry[] {
    return readAll(paths.reports).flatMap((report) => {
      const entry = journal.find(report.attachment);
      if (entry?.nonce === report.nonce && entry.local !== undefined) return entry;
      // Not where its ADD is between its two steps.
      if (!mayLive(report)) files.remove(reportPath(report.nonce));
      return [];
    });
  }

  /** A report that was left behind belongs to an entry that is not there any more. */
  function retired({ nonce, local }: JournalEntry): void {
    if (local !== undefined) files.remove(reportPath(nonce));
  }

  function retireUnlessAdded(found: JournalEntry): boolean {
    const away = leavingPath(found.nonce);
    if (journal.find(found.attachment)?.nonce !== found.nonce) return false;
    return files.move(attachmentPath(found.attachment), away) && judgeLeaving(away, found);
  }

  /** What was taken away is looked at only now: until then an ADD may have replaced it. */
  function judgeLeaving(away: string, judged: JournalEntry | undefined): boolean {
    const moved = read(away);
    if (moved === undefined) return false;
    const same = judged !== undefined && JSON.stringify(moved) === JSON.stringify(judged);
    const back = !same && nameFile(files, attachmentPath(moved.attachment), JSON.stringify(moved), journal.drafts);
    // Superseded by an ADD of another nonce, it is nobody's as well; one that adopted it lives with it.
    if (back || journal.find(moved.attachment)?.nonce === moved.nonce) {
      files.remove(away);
      return false;
    }
    if (!files.move(away, releasePath(moved.nonce))) return false;
    retired(moved);
    return same;
  }

  /** An ADD may have adopted the entry while it was taken away, or be about to (`adopt` in journal.ts). */
  function isNobodys({ attachment, nonce }: JournalEntry): boolean {
    // In this order: the draft becomes the entry.
    if (hasDraftAbout(files, journal.drafts, nonce)) return false;
    const living = journal.find(attachment);
    if (living?.nonce !== nonce) return true;
    // Its report went with what was retired.
    if (living.local !== undefined) replaceFile(files, reportPath(nonce), JSON.stringify(living), journal.drafts);
    files.remove(releasePath(nonce));
    return false;
  }

  return {
    liveWith,
    toReport,
    isReported: ({ nonce, local }) => local === undefined || !files.exists(reportPath(nonce)),
    reported: ({ nonce }) => files.remove(reportPath(nonce)),
    end(found) {
      const current = journal.find(found.attachment);
      if (current?.nonce !== found.nonce || current.ended === true) return;
      const text = JSON.stringify({ ...current, ended: true } satisfies JournalEntry);
      replaceFile(files, attachmentPath(found.attachment), text, journal.drafts);
    },
    retire(found) {
      files.move(attachmentPath(found.attachment), releasePath(found.nonce));
      retired(found);
    },
    retireUnlessAdded,
    toRelease() {
      // Left by a process that was killed: whoever judged it has to judge it again.
      for (const name of files.list(leaving)) judgeLeaving(`${leaving}/${name}`, undefined);
      return readAll(paths.releases).filter(isNobodys);
    },
    mayLive,
    released(entry, slots) {
      journal.releaseSlotNames(entry, slots);
      files.remove(releasePath(entry.nonce));
    },
  };
}
