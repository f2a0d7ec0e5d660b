/** Compares what the table says this node holds with what the node knows, and releases what has no reason any more. */
import type { Attachment } from '../../core/contract/ids.ts';
import type { OwnLease } from '../../core/contract/nodes.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import type { JournalEntry } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
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
  /** Of containers that live here: the table does not have them any more, so their addresses may be others'. */
  readonly lost: readonly JournalEntry[];
  readonly released: readonly { readonly lease: OwnLease; readonly reason: Reason }[];
  readonly failures: readonly { readonly lease: OwnLease; readonly error: LessorError }[];
}

/** @throws LessorError where the table could not be read */
export async function reconcile(reconciling: Reconciling): Promise<Reconciled> {
  // Before the table: what is granted since may not be on the pages that were read.
  const answered = reconciling.candidates.map((records) => ({ records, entries: answeredEntries(records) }));
  const { leases, firstOfBoot, life } = await readTable(reconciling);
  const nonces = new Set(leases.map(({ nonce }) => nonce));
  const lost = answered.flatMap(({ records, entries }) =>
    entries.filter((entry) => !nonces.has(entry.nonce) && (reconciling.dryRun || records.journal.lose(entry))),
  );
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
  return { leases: leases.length, life, lost, released, failures };
}

/** What the service is to have, as far as the journal knows. */
const answeredEntries = ({ journal, bootId, outbox }: NodeRecords): JournalEntry[] =>
  journal.entries().filter((entry) => {
    const isAnswered = entry.acknowledged !== undefined || (entry.local !== undefined && outbox.isReported(entry));
    return isAnswered && entry.bootId === bootId && entry.ended !== true;
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

async function readTable({ api, bootId }: Reconciling) {
  const leases: OwnLease[] = [];
  let firstOfBoot: number | undefined;
  let life: Reconciled['life'];
  let cursor: string | undefined;
  do {
    const page = await api.ownLeases(cursor);
    leases.push(...(page?.leases ?? []));
    firstOfBoot = page?.boot === bootId ? page.firstOfBoot : undefined;
    const { boot, incarnation } = page ?? {};
    life = boot === undefined || incarnation === undefined ? undefined : { boot, incarnation };
    cursor = page?.nextCursor;
  } while (cursor !== undefined);
  return { leases, firstOfBoot, life };
}
