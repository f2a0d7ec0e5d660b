/**
 * The journal of one network on one node, written before anything is asked of the service:
 *
 *     attachments/<container id>@<interface>   what was asked and answered for this attachment
 *     slots/<pool>.<block>.<slot>              the same file under the slot's name: nobody else here proposes the slot
 *     slots/.draft-<random>                    a draft, complete before it gets one of the names above
 *
 * link(2) gives a name to one process only, so the names are bitmap, journal and lock in one and nothing is locked while
 * the network is waited for. A slot's name is valid while the attachment that its content names has an entry of the same
 * nonce. A process may be killed between any two steps; what it leaves, and what heals it:
 *
 * - ADD, before or after the draft is written: a draft; DEL removes it when it is old.
 * - after the slot's name: a slot without an entry; nothing was asked yet; an ADD that finds no free slot removes it.
 * - after the entry's name: an entry with nonce and proposal, whatever the service knows: DEL releases by them, a
 *   repeated ADD asks again with the same ones.
 * - after the answer, before the entry is replaced: the same. After a granted slot's new name: the same, and the name is
 *   valid, since the nonce is the entry's. Before the old slot's name is removed: it counts as valid until DEL, then as
 *   one without an entry.
 * - DEL, before the service answered: everything is still there. After: slot names go first, the entry last, so that a
 *   repeated DEL finds what remains.
 *
 * After a power cut a file may be empty: an unreadable entry counts as none, an unreadable slot as one without an entry.
 */
import type { AllocateResult, Attachment, Pod, SlotReference } from '../core/contract/messages.ts';
import { isObject, parseJson } from './fields.ts';
import { draftIn, type Files, isDraft, isLeftBehind, replaceFile, sweepDrafts } from './files.ts';
import { refusal } from './refusal.ts';

export interface JournalEntry {
  readonly attachment: Attachment;
  readonly nonce: string;
  /** Counts the sends of an allocation, the one that is about to happen included. */
  readonly attempts: number;
  readonly bootId: string;
  readonly netns?: string;
  readonly pod?: Pod;
  /** The slot that the node asks for, or was given by an answer that is being asked for again. */
  readonly proposal?: SlotReference;
  /** The last answer; absent while another one is waited for. */
  readonly acknowledged?: Acknowledgement;
  /** Addresses that were asked for, by this ADD of the attachment or an earlier one. */
  readonly addresses?: readonly string[];
  /** Further slots that may be held until DEL: nobody else here proposes them either. */
  readonly more?: readonly SlotReference[];
}

/** What an ADD knows before it asks. */
export type Beginning = Pick<JournalEntry, 'attachment' | 'nonce' | 'bootId' | 'netns' | 'pod' | 'addresses'>;

export interface Acknowledgement {
  readonly slot: SlotReference;
  readonly addresses: AllocateResult['addresses'];
}

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
  /** Notes the answer. False where a DEL removed the entry meanwhile: nobody else would release the lease. */
  acknowledge(entry: JournalEntry, answer: Pick<AllocateResult, 'slot' | 'addresses' | 'more'>): boolean;
  find(attachment: Attachment): JournalEntry | undefined;
  /** Names of the slots that attachments have or had just now, as `slotName` makes them. */
  slotNames(): readonly string[];
  /** Removes what `find` found, after the service released it. */
  forget(attachment: Attachment, found: JournalEntry | undefined): void;
}

const MOST_ATTEMPTS = 1_000;
const MOST_LINK_TRIES = 8;
const LONGEST_NAME = 255;

