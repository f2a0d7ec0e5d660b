/**
 * What lives here and is not held is asserted: exactly that slot is held again, if no other container has it. What another one
 * has is lost (docs/protocol.md, "Both ways").
 */
import type { SlotReference } from '../../core/contract/ids.ts';
import type { ReportResult } from '../../core/contract/lease.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import { type JournalEntry, slotsLivedWith } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { afterAsserted, inLife, type PoolCache } from '../node/pool-cache.ts';
import { isKnownHere } from './tell.ts';

export interface Asserted {
  readonly outcome: 'held again' | 'lost' | 'ended';
  /** Where nobody can say: it is asserted again later. */
  readonly error?: LessorError;
  /** Why it is lost, where the service said so. */
  readonly refused?: LessorError;
}

/** @param entry as the table was compared with it; a container that ended meanwhile is not held again for long */
export async function assertAgain(
  { records, api }: { readonly records: NodeRecords; readonly api: Calls },
  entry: JournalEntry,
): Promise<Asserted> {
  const { attachment, nonce, bootId, pod, identity } = entry;
  const slots = slotsLivedWith(entry);
  let life = 0;
  for (const slot of slots) {
    const whose = { ...(pod === undefined ? {} : { pod }), ...(identity === undefined ? {} : { identity }) };
    const about = { attachment, nonce, boot: bootId, slot, generation: 1, ...whose };
    const outcome = await outcomeOf(api.report({ ...about, again: true }));
    if (outcome.kind !== 'granted') {
      // Refused for good, also by a service of before there were assertions.
      const isFinal = ['lease.lost', 'request.invalid'].includes(outcome.error.code);
      return { outcome: 'lost', ...(isFinal ? { refused: outcome.error } : { error: outcome.error }) };
    }
    noteBlock(records, slot, outcome.answer);
    life = outcome.answer?.incarnation ?? 0;
  }
  if (slots.length === 0) return { outcome: 'lost' };
  // Not before all of them are: one that is missing is lost, and is asserted again soon.
  if (records.journal.heldAgain(entry, life) || !isKnownHere(records, entry)) return { outcome: 'held again' };
  // A DEL came meanwhile, and its release may have come first.
  for (const slot of slots) await api.release({ attachment, nonce, slot, acknowledged: true });
  return { outcome: 'ended' };
}

/** Its block may have come to be the node's at another generation. */
function noteBlock(records: NodeRecords, { pool, block }: SlotReference, answer: ReportResult | undefined): void {
  if (answer === undefined) return;
  const { generation, incarnation } = answer;
  records.noteLives({ told: incarnation });
  if (generation === undefined) return;
  // Late, it says nothing of a life that began since.
  const isLate = (cache: PoolCache) => cache.incarnation > incarnation;
  records.update(pool, (cache) =>
    cache === undefined || isLate(cache) ? undefined : afterAsserted(inLife(cache, incarnation), { block, generation }),
  );
}
