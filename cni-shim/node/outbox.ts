/**
 * What the service is still to be told: leases that containers live with since it could not be reached (`local` in their
 * entries, until they are reported), and leases whose containers are gone (a row of their own, until they are released).
 */

import { entriesIn, livingWith, ownerOf, readEntry, retire, writeEntry } from './journal.ts';
import type { JournalEntry, LocalLease } from './journal-entry.ts';
import type { NodeDatabase, Writing } from './node-database.ts';

/** What the service was not told yet. */
export interface Behind {
  readonly count: number;
  /** Milliseconds since 1970: of the oldest of it; undefined where nothing is known of that. */
  readonly since: number | undefined;
}

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
  /**
   * Notes that it was told so. False where neither a lease nor a release has the entry any more.
   * @param incarnation the node's life in which the service holds it
   */
  reported(entry: JournalEntry, incarnation?: number): boolean;
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
  /**
   * The container is gone. Nobody adds the attachment at the same time: the runtime keeps ADD and DEL apart.
   * @param at milliseconds since 1970
   */
  retire(found: JournalEntry, at?: number): void;
  /** The same by somebody of whom the runtime does not know: false where the attachment was added again meanwhile. */
  retireUnlessAdded(found: JournalEntry): boolean;
  toRelease(): JournalEntry[];
  behind(): Behind;
  /** The service has released it. */
  released(entry: JournalEntry): void;
}

/** Without reading the entries: it is looked at again and again. */
const BEHIND = `SELECT count(*) AS count, min(at) AS since FROM (
  SELECT coalesce(
    CASE WHEN json_extract(entry, '$.reported') IS NULL THEN json_extract(entry, '$.local.at') END,
    json_extract(entry, '$.endedAt')
  ) AS at FROM outbox
  UNION ALL
  SELECT json_extract(entry, '$.local.at') FROM lease
  WHERE json_extract(entry, '$.local') IS NOT NULL AND json_extract(entry, '$.reported') IS NULL
)`;

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
        writeEntry(writing, livingWith({ ...entry, attempts }, local, wasAsked));
        return local;
      }),
    toReport: () =>
      database
        .read((reading) => entriesIn(reading, 'lease'))
        .filter(({ local, reported }) => local !== undefined && reported !== true),
    isReported: (entry) => entry.local === undefined || current(entry)?.reported === true,
    reported: (entry, incarnation) => {
      const told = { reported: true, ...(incarnation === undefined ? {} : { incarnation }) } as const;
      return database.transaction((writing) => changeByNonce(writing, entry, (there) => ({ ...there, ...told })));
    },
    asking: (entry) => asking(database, entry),
    end: (found) =>
      database.transaction((writing) => {
        const there = current(found);
        if (there === undefined) return false;
        writeEntry(writing, { ...asked(there), ended: true });
        return true;
      }),
    retire: (found, endedAt) =>
      database.transaction((writing) => {
        const there = current(found);
        if (there !== undefined) retire(writing, endedAt === undefined ? there : { ...there, endedAt });
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
    behind: () => behind(database),
    released: ({ nonce }) =>
      database.transaction(({ run }) => {
        run('DELETE FROM slot WHERE nonce = ?', nonce);
        run('DELETE FROM outbox WHERE nonce = ?', nonce);
      }),
  };
}

function behind(database: NodeDatabase): ReturnType<Outbox['behind']> {
  const [row] = database.all(BEHIND);
  return { count: Number(row?.count ?? 0), since: row?.since == null ? undefined : Number(row.since) };
}

function asking(database: NodeDatabase, { nonce, unasked }: JournalEntry): boolean {
  // Who lost the mark never has it again.
  if (unasked === undefined) return true;
  return database.transaction((writing) => changeByNonce(writing, { nonce }, asked));
}

/** As a lease or, where its container is gone, as a release. False where it is neither. */
const changeByNonce = (
  writing: Writing,
  { nonce }: Pick<JournalEntry, 'nonce'>,
  change: (entry: JournalEntry) => JournalEntry,
): boolean =>
  ['lease', 'outbox'].some((table) => {
    const [entry] = entriesIn(writing, `${table} WHERE nonce = ?`, nonce);
    if (entry === undefined) return false;
    writing.run(`UPDATE ${table} SET entry = ? WHERE nonce = ?`, JSON.stringify(change(entry)), nonce);
    return true;
  });

function asked(entry: JournalEntry): JournalEntry {
  const { unasked: _, ...rest } = entry;
  return rest;
}
