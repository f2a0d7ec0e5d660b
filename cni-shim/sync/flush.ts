/** Tells the service what happened while it could not be reached: leases that containers live with, and those that ended. */

import type { SlotReference } from '../../core/contract/ids.ts';
import type { ReleaseResult } from '../../core/contract/lease.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Calls } from '../api/client.ts';
import { type JournalEntry, slotsOf } from '../node/journal-entry.ts';
import type { NetworkRecords } from '../node/network-records.ts';
import { learnRelease } from '../node/node-state.ts';
import { giveBackEmptyBlock } from './return-block.ts';

export interface Settling {
  readonly records: NetworkRecords;
  readonly api: Calls;
  readonly now: () => number;
}

export interface Settled {
  readonly reported: number;
  readonly released: number;
  /** What the service refused or could not be told, by container. */
  readonly failures: readonly { readonly entry: JournalEntry; readonly error: LessorError }[];
}

/**
 * Reports first: a container that ended since is released afterwards. Stops where the next request would fare no better.
 * @param most how many requests may be made
 */
export async function settle(settling: Settling, most = Number.POSITIVE_INFINITY): Promise<Settled> {
  const { unsettled } = settling.records;
  const failures: { entry: JournalEntry; error: LessorError }[] = [];
  let [reported, released, left] = [0, 0, most];
  const each = async (entries: () => JournalEntry[], one: (entry: JournalEntry) => Promise<void>, done: () => void) => {
    for (const entry of entries().slice(0, left)) {
      left -= 1;
      try {
        await one(entry);
        done();
      } catch (error) {
        if (!(error instanceof LessorError)) throw error;
        failures.push({ entry, error });
        if (error.kind.ofOneLease !== true) left = 0;
      }
    }
  };
  await each(
    unsettled.toReport,
    (entry) => reportLease(settling, entry),
    () => (reported += 1),
  );
  await each(
    unsettled.toRelease,
    (entry) => releaseRetired(settling, entry),
    () => (released += 1),
  );
  return { reported, released, failures };
}

/** @throws LessorError `lease.lost` where the slot is not the node's any more */
export async function reportLease({ records, api }: Settling, entry: JournalEntry): Promise<void> {
  const { attachment, nonce, bootId, pod, local } = entry;
  if (local === undefined) return;
  const { slot, generation } = local;
  await api.report({ attachment, nonce, boot: bootId, slot, generation, ...(pod === undefined ? {} : { pod }) });
  // A DEL that came meanwhile released nothing yet.
  if (records.journal.find(attachment)?.nonce === nonce) records.unsettled.reported(entry);
  else if (!records.unsettled.mayLive(entry)) await api.release({ attachment, nonce, slot, acknowledged: true });
}

async function releaseRetired(settling: Settling, entry: JournalEntry): Promise<void> {
  const { records } = settling;
  const answer = await releaseEntry(settling, entry);
  records.unsettled.released(entry, answer.released);
  await noteRelease(settling, entry, answer);
}

/** Releases what an entry's container may hold. @throws LessorError */
export async function releaseEntry({ api }: Pick<Settling, 'api'>, entry: JournalEntry): Promise<ReleaseResult> {
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
  { records, api, now }: Settling,
  entry: JournalEntry,
  { draining = false }: ReleaseResult,
): Promise<void> {
  const [slot] = slotsOf(entry);
  const state = slot && records.stateOf(slot.pool);
  if (slot === undefined || state === undefined) return;
  records.write([slot, ...(entry.more ?? [])].reduce((known, one) => learnRelease(known, one, now()), state));
  await giveBackEmptyBlock({ records, api, now: now() }, slot, draining);
}
