/**
 * Compares what the table says this node holds with what the node knows, both ways: what has no reason any more is released, and
 * what lives here and is not held is asserted.
 */
import type { Attachment, SlotReference } from '../../core/contract/ids.ts';
import type { OwnBlock, OwnLease } from '../../core/contract/nodes.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import { deadLife } from '../node/declared-dead.ts';
import { knownNode, otherIdentity } from '../node/identity.ts';
import { type JournalEntry, slotName, slotsLivedWith } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { assertAgain } from './assert-again.ts';
import { believedBlocks, dropUnconfirmed } from './confirm-blocks.ts';
import { type Known, type Reason, reasonToRelease } from './reconcile-decision.ts';

export interface Reconciling {
  readonly api: Calls;
  readonly bootId: string;
  /** What the node keeps: of each data directory. */
  readonly candidates: readonly NodeRecords[];
  /** Releases and notes nothing; tells what it would. */
  readonly dryRun?: true;
  /** Of one network, what its runtime knows; nothing of any other network is released then. */
  readonly runtime?: { readonly network: string; isValid(attachment: Attachment): boolean };
}

export interface Reconciled {
  /** Leases that the table has of this node. */
  readonly leases: number;
  /** The node's life now, as the table has it; undefined where it does not know the node. */
  readonly life: { readonly boot: string; readonly incarnation: number } | undefined;
  /** Of containers that live here: others have their slots. In a dry run, and in a GC, all that the table does not have. */
  readonly lost: readonly JournalEntry[];
  /** Of containers that live here: the table has them again, in the node's present life. */
  readonly heldAgain: readonly JournalEntry[];
  /** Leases of containers that live here, of which nobody can say whether they are held. */
  readonly unsure: readonly { readonly entry: JournalEntry; readonly error: LessorError }[];
  readonly released: readonly { readonly lease: OwnLease; readonly reason: Reason }[];
  readonly failures: readonly { readonly lease: OwnLease; readonly error: LessorError }[];
}

/** @throws LessorError where the table could not be read */
export async function reconcile(reconciling: Reconciling): Promise<Reconciled> {
  // Before the table: what is granted since may not be on the pages that were read.
  const answered = reconciling.candidates.map((records) => ({ records, entries: answeredEntries(records) }));
  const believed = reconciling.candidates.map(believedBlocks);
  const { leases, blocks, firstOfBoot, life } = await readTable(reconciling);
  // Before anything is asserted: by that a block comes to be the node's again, after a restore at an earlier generation.
  if (blocks !== undefined && !reconciling.dryRun && reconciling.runtime === undefined)
    for (const each of believed) dropUnconfirmed(each, blocks, life?.incarnation);
  const { lost, heldAgain, unsure } = await assertAll(reconciling, answered, { leases, life });
  const released: { lease: OwnLease; reason: Reason }[] = [];
  const failures: { lease: OwnLease; error: LessorError }[] = [];
  for (const lease of leases) {
    const reason = reasonOf(reconciling, lease, firstOfBoot);
    if (reason === undefined) continue;
    if (reconciling.dryRun) {
      released.push({ lease, reason });
      continue;
    }
    const { attachment, nonce, slot } = lease;
    const outcome = await outcomeOf(reconciling.api.release({ attachment, nonce, slot, acknowledged: true }));
    if (outcome.kind === 'granted') released.push({ lease, reason });
    else failures.push({ lease, error: outcome.error });
  }
  return { leases: leases.length, life, lost, heldAgain, unsure, released, failures };
}

interface Answered {
  readonly records: NodeRecords;
  readonly entries: readonly JournalEntry[];
}

