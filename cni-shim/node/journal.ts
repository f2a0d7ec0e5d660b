/**
 * The journal of one network on one node, written before anything is asked of the service:
 *
 *     attachments/<container id>@<interface>   what was asked and answered for this attachment
 *     slots/<pool>.<block>.<slot>              the same file under the slot's name: nobody else here proposes the slot
 *     slots/.draft-<random>                    a draft, complete before it gets one of the names above
 *     reports/… and releases/…                 see outbox.ts
 *
 * link(2) gives a name to one process only, so the names are bitmap, journal and lock in one and nothing is locked while
 * the network is waited for. A slot's name is valid while the attachment that its content names has an entry of the same
 * nonce, or one of that nonce is to be released. A process may be killed between any two steps; what it leaves, and what
 * heals it:
 *
 * - ADD, before or after the draft is written: a draft; DEL removes it when it is old.
 * - after the slot's name: a slot without an entry; nothing was asked yet; an ADD that finds no free slot removes it.
 * - after the entry's name: an entry with nonce and proposal, whatever the service knows: DEL releases by them, a
 *   repeated ADD asks again with the same ones.
 * - after the answer, before the entry is replaced: the same. After a granted slot's new name: the same, and the name is
 *   valid, since the nonce is the entry's. Before the old slot's name is removed: it counts as valid until DEL, then as
 *   one without an entry.
 * - DEL, before the service answered: everything is still there, and an ADD puts it aside (`ended`). After: slot names go
 *   first, the entry last, so that a repeated DEL finds what remains.
 *
 * Nothing waits for the disk (fsync(2)): what is written counts in this boot only, and a killed process takes nothing from
 * the page cache with it. After a power cut a file may be empty: an unreadable entry counts as none, an unreadable slot as
 * one without an entry, and what the entry's container held is released as of an earlier boot.
 */

import type { Attachment, SlotReference } from '../../core/contract/ids.ts';
import type { AllocateResult } from '../../core/contract/lease.ts';
import type { PoolDefinition } from '../../core/contract/pool.ts';
import { draftIn, type Files, isDraft, isLeftBehind, nameFile, replaceFile, sweepDrafts } from '../machine/files.ts';
import { refusal } from '../machine/refusal.ts';
import { addedAgain, askedAgain } from './added-again.ts';
import {
  type Beginning,
  type JournalEntry,
  journalFiles,
  sameSlot,
  slotName,
  slotsOf,
  withoutRepeats,
} from './journal-entry.ts';

export interface Journal {
  /** Where drafts are swept. */
  readonly drafts: string;
  /**
   * The entry under which an ADD asks: a new one with the first of `candidates` that is free on this node, or the one
   * that is there already for this attachment, with its nonce and slot.
   */
  begin(beginning: Beginning, candidates: () => Iterable<SlotReference>): JournalEntry;
  /** Counts another send of `entry`. Undefined where a DEL removed the entry meanwhile. */
  repeat(entry: JournalEntry): JournalEntry | undefined;
  /**
   * Notes the answer. `deleted`: a DEL removed the entry meanwhile. `taken`: another attachment here has the granted slot,
   * of which the service was not told yet, or this one lives with another slot by now. In all cases nobody else would release the lease.
   */
  acknowledge(
    entry: JournalEntry,
    answer: Pick<AllocateResult, 'slot' | 'addresses' | 'more'> & { readonly pool: Pick<PoolDefinition, 'affinity'> },
  ): 'noted' | 'deleted' | 'taken';
  find(attachment: Attachment): JournalEntry | undefined;
  entries(): JournalEntry[];
  /** Names of the slots that attachments have or had just now, as `slotName` makes them. */
  slotNames(): readonly string[];
  /**
   * Removes what `find` found, after the service released it.
   * @param released slots that the service had for it, of which the entry may not know
   */
  forget(attachment: Attachment, found: JournalEntry | undefined, released?: readonly SlotReference[]): void;
  /** Takes the names of an entry's slots away, as far as they are still its own. */
  releaseSlotNames(entry: JournalEntry, released?: readonly SlotReference[]): void;
  /** Removes what killed processes left. */
  sweep(): void;
}

const MOST_LINK_TRIES = 8;
/** Within this from its making nobody takes the name of a slot away from an entry that is not there yet. */
const SLOT_NAME_IS_SAFE_MS = 30_000;

