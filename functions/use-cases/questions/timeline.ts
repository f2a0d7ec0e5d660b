/** Who had a slot between two times, as far as it is known: from the leases that are kept, and from what the slot itself tells of its last one. */
import type { EndedLease } from '../../../core/protocol/history.ts';
import type { Holding, SlotState } from '../../../core/protocol/lease.ts';

export interface Tenure {
  readonly holding: Holding;
  /** Absent while it is held. */
  readonly endedAt?: number;
}

/** Milliseconds since 1970; both ends are the same where one moment is asked for. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

export interface Timeline {
  readonly tenures: readonly Tenure[];
  /** In which a lease ended that is missing: whose the slot was then is not known. */
  readonly unknown: readonly TimeSpan[];
}

interface Step extends Tenure {
  /** When the lease before it ended; undefined where it is not known whether there was one. */
  readonly previousEndedAt: number | undefined;
}

/**
 * Each lease tells when the one before it ended. Where that one is not among those that are kept, it is missing: it is not written
 * yet, or never will be.
 * @param kept those that ended after `from`, in their order
 * @param slot what the table has of it, where `kept` reaches up to the present
 * @param nothingBefore whether a lease of which no earlier one is known is the first one
 * @param since when the pool came to be (ms): nobody had a slot of it before
 */
export function timeline(
  { from, to }: TimeSpan,
  kept: readonly EndedLease[],
  { slot, nothingBefore, since }: { slot: SlotState | undefined; nothingBefore: boolean; since: number },
): Timeline {
  const tenures: Tenure[] = [];
  const unknown: TimeSpan[] = [];
  let known = Math.max(from, since);
  for (const step of [...kept.map(stepOf), ...lastOf(kept, slot)]) {
    const { previousEndedAt, ...tenure } = step;
    // One that a late request began was not there before the lease before it had ended.
    const begun = Math.max(tenure.holding.heldAt, previousEndedAt ?? 0);
    const before = previousEndedAt ?? (nothingBefore && tenures.length === 0 ? 0 : begun);
    if (before > known && known <= to) unknown.push({ from: known, to: Math.min(before, to) });
    if (begun <= to && (tenure.endedAt ?? Number.POSITIVE_INFINITY) > from) tenures.push(tenure);
    known = Math.max(known, tenure.endedAt ?? Number.POSITIVE_INFINITY);
  }
  const freedBy = freedUnsaid(kept, slot);
  if (freedBy > known && known <= to) unknown.push({ from: known, to: Math.min(freedBy, to) });
  return { tenures, unknown };
}

const stepOf = ({ holding, endedAt, previousEndedAt }: EndedLease): Step => ({ holding, endedAt, previousEndedAt });

/**
 * When (ms) a slot was free at the latest of which it is not said when: an earlier version freed it without a word, or a request
 * that came late, by the time that it names. Of the latter, what is kept will say it.
 */
function freedUnsaid(kept: readonly EndedLease[], slot: SlotState | undefined): number {
  if (slot?.holding === undefined || slot.held || isKept(kept, slot)) return 0;
  if (slot.endedAt === undefined) return kept.length === 0 ? slot.reusableAt : 0;
  return slot.endedAt < slot.holding.heldAt ? Number.POSITIVE_INFINITY : 0;
}

/** What the slot tells of its last lease. */
function lastOf(kept: readonly EndedLease[], slot: SlotState | undefined): Step[] {
  if (slot?.holding === undefined) return [];
  const { held, holding, endedAt } = slot;
  if (held) return [{ holding, previousEndedAt: endedAt }];
  // It ended just now, and is not kept yet. When the one before it ended, only what will be kept tells.
  return endedAt === undefined || endedAt < holding.heldAt || isKept(kept, slot)
    ? []
    : [{ holding, endedAt, previousEndedAt: holding.heldAt }];
}

/** By a later time than the slot names, where a late request ended it, or the one before it ended no earlier (`leaseChange`). */
const isKept = (kept: readonly EndedLease[], { holding, endedAt = 0 }: SlotState): boolean =>
  kept.some(
    (one) => one.holding.nonce === holding?.nonce && one.holding.heldAt === holding.heldAt && one.endedAt >= endedAt,
  );