async function assertAll(
  { api, bootId, dryRun, runtime }: Reconciling,
  answered: readonly Answered[],
  { leases, life: now }: { readonly leases: readonly OwnLease[]; readonly life: Reconciled['life'] },
): Promise<Pick<Reconciled, 'lost' | 'heldAgain' | 'unsure'>> {
  const leasedIn = lifeOfLease(leases);
  const present = now?.boot === bootId ? now.incarnation : 0;
  const [lost, heldAgain, unsure]: [JournalEntry[], JournalEntry[], { entry: JournalEntry; error: LessorError }[]] = [
    [],
    [],
    [],
  ];
  for (const { records, entries } of answered) {
    const dead = deadLife(records);
    for (const entry of entries) {
      const life = leasedIn(entry);
      // One of a life that is over is still held, and may be swept at any moment.
      if (life !== undefined && life >= present && life > dead) continue;
      if (dryRun || runtime !== undefined) {
        if (life === undefined && (dryRun || records.journal.lose(entry))) lost.push(entry);
        continue;
      }
      const isThere =
        life === undefined
          ? records.journal.lose(entry)
          : records.journal.find(entry.attachment)?.nonce === entry.nonce;
      if (!isThere) continue;
      const { outcome, error } = await assertAgain({ records, api }, entry);
      if (error !== undefined) unsure.push({ entry, error });
      else if (outcome === 'lost') lost.push(entry);
      else if (outcome === 'held again') heldAgain.push(entry);
      // Where the service does not answer, the next one would fare no better.
      if (error !== undefined && error.kind.ofOneLease !== true) return { lost, heldAgain, unsure };
    }
  }
  return { lost, heldAgain, unsure };
}

/**
 * The earliest life of the node in which a slot is held that the container lives with; undefined where one is not held. A lease of
 * the same nonce in another slot, which a late copy of its request holds, keeps no address.
 */
function lifeOfLease(leases: readonly OwnLease[]): (entry: JournalEntry) => number | undefined {
  const keyOf = (nonce: string, slot: SlotReference) => `${nonce} ${slotName(slot)}`;
  const lives = new Map(leases.map(({ nonce, slot, incarnation }) => [keyOf(nonce, slot), incarnation]));
  return (entry) => {
    const found = slotsLivedWith(entry).map((slot) => lives.get(keyOf(entry.nonce, slot)));
    const held = found.filter((life) => life !== undefined);
    return found.length > 0 && held.length === found.length ? Math.min(...held) : undefined;
  };
}

/** What the service is to have, as far as the journal knows. */
const answeredEntries = ({ journal, bootId, outbox }: NodeRecords): JournalEntry[] =>
  journal.entries().filter((entry) => {
    const isAnswered = entry.acknowledged !== undefined || (entry.local !== undefined && outbox.isReported(entry));
    return (isAnswered || entry.lost === true) && entry.bootId === bootId && entry.ended !== true;
  });

/** The first that is found; a journal decides of its own nonces only, so that several agree. */
function reasonOf(
  { candidates, runtime }: Reconciling,
  lease: OwnLease,
  firstOfBoot: number | undefined,
): Reason | undefined {
  if (runtime !== undefined && runtime.network !== lease.attachment.network) return undefined;
  return reasonToRelease(lease, candidates.map(knownOf), { firstOfBoot, isValid: runtime?.isValid });
}

export const knownOf = ({
  journal,
  outbox,
  knownJournalId,
}: Pick<NodeRecords, 'journal' | 'outbox' | 'knownJournalId'>): Known => ({
  journalId: knownJournalId,
  find: journal.find,
  isReported: outbox.isReported,
});

/** @throws LessorError, also where the service takes this node for another one: its table says nothing of this one */
async function readTable({ api, bootId, candidates }: Reconciling) {
  const leases: OwnLease[] = [];
  let blocks: OwnBlock[] | undefined = [];
  let firstOfBoot: number | undefined;
  let life: Reconciled['life'];
  let cursor: string | undefined;
  do {
    const page = await api.ownLeases(cursor);
    for (const records of candidates) {
      // A dry run notes nothing.
      const other = knownNode(records) === undefined ? undefined : otherIdentity(records, page?.node);
      if (other !== undefined) throw other;
    }
    leases.push(...(page?.leases ?? []));
    // A service that does not say it on each page confirms nothing, and denies nothing.
    blocks = page?.blocks && blocks?.concat(page.blocks);
    firstOfBoot = page?.boot === bootId ? page.firstOfBoot : undefined;
    const { boot, incarnation } = page ?? {};
    life = boot === undefined || incarnation === undefined ? undefined : { boot, incarnation };
    cursor = page?.nextCursor;
  } while (cursor !== undefined);
  return { leases, blocks, firstOfBoot, life };
}
