/** What the journal has of an attachment, and where its files lie. */

import type { Attachment, Pod, SlotReference } from '../../core/contract/ids.ts';
import type { AllocateResult } from '../../core/contract/lease.ts';
import { type Files, isFileError } from '../machine/files.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { inNetwork } from '../machine/layout.ts';

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
  /** With which the container lives, of a block of this node, since before the service knew of it. */
  readonly local?: LocalLease;
  /** The service was asked to release it, and may do so at any later time: no ADD adopts it any more. */
  readonly ended?: true;
  /** What the plugin saw of the network namespace, by which its end is told. */
  readonly sandbox?: SandboxView;
}

/** What an ADD knows before it asks. */
export type Beginning = Pick<
  JournalEntry,
  'attachment' | 'nonce' | 'bootId' | 'netns' | 'pod' | 'addresses' | 'sandbox'
>;

export interface Acknowledgement {
  readonly slot: SlotReference;
  readonly addresses: AllocateResult['addresses'];
}

export interface LocalLease extends Acknowledgement {
  /** At which the block was the node's. */
  readonly generation: number;
}

/** `device:inode` of the directory that holds the namespace's file, and of the namespace. */
export interface SandboxView {
  readonly directory: string;
  readonly namespace: string;
}

/** The slots that the entry knows of: what the container lives with first. */
export function slotsOf({ acknowledged, local, proposal, more = [] }: JournalEntry): SlotReference[] {
  return withoutRepeats([acknowledged?.slot, local?.slot, proposal, ...more].filter((slot) => slot !== undefined));
}

export const withoutRepeats = (slots: readonly SlotReference[]): SlotReference[] => [
  ...new Map(slots.map((slot) => [slotName(slot), slot])).values(),
];

export const sameSlot = (a: SlotReference, b: SlotReference): boolean => slotName(a) === slotName(b);

export const slotName = ({ pool, block, slot }: SlotReference): string => `${pool}.${block}.${slot}`;

const LONGEST_NAME = 255;

/** Container ids hold no @ and never begin with a dot, so no two attachments have one name. */
export function attachmentName({ containerId, ifname }: Attachment): string {
  const name = `${containerId}@${encodeURIComponent(ifname)}`;
  if (name.length <= LONGEST_NAME) return name;
  // NAME_MAX: a very long id is a directory and a name in it.
  return `${containerId.slice(0, LONGEST_NAME / 2)}/${containerId.slice(LONGEST_NAME / 2)}@${encodeURIComponent(ifname)}`;
}

/** A directory of somebody else's stands in no container's way. */
function textIn(files: Files, path: string): string {
  try {
    return files.read(path) ?? '';
  } catch (error) {
    if (isFileError(error) && error.code === 'EISDIR') return '';
    throw error;
  }
}

export interface JournalFiles {
  readonly slots: string;
  readonly attachments: string;
  readonly reports: string;
  readonly releases: string;
  /** What was taken away, to be released if it is nobody's. */
  readonly leaving: string;
  slotPath(slot: SlotReference): string;
  attachmentPath(attachment: Attachment): string;
  reportPath(nonce: string): string;
  leavingPath(nonce: string): string;
  releasePath(nonce: string): string;
  /** Undefined where there is no such file, or no entry in it. */
  read(path: string): JournalEntry | undefined;
  /** Every entry below a directory of `attachmentName`s. */
  readAll(directory: string): JournalEntry[];
}

export function journalFiles(files: Files, directory: string): JournalFiles {
  const { slots, attachments, reports, releases, leaving } = inNetwork(directory);
  const read = (path: string): JournalEntry | undefined => {
    const content = parseJson(textIn(files, path));
    // A file is complete before it has its name, so what holds a nonce and an attachment is an entry of ours.
    const complete = isObject(content) && typeof content.nonce === 'string' && isObject(content.attachment);
    return complete ? (content as unknown as JournalEntry) : undefined;
  };
  const readAll = (parent: string): JournalEntry[] =>
    files.list(parent).flatMap((name) => {
      // No container id begins so: it is the journal's own.
      if (name.startsWith('.')) return [];
      // Only the first half of a very long container id has no @.
      if (parent.startsWith(attachments) && !name.includes('@')) return readAll(`${parent}/${name}`);
      return read(`${parent}/${name}`) ?? [];
    });
  return {
    slots,
    attachments,
    reports,
    releases,
    leaving,
    slotPath: (slot) => `${slots}/${slotName(slot)}`,
    attachmentPath: (attachment) => `${attachments}/${attachmentName(attachment)}`,
    reportPath: (nonce) => `${reports}/${nonce}`,
    leavingPath: (nonce) => `${leaving}/${nonce}`,
    releasePath: (nonce) => `${releases}/${nonce}`,
    read,
    readAll,
  };
}
