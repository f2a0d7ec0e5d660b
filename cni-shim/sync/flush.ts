/** Tells the service what happened while it could not be reached: leases that containers live with, and those that ended. */

import type { Attachment, SlotReference } from '../../core/contract/ids.ts';
import type { ReleaseResult, ReportRequest } from '../../core/contract/lease.ts';
import { isUnanswered, type LessorError } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import { type JournalEntry, type LocalLease, slotsOf } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { afterRelease } from '../node/pool-cache.ts';
import type { DataDirectories } from './data-directories.ts';
import { giveBack, giveBackEmptyBlock } from './return-block.ts';

export interface Flushing {
  readonly records: NodeRecords;
  readonly api: Calls;
  readonly now: () => number;
}

export interface Flushed {
  readonly reported: number;
  readonly released: number;
  /** What the service refused or could not be told, by container. */
  readonly failures: readonly { readonly entry: JournalEntry; readonly error: LessorError }[];
}

export interface FlushOptions {
  /** How many requests may be made; one more where a DEL crosses a report, which nothing else would release. */
  readonly most?: number;
  /** Whose leases are not released now, whatever the outbox says. */
  readonly isKept?: (attachment: Attachment) => boolean;
}

/** Reports first: a container that ended since is released afterwards. Stops where the next request would fare no better. */
export async function flush(flushing: Flushing, options: FlushOptions = {}): Promise<Flushed> {
  const { isKept = () => false, most = Number.POSITIVE_INFINITY } = options;
  const { outbox } = flushing.records;
  const failures: { entry: JournalEntry; error: LessorError }[] = [];
  const { api, isOver } = bounded(flushing.api, most);
  /** How many of them the service was told. */
  const each = async (entries: readonly JournalEntry[], tell: (entry: JournalEntry) => Promise<void>) => {
    let told = 0;
    for (const entry of entries) {
      if (isOver()) break;
      const outcome = await outcomeOf(tell(entry));
      if (outcome.kind === 'granted') told += 1;
      else failures.push({ entry, error: outcome.error });
    }
    return told;
  };
  const asking = { ...flushing, api };
  const reported = await each(outbox.toReport(), (entry) => reportLease(asking, entry));
  const toRelease = outbox.toRelease().filter(({ attachment }) => !isKept(attachment));
  const released = await each(toRelease, async (entry) => {
    // An ADD may have taken its slot meanwhile.
    if (!outbox.asking(entry)) return;
    const answer = await releaseEntry(asking, entry);
    const cooled = noteCooling(asking, entry);
    outbox.released(entry);
    if (cooled !== undefined && !isOver()) await giveBackEmptyBlock(asking, cooled, answer.draining);
  });
  return { reported, released, failures };
}

/** Requests until there were `most`, or one failed for a reason that is not of one lease or block alone. */
function bounded(api: Calls, most: number): { readonly api: Calls; readonly isOver: () => boolean } {
  let left = most;
  const counted =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>, isFinal: (error: LessorError) => boolean) =>
    async (...args: A): Promise<R> => {
      left -= 1;
      const outcome = await outcomeOf(call(...args));
      if (outcome.kind === 'granted') return outcome.answer;
      if (isFinal(outcome.error)) left = 0;
      throw outcome.error;
    };
  const isOfAll = ({ kind }: LessorError) => kind.ofOneLease !== true;
  return {
    api: {
      ...api,
      report: counted(api.report, isOfAll),
      release: counted(api.release, isOfAll),
      giveBack: counted(api.giveBack, isUnanswered),
    },
    isOver: () => left <= 0,
  };
}

