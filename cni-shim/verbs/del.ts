/**
 * DEL: ask the service to release, then forget. Where it does not answer, the release is in the outbox and the DEL succeeds:
 * the address stays held until the service is told, and no pod waits for it.
 */

import type { ProblemCode } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import { addressesOf, type JournalEntry, slotsOf } from '../node/journal-entry.ts';
import { type FlushOptions, flush } from '../sync/flush.ts';
import { giveBackEmptyBlock } from '../sync/return-block.ts';
import { type Flushing, noteCooling, releaseEntry } from '../sync/tell.ts';
import type { NetworkPlugin, Plugin } from './assemble.ts';
import { flushIfBehind } from './flush-if-behind.ts';

/** Requests with which one DEL tells the service of earlier ones, beside its own: the runtime waits for it. */
const FLUSHED_AT_ONCE = 4;

/** Nobody refused anything: a node that cannot sign has asked nobody, and a service with a fault could not say. */
const NO_REFUSALS: readonly ProblemCode[] = ['node.credentials', 'service.fault'];

/** Succeeds for an attachment that nobody knows as well (CNI specification, section 4, DEL). @throws LessorError */
export async function remove(plugin: Plugin): Promise<void> {
  const { attachment, records } = plugin;
  const entry = records.journal.find(attachment);
  plugin.observer?.addresses(entry === undefined ? [] : addressesOf(entry));
  if (entry !== undefined) return removeEntry(plugin, entry);
  const others = records.journal.networksOf(attachment);
  if (others.length > 0)
    plugin.observer?.note(`the journal has it in network ${others.join(', ')}, which stays as it is`);
  // What this journal asked for is in it, and what is in the outbox is told later; what another one asked for is the reconcile's.
  if (!records.isIntact) await releaseWhatIsFound(plugin);
}

/** @param flushed what it tells the service of earlier ones @throws LessorError where the service refuses */
export async function removeEntry(
  plugin: NetworkPlugin,
  entry: JournalEntry,
  flushed?: Pick<FlushOptions, 'isKept'>,
): Promise<void> {
  const { records, outage, surroundings, observer, api } = plugin;
  const flushing: Flushing = { records, api: api.brief, now: surroundings.now };
  const retire = () => {
    observer?.local();
    noteCooling(flushing, entry);
    records.outbox.retire(entry, surroundings.now());
  };
  if (outage.isRecent()) return retire();
  if (isDelegated(plugin, entry)) {
    retire();
    return flushIfBehind(flushing, outage, flushed);
  }
  // Whatever comes of the request, it may arrive late: an ADD of the same container must not find itself meant.
  if (!records.outbox.end(entry)) return;
  const outcome = await outcomeOf(releaseEntry(flushing, entry));
  if (outcome.kind !== 'granted') {
    const { kind, error } = outcome;
    if (kind === 'refused' && !NO_REFUSALS.includes(error.code)) throw error;
    // A fault is no outage: the next call is to ask again, and no ADD is to be answered without the service.
    if (error.code !== 'service.fault') outage.failed(error);
    return retire();
  }
  const cooled = noteCooling(flushing, entry);
  records.journal.forget(entry);
  if (cooled !== undefined) await giveBackEmptyBlock(flushing, cooled, outcome.answer.draining);
  outage.reached();
  await flush(flushing, { ...flushed, most: FLUSHED_AT_ONCE });
}

/** Whatever it was granted by: nobody waits for the release, which is told afterwards. */
function isDelegated({ records }: NetworkPlugin, entry: JournalEntry): boolean {
  const [slot] = slotsOf(entry);
  return slot !== undefined && records.cacheOf(slot.pool)?.pool.leasing === 'delegated';
}

/** The journal is lost: what the service has for this attachment is read and then released by what was read. */
async function releaseWhatIsFound({ api, attachment }: Plugin): Promise<void> {
  const answer = await api.release({ attachment, acknowledged: false });
  for (const { slot, nonce } of answer?.held ?? []) await api.release({ attachment, nonce, slot, acknowledged: true });
}
