/**
 * What the service is still to be told: leases that containers live with since it could not be reached (`local` in their
 * entries, until they are reported), and leases whose containers are gone (a row of their own, until they are released).
 */

import { entriesIn, ownerOf, readEntry, retire, writeEntry } from './journal.ts';
import type { JournalEntry, LocalLease } from './journal-entry.ts';
import type { NodeDatabase } from './node-database.ts';

export interface Outbox {
  /**
   * The container lives with a slot that the service did not confirm. Undefined where its entry is not there any more, or the
   * slot is another's: then it may not.
   * @param lease what the entry's slot comes to, looked at in the same step: the block may be given back at any moment (I3)
   * @param wasAsked whether the service was asked under this entry
   */
  liveWith(entry: JournalEntry, lease: () => LocalLease | undefined, wasAsked: boolean): LocalLease | undefined;
  /** Entries that live with a slot of which the service was not told yet. */
  toReport(): JournalEntry[];
  /** Whether the service knows of the slot with which the entry's container lives. */
  isReported(entry: JournalEntry): boolean;
  reported(entry: JournalEntry): void;
  /**
   * A report is about to be sent under its nonce: from now on something may be held by it. False where the entry is not there
   * any more, neither as a lease nor as a release: then nothing may be sent.
   */
  asking(entry: JournalEntry): boolean;
  /**
   * The service is about to be asked to release it. False where another process removed the entry meanwhile, and sees to its
   * release: then nothing may be sent.
   */
  end(found: JournalEntry): boolean;
  /** The container is gone. Nobody adds the attachment at the same time: the runtime keeps ADD and DEL apart. */
  retire(found: JournalEntry): void;
  /** The same by somebody of whom the runtime does not know: false where the attachment was added again meanwhile. */
  retireUnlessAdded(found: JournalEntry): boolean;
  toRelease(): JournalEntry[];
  /** The service has released it. */
  released(entry: JournalEntry): void;
}

export function openOutbox(database: NodeDatabase): Outbox {
  const current = ({ attachment, nonce }: JournalEntry): JournalEntry | undefined => {
    const entry = database.read((reading) => readEntry(reading, attachment));
    return entry?.nonce === nonce ? entry : undefined;
  };
  return {
    liveWith: (entry, lease, wasAsked) =>
      database.transaction((writing) => {
        const there = current(entry);
        if (there === undefined || there.ended === true) return undefined;
        const local = lease();
        if (local === undefined || ownerOf(writing, local.slot) !== entry.nonce) return undefined;
        const attempts = Math.max(entry.attempts, there.attempts);
        // A second ADD of the attachment goes on with the same nonce, and counts.
        const unasked = wasAsked || attempts > 1 ? {} : ({ unasked: true } as const);
        writeEntry(writing, { ...entry, attempts, local, ...unasked });
        return local;
      }),
    toReport: () =>
      database
        .read((reading) => entriesIn(reading, 'lease'))
        .filter(({ local, reported }) => local !== undefined && reported !== true),
    isReported: (entry) => entry.local === undefined || current(entry)?.reported === true,
    reported: (entry) =>
      database.transaction((writing) => {
        const there = current(entry);
        if (there !== undefined) writeEntry(writing, { ...there, reported: true });
      }),
    asking: (entry) => asking(database, entry),
    end: (found) =>
      database.transaction((writing) => {
        const there = current(found);
        if (there === undefined) return false;
        writeEntry(writing, { ...asked(there), ended: true });
        return true;
      }),
    retire: (found) =>
      database.transaction((writing) => {
        const there = current(found);
        if (there !== undefined) retire(writing, there);
      }),
    retireUnlessAdded: (found) =>
      database.transaction((writing) => {
        const there = current(found);
        if (there === undefined || JSON.stringify(there) !== JSON.stringify(found)) return false;
        // Nobody noted that its slot cools, so it is not for the next ADD.
        retire(writing, asked(there));
        return true;
      }),
    toRelease: () => database.read((reading) => entriesIn(reading, 'outbox')),
    released: ({ nonce }) =>
      database.transaction(({ run }) => {
        run('DELETE FROM slot WHERE nonce = ?', nonce);
        run('DELETE FROM outbox WHERE nonce = ?', nonce);
      }),
  };
}

function asking(database: NodeDatabase, { nonce, unasked }: JournalEntry): boolean {
  // Who lost the mark never has it again.
  if (unasked === undefined) return true;
  return database.transaction((writing) =>
    ['lease', 'outbox'].some((table) => {
      const [entry] = entriesIn(writing, `${table} WHERE nonce = ?`, nonce);
      if (entry === undefined) return false;
      writing.run(`UPDATE ${table} SET entry = ? WHERE nonce = ?`, JSON.stringify(asked(entry)), nonce);
      return true;
    }),
  );
}

function asked(entry: JournalEntry): JournalEntry {
  const { unasked: _, ...rest } = entry;
  return rest;
}
