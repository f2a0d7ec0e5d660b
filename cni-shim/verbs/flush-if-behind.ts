/** Where leasing is delegated, the agent tells the service. Without one a call does, now and then, after it is done. */
import { most } from '../../core/contract/limits.ts';
import type { Outage } from '../api/outage.ts';
import { randomHex } from '../machine/random.ts';
import { isWithin } from '../node/pool-cache.ts';
import { type FlushOptions, flush, gatheredForSeconds } from '../sync/flush.ts';
import type { Flushing } from '../sync/tell.ts';
import { openTurn, TO_FLUSH } from './turn.ts';

/** An agent tells within about a second of the time for which it gathers: what is older was seen by none. */
const BEHIND_MS = 30_000;
/** So many leases no agent leaves waiting. */
const MOST_BEHIND = 4 * most.itemsOfBatch;

/** When (ms) something was refused of what a call told. */
const REFUSED = 'flush refused';

/** Two requests at most, and no failure of the call: what is not told stays in the outbox. */
export async function flushIfBehind(
  flushing: Flushing,
  outage: Outage,
  told?: Pick<FlushOptions, 'isKept'>,
): Promise<void> {
  const { records, now } = flushing;
  const { count, since = now() } = records.outbox.behind();
  const patienceMs = BEHIND_MS + gatheredForSeconds(records) * 1000;
  if (outage.isRecent() || (now() - since < patienceMs && count < MOST_BEHIND)) return;
  // What is refused once is refused again, and not each call is to wait for that.
  if (isWithin(BEHIND_MS, Number(records.meta(REFUSED) ?? Number.NaN), now())) return;
  const turn = openTurn(records, TO_FLUSH, now);
  const who = randomHex(8);
  if (!turn.take(who)) return;
  try {
    // A batch, and a block that is empty after it.
    const { reported, released, failures } = await flush(flushing, { ...told, most: 2 });
    const [failure] = failures;
    if (failure?.error.kind.unanswered === true) outage.failed(failure.error);
    else if (reported + released > 0) outage.reached();
    if (failure !== undefined) records.setMeta(REFUSED, String(now()));
  } finally {
    turn.end(who);
  }
}
