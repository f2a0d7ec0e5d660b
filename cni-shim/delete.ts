/** DEL: ask the service to release, then forget. Until the service has answered, everything is kept for the repeat. */
import { giveBackEmptyBlock } from './give-back.ts';
import type { JournalEntry } from './journal.ts';
import { learnRelease } from './node-state.ts';
import type { Plugin } from './plugin.ts';

/** Succeeds for an attachment that nobody knows as well (CNI specification, section 4, DEL). @throws LessorError */
export async function remove(plugin: Plugin): Promise<void> {
  const { surroundings, attachment, api, journal, pools } = plugin;
  const entry = journal.find(attachment);
  plugin.observer?.addresses((entry?.acknowledged?.addresses ?? []).map(({ address }) => address));
  const slot = entry?.acknowledged?.slot ?? entry?.proposal;
  let draining = false;
  if (entry === undefined) await releaseWhatIsFound(plugin);
  else {
    const acknowledged = isAllThatIsHeld(entry);
    const answer = await api.release({
      attachment,
      nonce: entry.nonce,
      ...(slot === undefined ? {} : { slot }),
      acknowledged,
    });
    draining = answer?.draining === true;
  }
  journal.forget(attachment, entry);
  if (slot === undefined) return;
  const state = pools.of(slot.pool);
  if (state === undefined) return;
  const released = [slot, ...(entry?.more ?? [])];
  pools.write(released.reduce((known, one) => learnRelease(known, one, surroundings.now()), state));
  await giveBackEmptyBlock(plugin, slot, draining);
}

/** Requested addresses may be several slots, and other ones each time that the attachment was added: the service looks for them. */
function isAllThatIsHeld({ acknowledged, addresses, more, attempts }: JournalEntry): boolean {
  return acknowledged !== undefined && more === undefined && (addresses === undefined || attempts === 1);
}

/** The journal is lost: what the service has for this attachment is read and then released by what was read. */
async function releaseWhatIsFound({ api, attachment }: Plugin): Promise<void> {
  const answer = await api.release({ attachment, acknowledged: false });
  for (const { slot, nonce } of answer?.held ?? []) await api.release({ attachment, nonce, slot, acknowledged: true });
}