/** `directory` is the network's own. */
export function openJournal(files: Files, directory: string, now: () => number): Journal {
  const slots = `${directory}/slots`;
  const attachments = `${directory}/attachments`;
  const slotPath = (slot: SlotReference) => `${slots}/${slotName(slot)}`;
  const attachmentPath = (attachment: Attachment) => `${attachments}/${attachmentName(attachment)}`;
  const read = (path: string): JournalEntry | undefined => {
    const content = parseJson(files.read(path) ?? '');
    // A file is complete before it has its name, so what holds a nonce and an attachment is an entry of ours.
    const complete = isObject(content) && typeof content.nonce === 'string' && isObject(content.attachment);
    return complete ? (content as unknown as JournalEntry) : undefined;
  };
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

  /** Removes the names of slots that no entry vouches for. */
  function sweepSlots(): void {
    for (const name of files.list(slots).filter((name) => !isDraft(name))) {
      const path = `${slots}/${name}`;
      const content = read(path);
      const vouched = content !== undefined && find(content.attachment)?.nonce === content.nonce;
      if (!vouched && isLeftBehind(files, path, now())) files.remove(path);
    }
  }

  /** Somebody else may have the name by now: only one of the same nonce is removed. */
  function releaseSlotName(slot: SlotReference | undefined, { nonce }: JournalEntry): void {
    if (slot !== undefined && read(slotPath(slot))?.nonce === nonce) files.remove(slotPath(slot));
  }

  /** The whole directory gone is a loss of the journal, not a DEL: the entry comes to be again. */
  const wasDeleted = (entry: JournalEntry, current: JournalEntry | undefined) =>
    current?.nonce !== entry.nonce && files.exists(attachments);

  /** An answer that was noted is uncertain again while another one is waited for. */
  function count(entry: JournalEntry, current: JournalEntry | undefined): JournalEntry {
    const { acknowledged, ...asked } = entry;
    const proposal = acknowledged?.slot ?? asked.proposal;
    // Another process may have counted meanwhile.
    const attempts = Math.max(entry.attempts, current?.attempts ?? 0) + 1;
    const next: JournalEntry = {
      ...asked,
      attempts: Math.min(MOST_ATTEMPTS, attempts),
      ...(proposal === undefined ? {} : { proposal }),
    };
    replaceFile(files, attachmentPath(entry.attachment), JSON.stringify(next), slots);
    return next;
  }

  function repeat(entry: JournalEntry): JournalEntry | undefined {
    const current = find(entry.attachment);
    return wasDeleted(entry, current) ? undefined : count(entry, current);
  }

  function begin(beginning: Beginning, candidates: () => Iterable<SlotReference>): JournalEntry {
    const { attachment, bootId, netns, pod, addresses } = beginning;
    const path = attachmentPath(attachment);
    const adopt = (there: JournalEntry) => {
      const { netns: oldNetns, pod: oldPod, ...kept } = there;
      const now = {
        bootId,
        ...(netns === undefined ? {} : { netns }),
        ...(pod === undefined ? {} : { pod }),
        ...(addresses === undefined ? {} : { addresses }),
      };
      return count({ ...kept, ...now }, there);
    };
    const there = read(path);
    if (there !== undefined) return adopt(there);
    const fresh: JournalEntry = { ...beginning, attempts: 1 };
    const draft = draftIn(slots);
    const file = files.create(draft);
    let entry = takeSlot(draft, file, fresh, candidates);
    if (entry === undefined) {
      sweepSlots();
      entry = takeSlot(draft, file, fresh, candidates);
    }
    if (entry === undefined) files.write(file, JSON.stringify(fresh));
    files.sync(file);
    files.close(file);
    for (let tries = 0; tries < MOST_LINK_TRIES; tries++) {
      if (files.link(draft, path)) {
        files.remove(draft);
        return entry ?? fresh;
      }
      const winner = read(path);
      if (winner !== undefined) {
        releaseSlotName(entry?.proposal, fresh);
        files.remove(draft);
        return adopt(winner);
      }
      files.remove(path);
    }
    throw refusal('node.storage', `${path} changes all the time`, 'is more than one runtime adding this container?');
  }

  function acknowledge(
    entry: JournalEntry,
    { slot, addresses, more: further = [] }: Parameters<Journal['acknowledge']>[1],
  ): boolean {
    const path = attachmentPath(entry.attachment);
    const current = read(path);
    if (wasDeleted(entry, current)) return false;
    const { proposal, more: earlier = [], ...asked } = entry;
    const attempts = Math.max(entry.attempts, current?.attempts ?? 0);
    // An earlier try of another configuration may hold it: a search in the granted slot's pool does not come upon it.
    const left = attempts > 1 && proposal !== undefined && proposal.pool !== slot.pool ? [proposal] : [];
    const more = withoutRepeats([...earlier, ...left, ...further]);
    const text = JSON.stringify({
      ...asked,
      attempts,
      acknowledged: { slot, addresses },
      ...(more.length === 0 ? {} : { more }),
    } satisfies JournalEntry);
    const granted = slotPath(slot);
    const proposed = proposal === undefined ? undefined : slotPath(proposal);
    if (proposed !== granted || !files.exists(granted)) replaceFile(files, granted, text, slots);
    for (const other of further) replaceFile(files, slotPath(other), text, slots);
    replaceFile(files, path, text, slots);
    if (proposed !== granted && left.length === 0) releaseSlotName(proposal, entry);
    return true;
  }

  function forget(attachment: Attachment, found: JournalEntry | undefined): void {
    if (found !== undefined) {
      releaseSlotName(found.acknowledged?.slot, found);
      releaseSlotName(found.proposal, found);
      for (const slot of found.more ?? []) releaseSlotName(slot, found);
    }
    const current = find(attachment);
    if (current === undefined || current.nonce === found?.nonce) files.remove(attachmentPath(attachment));
    sweepDrafts(files, slots, now());
  }

  const slotNames = () => files.list(slots).filter((name) => !isDraft(name));

  return { drafts: slots, begin, repeat, acknowledge, find, slotNames, forget };
}

export const slotName = ({ pool, block, slot }: SlotReference): string => `${pool}.${block}.${slot}`;

const withoutRepeats = (held: readonly SlotReference[]): SlotReference[] => [
  ...new Map(held.map((slot) => [slotName(slot), slot])).values(),
];

/** Container ids hold no @ and never begin with a dot, so no two attachments have one name. */
export function attachmentName({ containerId, ifname }: Attachment): string {
  const name = `${containerId}@${encodeURIComponent(ifname)}`;
  if (name.length <= LONGEST_NAME) return name;
  // NAME_MAX: a very long id is a directory and a name in it.
  return `${containerId.slice(0, LONGEST_NAME / 2)}/${containerId.slice(LONGEST_NAME / 2)}@${encodeURIComponent(ifname)}`;
}
