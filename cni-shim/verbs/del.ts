/**
 * DEL: ask the service to release, then forget. Until the service has answered, everything is kept: for the repeat, or,
 * where the slot is of a block of this node, for whoever tells the service later.
 */

import { outcomeOf } from '../api/call-outcome.ts';
import { type JournalEntry, slotsOf } from '../node/journal-entry.ts';
import { type Flushing, type FlushOptions, flush, noteRelease, releaseEntry } from '../sync/flush.ts';
import type { NetworkPlugin, Plugin } from './assemble.ts';

/** Requests with which one DEL tells the service of earlier ones, beside its own: the runtime waits for it. */
const FLUSHED_AT_ONCE = 4;

/** Succeeds for an attachment that nobody knows as well (CNI specification, section 4, DEL). @throws LessorError */
export async function remove(plugin: Plugin): Promise<void> {
  const { attachment, records } = plugin;
  const entry = records.journal.find(attachment);
  plugin.observer?.addresses((entry?.acknowledged ?? entry?.local)?.addresses.map(({ address }) => address) ?? []);
  if (entry !== undefined) return removeEntry(plugin, entry);
  // What this journal asked for is in it, and what is in the outbox is told later; what another one asked for is the reconcile's.
  if (!records.isIntact) await releaseWhatIsFound(plugin);
}

/** @param flushed what it tells the service of earlier ones @throws LessorError */
export async function removeEntry(
  plugin: NetworkPlugin,
  entry: JournalEntry,
  flushed?: Pick<FlushOptions, 'isKept'>,
): Promise<void> {
  const { records, outage, surroundings, observer } = plugin;
  const later = isOfOwnBlock(plugin, entry);
  const retire = () => {
    observer?.local();
    records.outbox.retire(entry);
  };
  if (later && outage.isRecent()) return retire();
  const flushing: Flushing = { records, api: later ? plugin.api.brief : plugin.api, now: surroundings.now };
  // Whatever comes of the request, it may arrive late: an ADD of the same container must not find itself meant.
  records.outbox.end(entry);
  const outcome = await outcomeOf(releaseEntry(flushing, entry));
  if (outcome.kind !== 'granted') {
    if (!later || outcome.kind === 'refused') throw outcome.error;
    outage.failed(outcome.error);
    return retire();
  }
  const { answer } = outcome;
  records.journal.forget(entry);
  await noteRelease(flushing, entry, answer);
  if (later) outage.reached();
  await flush({ ...flushing, api: plugin.api.brief }, { ...flushed, most: FLUSHED_AT_ONCE });
}

/** Nobody else needs such a slot before the service is told. */
function isOfOwnBlock({ records }: NetworkPlugin, entry: JournalEntry): boolean {
  const [slot] = slotsOf(entry);
  return slot !== undefined && records.affinityOf(slot.pool) === 'node';
}

/** The journal is lost: what the service has for this attachment is read and then released by what was read. */
async function releaseWhatIsFound({ api, attachment }: Plugin): Promise<void> {
  const answer = await api.release({ attachment, acknowledged: false });
  for (const { slot, nonce } of answer?.held ?? []) await api.release({ attachment, nonce, slot, acknowledged: true });
}
