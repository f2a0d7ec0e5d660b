/**
 * The journal: what is asked of the service is written down before it is sent, each step in one transaction. A slot belongs to
 * one nonce, so nobody else on this node proposes it; it does until the service has released what that nonce held.
 *
 * A process may be killed anywhere. Then the entry is there or it is not:
 * - ADD, before the entry: nothing was asked. After it: an entry with nonce and proposal, whatever the service knows; DEL
 *   releases by them, a repeated ADD asks again with the same ones.
 * - DEL, before the service answered: everything is still there, and an ADD puts it aside (`ended`).
 */
import type { Attachment, SlotReference } from '../../core/contract/ids.ts';
import type { AllocateResult } from '../../core/contract/lease.ts';
import { damage, type Row } from '../machine/database.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { addedAgain, askedAgain } from './added-again.ts';
import {
  type Beginning,
  type JournalEntry,
  type LocalLease,
  type Refusal,
  sameSlot,
  slotName,
  slotsLivedWith,
  slotsOf,
  withoutRepeats,
} from './journal-entry.ts';
import { ensureNotLeaving } from './leaving.ts';
import type { NodeDatabase, Readable, Writing } from './node-database.ts';

export interface Journal {
  /**
   * The entry under which an ADD asks: a new one with the first of `candidates` that is free on this node, or the one
   * that is there already for this attachment, with its nonce and slot.
   * @param lives what a new entry's slot comes to, where its container lives with it from now on and nobody is asked: looked
   * at and written in the same step (I3)
   * @throws LessorError `node.leaving`
   */
  begin(
    beginning: Beginning,
    candidates: () => Iterable<SlotReference>,
    lives?: (entry: JournalEntry) => LocalLease | undefined,
  ): JournalEntry;
  /**
   * The first of `candidates` that is free by now, for an entry without a slot under which nothing was asked yet; the entry as it
   * is where none is free. Undefined where it was deleted meanwhile, or added again.
   */
  propose(entry: JournalEntry, candidates: () => Iterable<SlotReference>): JournalEntry | undefined;
  /**
   * Another one in place of `entry`, which had no slot of its own, with the first of `candidates` that is free by now; `entry`
   * moves to the outbox. Undefined where none is free, or the entry is not there any more.
   * @throws LessorError `node.leaving`
   */
  beginAnew(
    entry: JournalEntry,
    beginning: Beginning,
    candidates: () => Iterable<SlotReference>,
  ): JournalEntry | undefined;
  /** Counts another send of `entry`. Undefined where a DEL removed the entry meanwhile. */
  repeat(entry: JournalEntry): JournalEntry | undefined;
  /**
   * Notes the answer. `deleted`: a DEL removed the entry meanwhile. `taken`: another container lives with the granted slot,
   * of which the service was not told yet. `late`: this one lives with another slot by now. Else than `noted`, nobody else
   * would release the lease.
   */
  acknowledge(entry: JournalEntry, answer: Answer): Noted;
  /** Notes that the service refused; an answer that comes later counts all the same. */
  refuse(entry: JournalEntry, refused: Refusal): void;
  /** Notes that the table does not have its lease any more. False where it was asked for again or deleted meanwhile. */
  lose(entry: JournalEntry): boolean;
  /** Notes that the table has its lease again, in that life of the node. False where it was deleted meanwhile. */
  heldAgain(entry: JournalEntry, incarnation: number): boolean;
  find(attachment: Attachment): JournalEntry | undefined;
  /** Other networks in which the container has an entry for that interface. */
  networksOf(attachment: Attachment): readonly string[];
  entries(): JournalEntry[];
  /** Slots that attachments have, or had until the service has released them, as `slotName` writes them. */
  slotNames(): readonly string[];
  /** Removes what `found` says, after the service released it. */
  forget(found: JournalEntry): void;
}

export type Noted = 'noted' | 'deleted' | 'taken' | 'late';
type Answer = Pick<AllocateResult, 'slot' | 'addresses' | 'more' | 'incarnation'>;