/** `directory` is the network's own. */
export function openJournal(files: Files, directory: string, now: () => number): Journal {
  const paths = journalFiles(files, directory);
  const { slots, attachments, slotPath, attachmentPath, read } = paths;
  const find = (attachment: Attachment) => read(attachmentPath(attachment));

  /** Takes the slot's name for `draft`, whose content then names the slot. */
  function takeSlot(draft: string, file: number, fresh: JournalEntry, candidates: () => Iterable<SlotReference>) {
    const local = new Set(files.list(slots));
    for (const slot of candidates()) {
      if (local.has(slotName(slot))) continue;
      const entry = { ...fresh, proposal: slot };
      files.write(file, JSON.stringify(entry));
      if (files.link(draft, slotPath(slot))) return entry;
    }
    return undefined;
  }

  const isLeaving = ({ nonce }: JournalEntry) => files.exists(paths.releasePath(nonce));

  /**
   * Whether nobody can be using the slot's name. Its age is looked at first: whoever gave it the name and then slept so
   * long will see in `begin` that it did.
   */
  function isStale(path: string): boolean {
    if (!isLeftBehind(files, path, now())) return false;
    const content = read(path);
    if (content === undefined) return true;
    const isThere = () => find(content.attachment)?.nonce === content.nonce;
    // What is judged is there again afterwards, or is to be released.
    return !(isThere() || files.exists(paths.leavingPath(content.nonce)) || isThere() || isLeaving(content));
  }

  /** Removes the names of slots that no entry vouches for. */
  function sweepSlots(): void {
    for (const name of files.list(slots).filter((name) => !isDraft(name))) {
      const path = `${slots}/${name}`;
      if (isStale(path)) files.remove(path);
    }
  }

  /** Gives the slot's name to an entry that was granted it. False where somebody else has the name, who may live with it. */
  function takeGranted(slot: SlotReference, { nonce }: JournalEntry, text: string, exclusive: boolean): boolean {
    const path = slotPath(slot);
    // In a shared pool nobody lives with what the service did not grant: a name only keeps others from proposing it.
    if (!exclusive) {
      replaceFile(files, path, text, slots);
      return true;
    }
    if (isStale(path)) files.remove(path);
    return nameFile(files, path, text, slots) || read(path)?.nonce === nonce;
  }

  /** By a container of which the service does not know: its slot's name may be lost. */
  const isLivedWith = (slot: SlotReference, { nonce }: JournalEntry) =>
    paths
      .readAll(paths.reports)
      .some((other) => other.nonce !== nonce && other.local !== undefined && sameSlot(other.local.slot, slot));

  /** Somebody else may have the name by now: only one of the same nonce is removed. */
  function releaseSlotName(slot: SlotReference | undefined, { nonce }: JournalEntry): void {
    if (slot !== undefined && read(slotPath(slot))?.nonce === nonce) files.remove(slotPath(slot));
  }

  /** The whole directory gone is a loss of the journal, not a DEL: the entry comes to be again. */
  const wasDeleted = (entry: JournalEntry, current: JournalEntry | undefined) =>
    current?.nonce === entry.nonce ? current.ended === true : files.exists(attachments);

  /**
   * The entry that is there, for another ADD. Undefined where it is not there any more, or its lease is to be released:
   * then that nonce is never used again, since the request may arrive late. The draft comes before the look and says for which nonce it is, so whoever releases what
   * was retired sees the draft or the entry, or is seen (I2).
   */
  function adopt(path: string, { nonce }: JournalEntry, beginning: Beginning): JournalEntry | undefined {
    const draft = draftIn(slots, nonce);
    const file = files.create(draft);
    const there = read(path);
    const isOver = there?.nonce !== nonce || there.ended === true || isLeaving(there);
    const next = isOver ? undefined : addedAgain(there, beginning);
    if (next !== undefined) files.write(file, JSON.stringify(next));
    files.close(file);
    if (next !== undefined) files.rename(draft, path);
    else files.remove(draft);
    if (next === undefined && there?.nonce === nonce) files.move(path, paths.releasePath(nonce));
    return next;
  }

  function repeat(entry: JournalEntry): JournalEntry | undefined {
    const current = find(entry.attachment);
    if (wasDeleted(entry, current)) return undefined;
    const next = askedAgain(entry, current);
    replaceFile(files, attachmentPath(entry.attachment), JSON.stringify(next), slots);
    return next;
  }

  function begin(beginning: Beginning, candidates: () => Iterable<SlotReference>): JournalEntry {
    const { attachment } = beginning;
    const path = attachmentPath(attachment);
    for (let there = read(path); there !== undefined; there = read(path)) {
      const entry = adopt(path, there, beginning);
      if (entry !== undefined) return entry;
    }
    const fresh: JournalEntry = { ...beginning, attempts: 1 };
    const began = now();
    const draft = draftIn(slots);
    const file = files.create(draft);
    let entry = takeSlot(draft, file, fresh, candidates);
    if (entry === undefined) {
      sweepSlots();
      entry = takeSlot(draft, file, fresh, candidates);
    }
    if (entry === undefined) files.write(file, JSON.stringify(fresh));
    files.close(file);
    for (let tries = 0; tries < MOST_LINK_TRIES; tries++) {
      if (files.link(draft, path)) {
        files.remove(draft);
        if (now() - began < SLOT_NAME_IS_SAFE_MS) return entry ?? fresh;
        forget(attachment, entry ?? fresh);
        throw refusal('service.busy', 'the machine was asleep between two steps', 'add the container again');
      }
      const winner = read(path);
      if (winner === undefined) {
        files.remove(path);
        continue;
      }
      const there = adopt(path, winner, beginning);
      if (there === undefined) continue;
      releaseSlotName(entry?.proposal, fresh);
      files.remove(draft);
      return there;
    }
    throw refusal('node.storage', `${path} changes all the time`, 'is more than one runtime adding this container?');
  }

  function acknowledge(
    entry: JournalEntry,
    { slot, addresses, pool, more: further = [] }: Parameters<Journal['acknowledge']>[1],
  ): 'noted' | 'deleted' | 'taken' {
    const path = attachmentPath(entry.attachment);
    const current = read(path);
    if (wasDeleted(entry, current)) return 'deleted';
    // Another ADD of the attachment answered with a slot of the node's own meanwhile.
    if (current?.local !== undefined && entry.local === undefined && !sameSlot(current.local.slot, slot))
      return 'taken';
    const { proposal, more: earlier = [], ...asked } = entry;
    const attempts = Math.max(entry.attempts, current?.attempts ?? 0);
    // An earlier try of another configuration may hold it: a search in the granted slot's pool does not come upon it.
    const left = attempts > 1 && proposal !== undefined && proposal.pool !== slot.pool ? [proposal] : [];
    const more = withoutRepeats([...earlier, ...left, ...further]);
    const noted: JournalEntry = {
      ...asked,
      attempts,
      acknowledged: { slot, addresses },
      ...(more.length === 0 ? {} : { more }),
    };
    if (pool.affinity === 'node' && isLivedWith(slot, entry)) return 'taken';
    const text = JSON.stringify(noted);
    const isProposed = proposal !== undefined && sameSlot(proposal, slot);
    const granted = isProposed && files.exists(slotPath(slot)) ? further : [slot, ...further];
    if (!granted.every((one) => takeGranted(one, entry, text, pool.affinity === 'node'))) return 'taken';
    replaceFile(files, path, text, slots);
    if (!isProposed && left.length === 0) releaseSlotName(proposal, entry);
    return 'noted';
  }

  const releaseSlotNames = (entry: JournalEntry, released: readonly SlotReference[] = []) => {
    for (const slot of withoutRepeats([...slotsOf(entry), ...released])) releaseSlotName(slot, entry);
  };

  function forget(
    attachment: Attachment,
    found: JournalEntry | undefined,
    released: readonly SlotReference[] = [],
  ): void {
    if (found !== undefined) releaseSlotNames(found, released);
    if (found?.local !== undefined) files.remove(paths.reportPath(found.nonce));
    const current = find(attachment);
    if (current === undefined || current.nonce === found?.nonce) files.remove(attachmentPath(attachment));
    sweepDrafts(files, slots, now());
  }

  function sweep(): void {
    sweepDrafts(files, slots, now());
    sweepSlots();
  }

  const entries = () => paths.readAll(attachments);
  const slotNames = () => files.list(slots).filter((name) => !isDraft(name));

  return {
    drafts: slots,
    begin,
    repeat,
    acknowledge,
    find,
    entries,
    slotNames,
    forget,
    releaseSlotNames,
    sweep,
  };
}
