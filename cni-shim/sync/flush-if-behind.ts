/** Where leasing is delegated, the agent tells the service. Without one a call does, now and then, after it is done. */
import { most } from '../../core/contract/limits.ts';
import type { Outage } from '../api/outage.ts';
import { flush } from './flush.ts';
import type { Flushing } from './tell.ts';

/** An agent tells within about a second: what is older was seen by none. */
const BEHIND_MS = 30_000;

/** Two requests at most, and no failure of the call: what is not told stays in the outbox. */
export async function flushIfBehind(flushing: Flushing, outage: Outage): Promise<void> {
  const { count, since } = flushing.records.outbox.behind();
  if (since === undefined || outage.isRecent()) return;
  // By a full batch, there is no reason to wait.
  if (flushing.now() - since < BEHIND_MS && count < 4 * most.itemsOfBatch) return;
  // A batch, and a block that is empty after it.
  const { failures } = await flush(flushing, { most: 2 });
  const [failure] = failures;
  if (failure?.error.kind.unanswered === true) outage.failed(failure.error);
}