export function openJournal(database: NodeDatabase): Journal {
  return {
    begin: (beginning, candidates, lives) =>
      database.transaction((writing) => begin(writing, beginning, candidates, lives)),
    propose: (entry, candidates) =>
      database.transaction((writing) => {
        const current = readEntry(writing, entry.attachment);
        if (!isStill(entry, current) || current.attempts !== entry.attempts) return undefined;
        const slot = firstFree(writing, candidates());
        return slot === undefined ? entry : writeWith(writing, entry, slot);
      }),
    beginAnew: (entry, beginning, candidates) =>
      database.transaction((writing) => {
        ensureNotLeaving(writing, beginning.bootId);
        const current = readEntry(writing, entry.attachment);
        if (!isStill(entry, current) || slotsOf(current).length > 0) return undefined;
        const slot = firstFree(writing, candidates());
        if (slot === undefined) return undefined;
        retire(writing, current);
        return beginWith(writing, beginning, slot);
      }),
    repeat: (entry) =>
      database.transaction((writing) => {
        const current = readEntry(writing, entry.attachment);
        if (!isStill(entry, current)) return undefined;
        const next = askedAgain(entry, current);
        writeEntry(writing, next);
        return next;
      }),
    acknowledge: (entry, answer) => database.transaction((writing) => acknowledge(writing, entry, answer)),
    refuse: (entry, refused) =>
      database.transaction((writing) => {
        const current = readEntry(writing, entry.attachment);
        if (isStill(entry, current) && current.acknowledged === undefined) writeEntry(writing, { ...current, refused });
      }),
    lose: (entry) =>
      database.transaction((writing) => {
        const current = readEntry(writing, entry.attachment);
        if (current === undefined || JSON.stringify(current) !== JSON.stringify(entry)) return false;
        if (current.lost !== true) writeEntry(writing, { ...current, lost: true });
        return true;
      }),
    heldAgain: (entry, incarnation) => database.transaction((writing) => heldAgain(writing, entry, incarnation)),
    find: (attachment) => database.read((reading) => readEntry(reading, attachment)),
    networksOf: ({ network, containerId, ifname }) =>
      database
        .all('SELECT network FROM lease WHERE container = ? AND ifname = ?', containerId, ifname)
        .map((row) => String(row.network))
        .filter((other) => other !== network),
    entries: () => database.read((reading) => entriesIn(reading, 'lease ORDER BY network, container, ifname')),
    slotNames: () => database.read(usedSlots),
    forget: (found) =>
      database.transaction(({ run }) => {
        run('DELETE FROM slot WHERE nonce = ?', found.nonce);
        run('DELETE FROM lease WHERE nonce = ?', found.nonce);
      }),
  };
}

function heldAgain(writing: Writing, entry: JournalEntry, incarnation: number): boolean {
  const current = readEntry(writing, entry.attachment);
  if (!isStill(entry, current)) return false;
  const { lost: _, ...held } = current;
  const again: JournalEntry = { ...held, incarnation, ...(held.local === undefined ? {} : { reported: true }) };
  writeEntry(writing, again);
  // While it was lost, another one may have been given its slot, and given it up again: nobody here proposes it (I1).
  ownSlots(writing, again);
  return true;
}

const nameOf = ({ pool, block, slot }: Row): string =>
  slotName({ pool: String(pool), block: String(block), slot: Number(slot) });
/** By name. The container of a lease that was lost may live with a slot that another one here was given since (I1, I3). */
export const usedSlots = (reading: Readable): string[] => [
  ...reading.all('SELECT pool, block, slot FROM slot').map(nameOf),
  ...entriesIn(reading, 'lease WHERE nonce NOT IN (SELECT nonce FROM slot)').flatMap(slotsLivedWith).map(slotName),
];

/** @param from a table of entries, which of them, and in which order */
export const entriesIn = ({ all }: Readable, from: string, ...values: string[]): JournalEntry[] =>
  all(`SELECT entry FROM ${from}`, ...values).map(entryIn);

/** SQLite does not look at what is in a row: there a damaged page is seen only now. */
function entryIn({ entry }: Row): JournalEntry {
  const read = parseJson(String(entry));
  if (!isObject(read)) throw damage('an entry of the journal is no JSON');
  return read as unknown as JournalEntry;
}

export function readEntry({ all }: Readable, attachment: Attachment): JournalEntry | undefined {
  const { network, containerId, ifname } = attachment;
  const where = 'network = ? AND container = ? AND ifname = ?';
  const [row] = all(`SELECT entry FROM lease WHERE ${where}`, network, containerId, ifname);
  return row && entryIn(row);
}

export function writeEntry({ run }: Writing, entry: JournalEntry): void {
  const { network, containerId, ifname } = entry.attachment;
  const values = [network, containerId, ifname, entry.nonce, JSON.stringify(entry)];
  run('INSERT OR REPLACE INTO lease (network, container, ifname, nonce, entry) VALUES (?, ?, ?, ?, ?)', ...values);
}

/** From the journal to the outbox: its slots stay its own until the service has released them. */
export function retire({ run }: Writing, entry: JournalEntry): void {
  run('DELETE FROM lease WHERE nonce = ?', entry.nonce);
  run('INSERT OR REPLACE INTO outbox (nonce, entry) VALUES (?, ?)', entry.nonce, JSON.stringify(entry));
}

export function ownerOf({ all }: Readable, { pool, block, slot }: SlotReference): string | undefined {
  const [row] = all('SELECT nonce FROM slot WHERE pool = ? AND block = ? AND slot = ?', pool, block, slot);
  return row && String(row.nonce);
}

/** A nonce whose release was asked for is never used again: the request may arrive late (I2). */
const isStill = (entry: JournalEntry, current: JournalEntry | undefined): current is JournalEntry =>
  current?.nonce === entry.nonce && current.ended !== true;

