/** Tells the service what happened while it could not be reached: leases that containers live with, and those that ended. */

import type { SlotReference } from '../../core/contract/ids.ts';
import type { ReleaseResult } from '../../core/contract/lease.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import { type JournalEntry, slotsOf } from '../node/journal-entry.ts';
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

/**
 * Reports first: a container that ended since is released afterwards. Stops where the next request would fare no better.
 * @param most how many requests may be made
 */
export async function flush(flushing: Flushing, most = Number.POSITIVE_INFINITY): Promise<Flushed> {
  const { outbox } = flushing.records;
  const failures: { entry: JournalEntry; error: LessorError }[] = [];
  let left = most;
  /** How many of them the service was told. */
  const each = async (
    entries: readonly JournalEntry[],
    tell: (flushing: Flushing, entry: JournalEntry) => Promise<void>,
  ) => {
    let told = 0;
    for (const entry of entries.slice(0, left)) {
      left -= 1;
      const outcome = await outcomeOf(tell(flushing, entry));
      if (outcome.kind === 'granted') {
        told += 1;
        continue;
      }
      failures.push({ entry, error: outcome.error });
      if (outcome.error.kind.ofOneLease !== true) left = 0;
    }
    return told;
  };
  const reported = await each(outbox.toReport(), reportLease);
  const released = await each(outbox.toRelease(), releaseRetired);
  return { reported, released, failures };
}

/** Of all networks of the node, with the blocks that are to be given back. Requests only where there is something to tell. */
export async function flushAll(
  { surroundings: { now } }: DataDirectories,
  networks: readonly NodeRecords[],
  api: Calls,
): Promise<Flushed> {
  const total = { reported: 0, released: 0, failures: [] as Flushed['failures'][number][] };
  for (const records of networks) {
    const { reported, released, failures } = await flush({ records, api, now });
    total.reported += reported;
    total.released += released;
    total.failures.push(...failures);
    if (!failures.every(({ error }) => error.kind.ofOneLease)) return total;
    for (const { pool } of records.caches()) {
      for (const due of records.returnedBlocks.due(pool.id)) await giveBack(records, api, pool.id, due);
    }
  }
  return total;
}

/** Whether the outbox of any network has something in it. */
export const isAnythingToFlush = (networks: readonly NodeRecords[]): boolean =>
  networks.some(({ outbox }) => outbox.toReport().length + outbox.toRelease().length > 0);

/** @throws LessorError `lease.lost` where the slot is not the node's any more */
export async function reportLease({ records, api }: Flushing, entry: JournalEntry): Promise<void> {
  const { attachment, nonce, bootId, pod, local } = entry;
  if (local === undefined) return;
  const { slot, generation } = local;
  await api.report({ attachment, nonce, boot: bootId, slot, generation, ...(pod === undefined ? {} : { pod }) });
  // A DEL that came meanwhile released nothing yet.
  if (records.journal.find(attachment)?.nonce === nonce) records.outbox.reported(entry);
  else await api.release({ attachment, nonce, slot, acknowledged: true });
}

async function releaseRetired(flushing: Flushing, entry: JournalEntry): Promise<void> {
  const { records } = flushing;
  const answer = await releaseEntry(flushing, entry);
  records.outbox.released(entry);
  await noteRelease(flushing, entry, answer);
}

/** Releases what an entry's container may hold. @throws LessorError */
export async function releaseEntry({ api }: Pick<Flushing, 'api'>, entry: JournalEntry): Promise<ReleaseResult> {
  const { attachment, nonce } = entry;
  const [slot] = slotsOf(entry);
  const known: { slot?: SlotReference } = slot === undefined ? {} : { slot };
  const answer = await api.release({ attachment, nonce, ...known, acknowledged: isAllThatIsHeld(entry) });
  return answer ?? { released: [] };
}

/** Requested addresses may be several slots, and other ones each time that the attachment was added: the service looks for them. */
function isAllThatIsHeld({ acknowledged, addresses, more, attempts }: JournalEntry): boolean {
  return acknowledged !== undefined && more === undefined && (addresses === undefined || attempts === 1);
}

/** The released slots cool, and a block that is empty now is given back. */
export async function noteRelease(
  { records, api, now }: Flushing,
  entry: JournalEntry,
  { draining = false }: ReleaseResult,
): Promise<void> {
  const [slot] = slotsOf(entry);
  if (slot === undefined) return;
  const cooling = [slot, ...(entry.more ?? [])];
  records.update(slot.pool, (cache) => cache && cooling.reduce((known, one) => afterRelease(known, one, now()), cache));
  await giveBackEmptyBlock({ records, api, now: now() }, slot, draining);
}
