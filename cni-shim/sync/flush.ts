/**
 * Tells the service what it does not know yet: leases that containers live with, and those that ended. Since an outage, or
 * because leasing is delegated. By batches, where the service takes them.
 */
import type { Attachment } from '../../core/contract/ids.ts';
import { most as bounds } from '../../core/contract/limits.ts';
import { isUnanswered, type LessorError } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import type { JournalEntry } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import type { DataDirectories } from './data-directories.ts';
import { tellBatch } from './flush-batch.ts';
import { giveBack } from './return-block.ts';
import { type Flushing, releaseEntry, releaseTaken, reportLease, type ToTell } from './tell.ts';

export interface Flushed {
  readonly reported: number;
  readonly released: number;
  /** What the service refused or could not be told, by container. */
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly entry: JournalEntry;
  readonly error: LessorError;
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
  const { api, isOver } = bounded(flushing.api, most);
  const asking = { ...flushing, api, isOver };
  const ended = outbox.toRelease().filter(({ attachment }) => !isKept(attachment));
  const all: ToTell[] = [
    ...outbox.toReport().map((entry) => ({ entry, what: 'report' }) as const),
    ...ended.map((entry) => ({ entry, what: 'release' }) as const),
  ];
  const told = { report: 0, release: 0 };
  const failures: Failure[] = [];
  const note = ({ entry, what }: ToTell, error: LessorError | undefined) => {
    if (error === undefined) told[what] += 1;
    else failures.push({ entry, error });
  };
  for (let from = 0; from < all.length && !isOver(); from += bounds.itemsOfBatch) {
    const some = all.slice(from, from + bounds.itemsOfBatch);
    if (await tellBatch(asking, some, note)) continue;
    for (const telling of some) {
      if (isOver()) break;
      const outcome = await outcomeOf(tellSingly(asking, telling));
      note(telling, outcome.kind === 'granted' ? undefined : outcome.error);
    }
  }
  return { reported: told.report, released: told.release, failures };
}

async function tellSingly(asking: Flushing, { entry, what }: ToTell): Promise<void> {
  if (what === 'report') return reportLease(asking, entry);
  // An ADD may have taken its slot meanwhile.
  if (!asking.records.outbox.asking(entry)) return;
  const { draining } = await releaseEntry(asking, entry);
  await releaseTaken(asking, entry, draining);
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
  const isOfBatch = (error: LessorError) => {
    if (error.code !== 'route.unknown') return isOfAll(error);
    // An older service does not know batches, and takes everything singly.
    left += 1;
    return false;
  };
  return {
    api: {
      ...api,
      batch: counted(api.batch, isOfBatch),
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
  const total = { reported: 0, released: 0, failures: [] as Failure[] };
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

/** Whether the outbox of any network has something in it that is not gathered any longer. */
export const isAnythingToFlush = (networks: readonly NodeRecords[], now: number): boolean =>
  networks.some((records) => {
    const { count, since } = records.outbox.behind();
    if (count === 0 || since === undefined || count >= bounds.itemsOfBatch) return count > 0;
    // A clock that was set back does not make it wait for longer.
    return Math.abs(now - since) >= (gatheredForSeconds(records) - 1) * 1000;
  });

/** Seconds. As long as each pool of the network lets it: where the service is asked for each address, what is waiting is of an outage. */
export function gatheredForSeconds(records: NodeRecords): number {
  const each = records.caches().map(({ pool }) => (pool.leasing === 'delegated' ? pool.tellWithinSeconds : 1));
  return Math.min(...(each.length === 0 ? [1] : each));
}
