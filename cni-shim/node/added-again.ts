/** What the journal's entry of an attachment becomes when it is asked for again. */
import { most } from '../../core/contract/limits.ts';
import type { Beginning, JournalEntry } from './journal-entry.ts';

/**
 * For another send. An answer that was noted is uncertain again while another one is waited for.
 * @param current what is there by now: another process may have counted meanwhile
 */
export function askedAgain(entry: JournalEntry, current: JournalEntry | undefined): JournalEntry {
  const { acknowledged, refused: _, lost: __, unasked: ___, ...asked } = entry;
  const proposal = acknowledged?.slot ?? asked.proposal;
  const attempts = Math.max(entry.attempts, current?.attempts ?? 0) + 1;
  return {
    ...asked,
    attempts: Math.min(most.attempts, attempts),
    ...(proposal === undefined ? {} : { proposal }),
  };
}

/** For another ADD of the attachment: nonce and slot are the former one's, what the runtime says is the new one's. */
export function addedAgain(there: JournalEntry, beginning: Beginning): JournalEntry {
  const { bootId, netns, pod, addresses, identity, sandbox, release } = beginning;
  const { netns: _, pod: __, sandbox: ___, release: ____, local, reported, ...kept } = there;
  const isOfThisBoot = there.bootId === bootId;
  // Nothing lives with it any more after a reboot; it may be held all the same. What lives with it from now on is to be reported.
  const former = local !== undefined && !isOfThisBoot ? { proposal: local.slot } : {};
  const now = {
    ...former,
    ...(local === undefined || !isOfThisBoot ? {} : { local }),
    ...(reported === undefined || !isOfThisBoot ? {} : { reported }),
    bootId,
    ...(netns === undefined ? {} : { netns }),
    ...(pod === undefined ? {} : { pod }),
    ...(addresses === undefined ? {} : { addresses }),
    ...(identity === undefined ? {} : { identity }),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(release === undefined ? {} : { release }),
  };
  return askedAgain({ ...kept, ...now }, there);
}
