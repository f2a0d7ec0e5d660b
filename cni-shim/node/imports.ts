/**
 * Attachments whose addresses another IPAM gave, as entries of the journal. They begin as one does whose lease the table lost: by
 * that whoever looks asserts them, this process or after it was killed the agent, and their slots are nobody else's here meanwhile.
 */
import type { Attachment, Pod, SlotReference } from '../../core/contract/ids.ts';
import type { AllocateResult } from '../../core/contract/lease.ts';
import { entriesIn, ownerOf, ownSlots, readEntry, writeEntry } from './journal.ts';
import { addressesOf, type JournalEntry, type SandboxView, slotName, slotsLivedWith } from './journal-entry.ts';
import { ensureNotLeaving } from './leaving.ts';
import type { NodeDatabase, Readable } from './node-database.ts';

export interface LeaseToImport {
  readonly attachment: Attachment;
  readonly nonce: string;
  readonly bootId: string;
  readonly pod: Pod | undefined;
  readonly netns: string | undefined;
  readonly sandbox: SandboxView | undefined;
  /** One for each address that is not another one's slot too; the first is the container's. */
  readonly slots: readonly [SlotReference, ...SlotReference[]];
  /** One of each range set, as far as the container has one. */
  readonly addresses: AllocateResult['addresses'];
}

/** `there`: with these very slots. */
export type ImportLook =
  | { readonly kind: 'begun' | 'there'; readonly entry: JournalEntry }
  | { readonly kind: 'conflict'; readonly why: string };

type Wanted = Pick<LeaseToImport, 'attachment' | 'slots'>;

export interface Imports {
  /** @throws LessorError `node.leaving` */
  begin(lease: LeaseToImport): ImportLook;
  /** What stands in the way, or is there already; undefined: nothing. */
  look(lease: Wanted): ImportLook | undefined;
}

export const openImports = (database: NodeDatabase): Imports => ({
  look: (lease) => database.read((reading) => look(reading, lease)),
  begin: (lease) =>
    database.transaction((writing) => {
      ensureNotLeaving(writing, lease.bootId);
      const found = look(writing, lease);
      if (found !== undefined) return found;
      const entry = entryOf(lease);
      writeEntry(writing, entry);
      ownSlots(writing, entry);
      return { kind: 'begun', entry };
    }),
});

function entryOf({ attachment, nonce, bootId, pod, netns, sandbox, slots, addresses }: LeaseToImport): JournalEntry {
  const [slot, ...more] = slots;
  return {
    ...{ attachment, nonce, bootId, attempts: 1 },
    ...(pod === undefined ? {} : { pod }),
    ...(netns === undefined ? {} : { netns }),
    ...(sandbox === undefined ? {} : { sandbox }),
    acknowledged: { slot, addresses },
    ...(more.length === 0 ? {} : { more }),
    ...{ imported: true, lost: true },
  };
}

function look(reading: Readable, { attachment, slots }: Wanted): ImportLook | undefined {
  const there = readEntry(reading, attachment);
  if (there?.ended === true) return { kind: 'conflict', why: 'a DEL of it is under way' };
  if (there !== undefined) {
    const isSame = namesOf(slotsLivedWith(there)) === namesOf(slots);
    if (isSame) return { kind: 'there', entry: there };
    const has = addressesOf(there).join(', ') || 'an ADD under way';
    return { kind: 'conflict', why: `the journal has ${has} of this attachment` };
  }
  // A lease that was lost may have left its slot to another one, and its container lives with it all the same.
  const other = slots
    .flatMap((slot) => [ownerOf(reading, slot) ?? livingWith(reading, slot)])
    .find((nonce) => nonce !== undefined);
  return other === undefined ? undefined : { kind: 'conflict', why: whoHas(reading, other) };
}

const namesOf = (slots: readonly SlotReference[]): string => slots.map(slotName).sort().join(' ');

const livingWith = (reading: Readable, slot: SlotReference): string | undefined =>
  entriesIn(reading, 'lease WHERE nonce NOT IN (SELECT nonce FROM slot)').find((entry) =>
    slotsLivedWith(entry).some((one) => slotName(one) === slotName(slot)),
  )?.nonce;

function whoHas(reading: Readable, nonce: string): string {
  const [entry] = ['lease', 'outbox'].flatMap((table) => entriesIn(reading, `${table} WHERE nonce = ?`, nonce));
  if (entry === undefined) return 'the journal has it as used';
  const { network, containerId, ifname } = entry.attachment;
  const isHeld = readEntry(reading, entry.attachment)?.nonce === nonce;
  const what = `interface ${ifname} of container ${containerId} in network ${network}`;
  return isHeld ? `the journal has it as ${what}'s` : `it was ${what}'s, and is still to be released`;
}
