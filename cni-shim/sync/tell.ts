/** What the service is told of one lease: that a container lives with it, and that it is over. And what its answer comes to here. */
import type { BatchItem } from '../../core/contract/batch.ts';
import type { SlotReference } from '../../core/contract/ids.ts';
import type { ReleaseResult, ReportRequest } from '../../core/contract/lease.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import { type JournalEntry, type LocalLease, slotsOf } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { afterRefusedReport, afterRelease } from '../node/pool-cache.ts';
import { giveBackEmptyBlock } from './return-block.ts';

export interface Flushing {
  readonly records: NodeRecords;
  readonly api: Calls;
  readonly now: () => number;
  /** Whether no further request may be made; left out: any may. */
  readonly isOver?: () => boolean;
}

/** That a container lives with its lease, or that the lease is over. */
export interface ToTell {
  readonly entry: JournalEntry;
  readonly what: 'report' | 'release';
}

/** @throws LessorError `lease.lost` where the slot is not the node's any more */
export async function reportLease(flushing: Flushing, entry: JournalEntry): Promise<void> {
  const { records, api } = flushing;
  const { local } = entry;
  if (local === undefined || !records.outbox.asking(entry)) return;
  const outcome = await outcomeOf(api.report(reportOf(entry, local)));
  if (outcome.kind !== 'granted') throw reportRefused(records, entry, outcome.error);
  await reportTaken(flushing, entry, outcome.answer?.incarnation);
}

/** @param life of the node in which it is held */
export async function reportTaken({ records, api }: Flushing, entry: JournalEntry, life?: number): Promise<void> {
  const { attachment, nonce, local } = entry;
  // A DEL that came meanwhile, and is over, released nothing yet.
  if (records.outbox.reported(entry, life) || local === undefined || !isKnownHere(records, entry)) return;
  await api.release({ attachment, nonce, slot: local.slot, acknowledged: true });
}

/**
 * Whether this is still the journal that asked: what is not in it is over. Where it was lost meanwhile, another one knows nothing of
 * the container, which may live (I2).
 */
export const isKnownHere = (
  { knownJournalId }: Pick<NodeRecords, 'knownJournalId'>,
  { nonce }: JournalEntry,
): boolean => knownJournalId !== undefined && nonce.startsWith(knownJournalId);

/** The error, once what it says is noted. */
export function reportRefused(records: NodeRecords, entry: JournalEntry, error: LessorError): LessorError {
  if (error.code !== 'lease.lost') return error;
  // Its block may be nobody's, as after a restore of the tables: then the reconcile has it held again.
  // As it is in the journal: the mark went before the report was sent.
  const { unasked: _, ...asked } = entry;
  records.journal.lose(asked);
  noteRefusedReport(records, entry, error);
  return error;
}

/** Also of a lease that is over: its block may be no longer the node's. */
export function noteRefusedReport(records: NodeRecords, { local }: JournalEntry, { code }: LessorError): void {
  if (code === 'lease.lost' && local !== undefined)
    records.update(local.slot.pool, (cache) => cache && afterRefusedReport(cache));
}

/** Releases what an entry's container may hold. @throws LessorError */
export async function releaseEntry(
  { records, api }: Pick<Flushing, 'records' | 'api'>,
  entry: JournalEntry,
): Promise<ReleaseResult> {
  const { report, release } = endOf(entry);
  const refused = report && (await reportEnded(api, report));
  if (refused !== undefined) noteRefusedReport(records, entry, refused);
  return (await api.release(release)) ?? { released: [] };
}

/** After the service released what is in the outbox. */
export async function releaseTaken(flushing: Flushing, entry: JournalEntry, draining?: boolean): Promise<void> {
  const cooled = noteCooling(flushing, entry);
  flushing.records.outbox.released(entry);
  if (cooled !== undefined && flushing.isOver?.() !== true) await giveBackEmptyBlock(flushing, cooled, draining);
}

/**
 * Whose container lived and ended while nobody was told. Only so does its slot cool, and is it in the table's history. No
 * refusal of it stands in the way of the release, which is refused by itself where nothing can be had.
 */
async function reportEnded(api: Calls, report: ReportRequest): Promise<LessorError | undefined> {
  const outcome = await outcomeOf(api.report(report));
  if (outcome.kind === 'granted') return undefined;
  if (mayBeCarriedOut(outcome.error)) throw outcome.error;
  return outcome.error;
}

/** Nobody can say whether it was or will be: a release that is sent now may come first. */
const mayBeCarriedOut = ({ kind, code }: LessorError): boolean => kind.unanswered === true || code === 'service.fault';

export const reportOf = (
  { attachment, nonce, bootId, pod }: JournalEntry,
  { slot, generation }: LocalLease,
): ReportRequest => ({
  attachment,
  nonce,
  boot: bootId,
  slot,
  generation,
  ...(pod === undefined ? {} : { pod }),
});

/** What is told of a lease that is over. */
export function endOf(
  entry: JournalEntry,
): Pick<BatchItem, 'report'> & { readonly release: NonNullable<BatchItem['release']> } {
  const { attachment, nonce, local, reported } = entry;
  const [slot] = slotsOf(entry);
  const release = {
    attachment,
    nonce,
    ...(slot === undefined ? {} : { slot }),
    acknowledged: isAllThatIsHeld(entry),
  };
  return local !== undefined && reported !== true ? { report: reportOf(entry, local), release } : { release };
}

/**
 * What was asked for once was answered, with one slot; or nothing was asked for, and one slot was reported. Copies of a request
 * may have met in different slots, and requested addresses may be several and other ones each time: then the service looks for
 * whatever the nonce holds.
 */
function isAllThatIsHeld({ acknowledged, onlyReported, more, attempts }: JournalEntry): boolean {
  return (acknowledged !== undefined || onlyReported === true) && more === undefined && attempts === 1;
}

/**
 * Before its slots are free here, so that no ADD proposes what still cools.
 * @returns what the entry's container lived with, if anything
 */
export function noteCooling(
  { records, now }: Pick<Flushing, 'records' | 'now'>,
  entry: JournalEntry,
): SlotReference | undefined {
  const [slot] = slotsOf(entry);
  if (slot === undefined) return undefined;
  const cooling = [slot, ...(entry.more ?? [])];
  records.update(slot.pool, (cache) => cache && cooling.reduce((known, one) => afterRelease(known, one, now()), cache));
  return slot;
}