/** Of all networks of the node, with the blocks that are to be given back. Requests only where there is something to tell. */
export async function flushAll(
  { surroundings: { now } }: DataDirectories,
  networks: readonly NodeRecords[],
  calls: Calls,
): Promise<Flushed> {
  const { api, isOver } = bounded(calls, Number.POSITIVE_INFINITY);
  const total = { reported: 0, released: 0, failures: [] as Flushed['failures'][number][] };
  for (const records of networks) {
    const { reported, released, failures } = await flush({ records, api, now });
    total.reported += reported;
    total.released += released;
    total.failures.push(...failures);
    for (const { pool } of records.caches()) {
      for (const due of records.returnedBlocks.due(pool.id)) {
        if (isOver()) return total;
        await giveBack(records, api, pool.id, due);
      }
    }
    if (isOver()) return total;
  }
  return total;
}

/** Whether the outbox of any network has something in it. */
export const isAnythingToFlush = (networks: readonly NodeRecords[]): boolean =>
  networks.some(({ outbox }) => outbox.toReport().length + outbox.toRelease().length > 0);

/** @throws LessorError `lease.lost` where the slot is not the node's any more */
export async function reportLease({ records, api }: Flushing, entry: JournalEntry): Promise<void> {
  const { attachment, nonce, local } = entry;
  if (local === undefined || !records.outbox.asking(entry)) return;
  const { slot } = local;
  const outcome = await outcomeOf(api.report(reportOf(entry, local)));
  // Its block may be nobody's, as after a restore of the tables: then the reconcile has it held again.
  if (outcome.kind !== 'granted' && outcome.error.code === 'lease.lost') records.journal.lose(entry);
  if (outcome.kind !== 'granted') throw outcome.error;
  // A DEL that came meanwhile released nothing yet.
  if (records.journal.find(attachment)?.nonce === nonce) records.outbox.reported(entry);
  else await api.release({ attachment, nonce, slot, acknowledged: true });
}

/** Releases what an entry's container may hold. @throws LessorError */
export async function releaseEntry(flushing: Pick<Flushing, 'api'>, entry: JournalEntry): Promise<ReleaseResult> {
  const { api } = flushing;
  const { attachment, nonce } = entry;
  if (entry.local !== undefined && entry.reported !== true) await reportEnded(flushing, entry, entry.local);
  const [slot] = slotsOf(entry);
  const known: { slot?: SlotReference } = slot === undefined ? {} : { slot };
  const answer = await api.release({ attachment, nonce, ...known, acknowledged: isAllThatIsHeld(entry) });
  return answer ?? { released: [] };
}

/**
 * Whose container lived and ended while nobody could be told. Only so does its slot cool, and is it in the table's history. No
 * refusal of it stands in the way of the release, which is refused by itself where nothing can be had.
 */
async function reportEnded({ api }: Pick<Flushing, 'api'>, entry: JournalEntry, local: LocalLease): Promise<void> {
  const outcome = await outcomeOf(api.report(reportOf(entry, local)));
  if (outcome.kind !== 'granted' && mayBeCarriedOut(outcome.error)) throw outcome.error;
}

/** Nobody can say whether it was or will be: a release that is sent now may come first. */
const mayBeCarriedOut = ({ kind, code }: LessorError): boolean => kind.unanswered === true || code === 'service.fault';

const reportOf = (
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

/**
 * What was asked for once was answered, with one slot. Copies of a request may have met in different slots, and requested
 * addresses may be several and other ones each time: then the service looks for whatever the nonce holds.
 */
function isAllThatIsHeld({ acknowledged, more, attempts }: JournalEntry): boolean {
  return acknowledged !== undefined && more === undefined && attempts === 1;
}

/**
 * Before its slots are free here, so that no ADD proposes what still cools.
 * @returns what the entry's container lived with, if anything
 */
export function noteCooling({ records, now }: Flushing, entry: JournalEntry): SlotReference | undefined {
  const [slot] = slotsOf(entry);
  if (slot === undefined) return undefined;
  const cooling = [slot, ...(entry.more ?? [])];
  records.update(slot.pool, (cache) => cache && cooling.reduce((known, one) => afterRelease(known, one, now()), cache));
  return slot;
}
