/** DEL: ask the service to release, then forget. Until the service has answered, everything is kept for the repeat. */
import { learnRelease } from './node-state.ts';
import type { Plugin } from './plugin.ts';

/** Succeeds for an attachment that nobody knows as well (CNI specification, section 4, DEL). @throws LessorError */
export async function remove(plugin: Plugin): Promise<void> {
  const { surroundings, attachment, api, journal } = plugin;
  const entry = journal.find(attachment);
  const slot = entry?.acknowledged?.slot ?? entry?.proposal;
  await api.release({
    attachment,
    ...(entry === undefined ? {} : { nonce: entry.nonce }),
    ...(slot === undefined ? {} : { slot }),
    acknowledged: entry?.acknowledged !== undefined,
  });
  journal.forget(attachment, entry);
  const state = plugin.readState();
  if (state !== undefined && slot !== undefined) plugin.writeState(learnRelease(state, slot, surroundings.now()));
}
