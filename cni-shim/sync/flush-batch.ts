/** Many leases in one request. */
import type { BatchItem, BatchOutcome, BatchResult } from '../../core/contract/batch.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import { errorOf } from '../api/refusals.ts';
import { refusal } from '../machine/refusal.ts';
import { afterTold, isWithin } from '../node/pool-cache.ts';
import {
  endOf,
  type Flushing,
  noteRefusedReport,
  releaseTaken,
  reportOf,
  reportRefused,
  reportTaken,
  type ToTell,
} from './tell.ts';

/** For so long a service that did not know batches is not asked by one again. */
const TRIED_AGAIN_AFTER_MS = 10 * 60_000;
const ROW = 'no batches';

/**
 * Whether they were told of so, whatever came of it; else the service knows no batches, or one request of another kind does.
 * @param note is told what came of each; undefined: it was taken
 */
export async function tellBatch(
  flushing: Flushing,
  some: readonly ToTell[],
  note: (telling: ToTell, error: LessorError | undefined) => void,
): Promise<boolean> {
  const { records, api, now } = flushing;
  const planned = some.map((telling) => ({ telling, item: itemOf(telling) }));
  const requests = planned.flatMap(({ item }) => [item?.report, item?.release]).filter((one) => one !== undefined);
  // Where leasing is delegated the answer is news, even to one lease: nothing else says what holds in the pool by now.
  const isNews = records.caches().some(({ pool }) => pool.leasing === 'delegated');
  const isRefusing = isWithin(TRIED_AGAIN_AFTER_MS, Number(records.meta(ROW) ?? Number.NaN), now());
  if ((requests.length < 2 && !isNews) || isRefusing) return false;
  // Whose slot an ADD has taken meanwhile has nothing to tell.
  const sent = planned.flatMap(({ telling, item }) =>
    item !== undefined && records.outbox.asking(telling.entry) ? [{ telling, item }] : [],
  );
  const [first] = sent;
  if (first === undefined) return true;
  const outcome = await outcomeOf(api.batch({ items: sent.map(({ item }) => item) }));
  if (outcome.kind !== 'granted') {
    const { error } = outcome;
    if (error.code === 'route.unknown') records.setMeta(ROW, String(now()));
    // One item may be what the service cannot read: singly the others are told all the same.
    const isToldSingly = error.code === 'route.unknown' || error.kind.ofOneLease === true;
    if (!isToldSingly) note(first.telling, error);
    return !isToldSingly;
  }
  for (const [index, { telling }] of sent.entries()) {
    const come = await outcomeOf(takeOutcome(flushing, telling, outcome.answer?.items[index]));
    note(telling, come.kind === 'granted' ? undefined : come.error);
  }
  notePolicies(flushing, outcome.answer?.pools ?? []);
  return true;
}

function itemOf({ entry, what }: ToTell): BatchItem | undefined {
  if (what === 'release') return endOf(entry);
  return entry.local && { report: reportOf(entry, entry.local) };
}

/** @throws LessorError why it was not told */
async function takeOutcome(
  flushing: Flushing,
  { entry, what }: ToTell,
  { reported, released, refused, problem }: BatchOutcome = {},
): Promise<void> {
  const { records } = flushing;
  if (problem !== undefined) {
    const error = errorOf(problem);
    throw what === 'report' ? reportRefused(records, entry, error) : error;
  }
  // What the service does not say it did it is told of again.
  if ((what === 'report' ? reported : released) === undefined) throw noOutcome();
  if (refused !== undefined) noteRefusedReport(records, entry, errorOf(refused));
  if (what === 'report') await reportTaken(flushing, entry, reported?.incarnation);
  else await releaseTaken(flushing, entry, released?.draining);
}

const noOutcome = (): LessorError =>
  refusal('service.fault', 'the service did not say what came of a lease', 'look into its log');

function notePolicies({ records }: Flushing, pools: BatchResult['pools']): void {
  for (const told of pools) records.update(told.id, (cache) => cache && afterTold(cache, told));
}
