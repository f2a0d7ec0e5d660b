/**
 * Why a lease that the table has of this node has no reason any more (docs/protocol.md, "Reconcile"). The table was read
 * first and the journal is read now: what was added since is not in that list, what was added before is in the journal. So
 * there is no period of grace, and no clock.
 */
import type { Attachment } from '../../core/contract/ids.ts';
import type { OwnLease } from '../../core/contract/nodes.ts';
import { type JournalEntry, sameSlot } from '../node/journal-entry.ts';

export type Reason = 'unjournaled' | 'elsewhere' | 'of an earlier boot' | 'unknown to the runtime';

/** What this node knows of the lease's network. */
export interface Known {
  /** Undefined where nothing is known of the network. */
  readonly journalId: string | undefined;
  find(attachment: Attachment): JournalEntry | undefined;
  isReported(entry: JournalEntry): boolean;
}

export interface Circumstances {
  /** The node's first life in this boot; undefined where the service has not heard of this boot yet. */
  readonly firstOfBoot: number | undefined;
  /** Whether the runtime knows the attachment: only where it told, and adds nothing meanwhile (CNI specification, GC). */
  readonly isValid?: ((attachment: Attachment) => boolean) | undefined;
}

/**
 * Undefined where the lease stays.
 * @param known of each data directory that has something of the lease's network
 */
export function reasonToRelease(
  lease: OwnLease,
  known: readonly Known[],
  { firstOfBoot, isValid }: Circumstances,
): Reason | undefined {
  const entryOf = (journal: Known) => journal.find(lease.attachment);
  if (known.map(entryOf).some((entry) => entry?.nonce === lease.nonce && entry.release === 'del')) return undefined;
  // What the runtime calls valid lives, whatever the journal says.
  if (isValid !== undefined) return isValid(lease.attachment) ? undefined : 'unknown to the runtime';
  for (const journal of known) {
    const entry = entryOf(journal);
    if (entry?.nonce === lease.nonce) return isElsewhere(lease, journal, entry) ? 'elsewhere' : undefined;
    if (journal.journalId !== undefined && lease.nonce.startsWith(journal.journalId)) return 'unjournaled';
  }
  return firstOfBoot !== undefined && lease.incarnation < firstOfBoot ? 'of an earlier boot' : undefined;
}

/** The container lives with another slot, and the service knows: no answer is waited for that could still name this one. */
function isElsewhere({ slot }: OwnLease, known: Known, entry: JournalEntry): boolean {
  const { acknowledged, local, more = [] } = entry;
  const own = acknowledged?.slot ?? (known.isReported(entry) ? local?.slot : undefined);
  return own !== undefined && ![own, ...more].some((one) => sameSlot(one, slot));
}