function begin(
  writing: Writing,
  beginning: Beginning,
  candidates: () => Iterable<SlotReference>,
  lives?: (entry: JournalEntry) => LocalLease | undefined,
): JournalEntry {
  ensureNotLeaving(writing, beginning.bootId);
  const there = readEntry(writing, beginning.attachment);
  if (there !== undefined && there.ended !== true) {
    const next = addedAgain(there, beginning);
    writeEntry(writing, next);
    return next;
  }
  if (there !== undefined) retire(writing, there);
  const slot = firstFree(writing, candidates());
  const entry: JournalEntry = { ...beginning, attempts: 1 };
  const local = slot && lives?.({ ...entry, proposal: slot });
  return writeWith(writing, local === undefined ? entry : livingWith(entry, local, false), slot);
}

/** As it is where its container lives with a slot of the node's own. @param wasAsked whether the service was asked under it */
export const livingWith = (entry: JournalEntry, local: LocalLease, wasAsked: boolean): JournalEntry => ({
  ...entry,
  local,
  // A second ADD of the attachment goes on with the same nonce, and counts.
  ...(wasAsked || entry.attempts > 1 ? {} : { unasked: true, onlyReported: true }),
});

const beginWith = (writing: Writing, beginning: Beginning, slot: SlotReference | undefined): JournalEntry =>
  writeWith(writing, { ...beginning, attempts: 1 }, slot);

function writeWith(writing: Writing, entry: JournalEntry, slot: SlotReference | undefined): JournalEntry {
  const proposing: JournalEntry = slot === undefined ? entry : { ...entry, proposal: slot };
  writeEntry(writing, proposing);
  if (slot !== undefined) ownSlots(writing, proposing);
  return proposing;
}

/** What is to be released, by the slots that it owns: no more of it than there are slots, however long the outage. */
const ENDED_BY_SLOT = 'SELECT pool, block, slot, entry FROM outbox JOIN slot USING (nonce)';

/** Where none is free, one that was lived with in an outage, and of which the service never heard: no request is under way. */
function firstFree(writing: Writing, candidates: Iterable<SlotReference>): SlotReference | undefined {
  const used = new Set(usedSlots(writing));
  const usedOnes: SlotReference[] = [];
  for (const slot of candidates) {
    if (!used.has(slotName(slot))) return slot;
    usedOnes.push(slot);
  }
  if (usedOnes.length === 0) return undefined;
  // By who owns the slot: the service, which never heard of it, may have granted it to another container meanwhile (I1).
  const ended = new Map(writing.all(ENDED_BY_SLOT).map((row) => [nameOf(row), entryIn(row)]));
  const slot = usedOnes.find((one) => {
    const entry = ended.get(slotName(one));
    // An agent of an earlier release reports, and leaves the mark.
    return entry?.unasked === true && entry.reported !== true;
  });
  if (slot !== undefined) writing.run('DELETE FROM outbox WHERE nonce = ?', ended.get(slotName(slot))?.nonce ?? '');
  return slot;
}

/** Exactly the slots that the entry knows of are its own. */
export function ownSlots({ run }: Writing, entry: JournalEntry): void {
  run('DELETE FROM slot WHERE nonce = ?', entry.nonce);
  for (const { pool, block, slot } of slotsOf(entry))
    run('INSERT OR REPLACE INTO slot (pool, block, slot, nonce) VALUES (?, ?, ?, ?)', pool, block, slot, entry.nonce);
}

/** By a container of which the service does not know yet. Who only proposed it gets another one: the service granted it once. */
function isLivedWith(writing: Writing, slot: SlotReference, { nonce }: JournalEntry): boolean {
  const owner = ownerOf(writing, slot);
  if (owner === undefined || owner === nonce) return false;
  const [row] = writing.all('SELECT entry FROM lease WHERE nonce = ?', owner);
  const other = row && entryIn(row);
  return other?.local !== undefined && other.reported !== true;
}

function acknowledge(writing: Writing, entry: JournalEntry, answer: Answer): Noted {
  const current = readEntry(writing, entry.attachment);
  if (!isStill(entry, current)) return 'deleted';
  const { slot, addresses, incarnation, more: further = [] } = answer;
  // Another ADD of the attachment answered with a slot of the node's own meanwhile.
  if (current.local !== undefined && entry.local === undefined && !sameSlot(current.local.slot, slot)) return 'late';
  if ([slot, ...further].some((one) => isLivedWith(writing, one, entry))) return 'taken';
  const { proposal, more: earlier = [], refused: _, ...asked } = entry;
  const attempts = Math.max(entry.attempts, current.attempts);
  // An earlier try of another configuration may hold it: a search in the granted slot's pool does not come upon it.
  const left = attempts > 1 && proposal !== undefined && proposal.pool !== slot.pool ? [proposal] : [];
  const more = withoutRepeats([...earlier, ...left, ...further]);
  const noted: JournalEntry = {
    ...asked,
    attempts,
    acknowledged: { slot, addresses },
    incarnation,
    ...(more.length === 0 ? {} : { more }),
  };
  writeEntry(writing, noted);
  ownSlots(writing, noted);
  return 'noted';
}
