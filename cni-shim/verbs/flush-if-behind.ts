/** Where leasing is delegated, the agent tells the service. Without one a call does, now and then, after it is done. */
import { most } from '../../core/contract/limits.ts';
import type { Outage } from '../api/outage.ts';
import { randomHex } from '../machine/random.ts';
import { flush, gatheredForSeconds } from '../sync/flush.ts';
import type { Flushing } from '../sync/tell.ts';
import { openTurn, TO_FLUSH } from './turn.ts';

/** An agent tells within about a second of the time for which it gathers: what is older was seen by none. */
const BEHIND_MS = 30_000;
/** So many leases no agent leaves waiting. */
const MOST_BEHIND = 4 * most.itemsOfBatch;

/** Two requests at most, and no failure of the call: what is not told stays in the outbox. */
export async function flushIfBehind(flushing: Flushing, outage: Outage): Promise<void> {
  const { records, now } = flushing;
  const { count, since } = records.outbox.behind();
  if (since === undefined || outage.isRecent()) return;
  if (now() - since < BEHIND_MS + gatheredForSeconds(records) * 1000 && count < MOST_BEHIND) return;
  const turn = openTurn(records, TO_FLUSH, now);
  const who = randomHex(8);
  if (!turn.take(who)) return;
  try {
    // A batch, and a block that is empty after it.
    const { failures } = await flush(flushing, { most: 2 });
    const [failure] = failures;
    if (failure?.error.kind.unanswered === true) outage.failed(failure.error);
  } finally {
    turn.end(who);
  }
}
