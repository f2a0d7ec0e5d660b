/**
 * DEL: ask the service to release, then forget. Until the service has answered, everything is kept: for the repeat, or,
 * where the slot is of a block of this node, for whoever tells the service later.
 */

import type { ReleaseResult } from '../../core/contract/lease.ts';
import { isUnanswered } from '../../core/contract/problems.ts';
import { attachmentName, type JournalEntry, slotsOf } from '../node/journal-entry.ts';
import { noteRelease, releaseEntry, type Settling, settle } from '../sync/flush.ts';
import type { NetworkPlugin, Plugin } from './assemble.ts';

/** What one DEL tells the service of earlier ones, beside its own: the runtime waits for it. */
const SETTLED_AT_ONCE = 4;

/** Succeeds for an attachment that nobody knows as well (CNI specification, section 4, DEL). @throws LessorError */
export async function remove(plugin: Plugin): Promise<void> {
  const { attachment, records } = plugin;
  const entry = records.journal.find(attachment);
  plugin.observer?.addresses((entry?.acknowledged ?? entry?.local)?.addresses.map(({ address }) => address) ?? []);
  if (entry !== undefined) return removeEntry(plugin, entry);
  if (!isLeaving(plugin)) await releaseWhatIsFound(plugin);
  records.journal.forget(attachment, undefined);
}

/** @throws LessorError */
export async function removeEntry(plugin: NetworkPlugin, entry: JournalEntry): Promise<void> {
  const { records, reachability, surroundings, observer } = plugin;
  const later = isOfOwnBlock(plugin, entry);
  const retire = () => {
    observer?.local();
    records.unsettled.retire(entry);
  };
  if (later && reachability.isAway()) return retire();
  const settling: Settling = { records, api: later ? plugin.api.brief : plugin.api, now: surroundings.now };
  // Whatever comes of the request, it may arrive late: an ADD of the same container must not find itself meant.
  records.unsettled.end(entry);
  let answer: ReleaseResult;
  try {
    answer = await releaseEntry(settling, entry);
  } catch (error) {
    if (!later || !isUnanswered(error)) throw error;
    reachability.failed(error);
    return retire();
  }
  records.journal.forget(entry.attachment, entry, answer.released);
  await noteRelease(settling, entry, answer);
  if (later) reachability.reached();
  await settle({ ...settling, api: plugin.api.brief }, SETTLED_AT_ONCE);
}

/** Nobody else needs such a slot before the service is told. */
function isOfOwnBlock({ records }: NetworkPlugin, entry: JournalEntry): boolean {
  const [slot] = slotsOf(entry);
  return slot !== undefined && records.affinityOf(slot.pool) === 'node';
}

/** A DEL came before, while the service could not be reached. */
function isLeaving({ attachment, records }: Plugin): boolean {
  const name = attachmentName(attachment);
  return records.unsettled.toRelease().some((entry) => attachmentName(entry.attachment) === name);
}

/** The journal is lost: what the service has for this attachment is read and then released by what was read. */
async function releaseWhatIsFound({ api, attachment }: Plugin): Promise<void> {
  const answer = await api.release({ attachment, acknowledged: false });
  for (const { slot, nonce } of answer?.held ?? []) await api.release({ attachment, nonce, slot, acknowledged: true });
}
