/** Where the service tells what happened: a port. The client behind it is functions/events. */
import type { LessorEvent } from '../../core/contract/events.ts';

/** The time that is left of whoever puts events. */
export interface TimeLeft {
  readonly remainingMs: () => number;
}

export interface Events {
  /**
   * Puts all of them, as far as the time suffices. What is put twice has one id.
   * @throws Error where some were not put, and may be put later
   */
  put(events: readonly LessorEvent[], time: TimeLeft): Promise<void>;
}

/** Of a deployment that has no bus, and of functions that put nothing. */
export const noEvents: Events = { put: async () => undefined };

/** Whoever asked is not kept waiting for longer than about this. */
const TOLD_WITHIN_MS = 3_000;

/** For what has happened whether or not it is told: that it could not be put fails nothing. The client has counted and logged it. */
export async function tell(
  { events }: { readonly events: Events },
  time: TimeLeft,
  ...told: readonly LessorEvent[]
): Promise<void> {
  const later = time.remainingMs() - TOLD_WITHIN_MS;
  const remainingMs = () => Math.min(time.remainingMs(), time.remainingMs() - later);
  await events.put(told, { remainingMs }).catch(() => undefined);
}
