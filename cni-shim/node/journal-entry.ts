/** What the journal has of an attachment. */
import type { Attachment, Pod, SlotReference } from '../../core/contract/ids.ts';
import type { AllocateResult } from '../../core/contract/lease.ts';
import type { ProblemCode } from '../../core/contract/problems.ts';

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
  /** The node's life in which it was granted. */
  readonly incarnation?: number;
  /** Why there is no answer: the last refusal. */
  readonly refused?: Refusal;
  /** The table does not have it any more although its container lives. */
  readonly lost?: true;
  /** Addresses that were asked for, by this ADD of the attachment or an earlier one. */
  readonly addresses?: readonly string[];
  /** For which it was asked for. */
  readonly identity?: string;
  /** Further slots that may be held until DEL: nobody else here proposes them either. */
  readonly more?: readonly SlotReference[];
  /** With which the container lives, of a block of this node, since before the service knew of it. */
  readonly local?: LocalLease;
  /** Nothing but reports of that slot was ever sent under its nonce, so no other one is held by it. */
  readonly onlyReported?: true;
  /** Milliseconds since 1970: when its container ended without the service being told. */
  readonly endedAt?: number;
  /** The service was told of it. */
  readonly reported?: true;
  /** Nothing was ever sent under its nonce, so nothing is held by it. */
  readonly unasked?: true;
  /** The service was asked to release it, and may do so at any later time: no ADD adopts it any more. */
  readonly ended?: true;
  /** No ADD of this plugin: another IPAM gave the container its address (`lessor import`). */
  readonly imported?: true;
  /** What the plugin saw of the network namespace, by which its end is told. */
  readonly sandbox?: SandboxView;
  /** Only a DEL releases it, as its network says: neither that the namespace is gone nor a GC. */
  readonly release?: 'del';
}

/** What an ADD knows before it asks. */
export type Beginning = Pick<
  JournalEntry,
  'attachment' | 'nonce' | 'bootId' | 'netns' | 'pod' | 'addresses' | 'identity' | 'sandbox' | 'release'
>;

export interface Refusal {
  readonly code: ProblemCode;
  readonly why: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface Acknowledgement {
  readonly slot: SlotReference;
  readonly addresses: AllocateResult['addresses'];
}

export interface LocalLease extends Acknowledgement {
  /** At which the block was the node's. */
  readonly generation: number;
  /** Milliseconds since 1970: since when. Absent in entries of earlier releases. */
  readonly at?: number;
}

/** `device:inode` of the directory that holds the namespace's file, and of the namespace. */
export interface SandboxView {
  readonly directory: string;
  readonly namespace: string;
}

/** With which the container lives, as texts; none before there is an answer. */
export const addressesOf = ({ acknowledged, local }: JournalEntry): string[] =>
  (acknowledged ?? local)?.addresses.map(({ address }) => address) ?? [];

/** The slots that the entry knows of: what the container lives with first. */
export function slotsOf({ acknowledged, local, proposal, more = [] }: JournalEntry): SlotReference[] {
  return withoutRepeats([acknowledged?.slot, local?.slot, proposal, ...more].filter((slot) => slot !== undefined));
}

/** What the container lives with. Each slot gives an address: with one address, more slots are what requests may have left over. */
export function slotsLivedWith({ acknowledged, local, more = [] }: JournalEntry): SlotReference[] {
  const { slot, addresses = [] } = acknowledged ?? local ?? {};
  return slot === undefined ? [] : withoutRepeats([slot, ...(addresses.length > 1 ? more : [])]);
}

export const withoutRepeats = (slots: readonly SlotReference[]): SlotReference[] => [
  ...new Map(slots.map((slot) => [slotName(slot), slot])).values(),
];

export const sameSlot = (a: SlotReference, b: SlotReference): boolean => slotName(a) === slotName(b);

export const slotName = ({ pool, block, slot }: SlotReference): string => `${pool}.${block}.${slot}`;
