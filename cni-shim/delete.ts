/** DEL: ask the service to release, then forget. Until the service has answered, everything is kept for the repeat. */
import { giveBackEmptyBlock } from './give-back.ts';
import { learnRelease } from './node-state.ts';
import type { Plugin } from './plugin.ts';

/** Succeeds for an attachment that nobody knows as well (CNI specification, section 4, DEL). @throws LessorError */
export async function remove(plugin: Plugin): Promise<void> {
  const { surroundings, attachment, api, journal } = plugin;
  const entry = journal.find(attachment);
  const slot = entry?.acknowledged?.slot ?? entry?.proposal;
  if (entry === undefined) await releaseWhatIsFound(plugin);
  else {
    const acknowledged = entry.acknowledged !== undefined;
    await api.release({ attachment, nonce: entry.nonce, ...(slot === undefined ? {} : { slot }), acknowledged });
  }
  journal.forget(attachment, entry);
  const state = plugin.readState();
  if (state === undefined || slot === undefined) return;
  plugin.writeState(learnRelease(state, slot, surroundings.now()));
  await giveBackEmptyBlock(plugin, slot);
}

/** The journal is lost: what the service has for this attachment is read and then released by what was read. */
async function releaseWhatIsFound({ api, attachment }: Plugin): Promise<void> {
  const answer = await api.release({ attachment, acknowledged: false });
  for (const { slot, nonce } of answer?.held ?? []) await api.release({ attachment, nonce, slot, acknowledged: true });
}
