/** EventBridge's PutEvents behind the port: ten events a request, and of those that failed each again while the time suffices. */
import { setTimeout as wait } from 'node:timers/promises';
import type { EventBridgeClient, PutEventsRequestEntry, PutEventsResultEntry } from '@aws-sdk/client-eventbridge';
import { emit } from '../metrics/emit.ts';
import { type Events, noEvents } from '../use-cases/events.ts';
import { entryOf } from './entry.ts';

/** As many as EventBridge takes; with `most.why` and the like they are far below its 256 KB. */
const ENTRIES_AT_ONCE = 10;
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 100;
/** One request, and what its caller does afterwards. */
const RESERVE_MS = 2_000;
const REQUEST = { connectionTimeout: 500, requestTimeout: 1_500, throwOnRequestTimeout: true };
/** API reference, "PutEventsResultEntry": no repeat is of use for the others. */
const PASSING = ['InternalFailure', 'InternalException', 'ThrottlingException'];

/** @param bus its name; where it has none, nothing is put */
export function eventBus({ bus, deployment }: { readonly bus: string; readonly deployment: string }): Events {
  if (bus === '') return noEvents;
  return {
    async put(events, { remainingMs }) {
      let failed = 0;
      for (let from = 0; from < events.length; from += ENTRIES_AT_ONCE) {
        const entries = events.slice(from, from + ENTRIES_AT_ONCE).map((event) => entryOf(event, { deployment, bus }));
        failed += await putAll(entries, remainingMs);
      }
      if (failed > 0) throw new Error(`${failed} of ${events.length} events could not be put on ${bus}`);
    },
  };
}

/** How many were not put, and may be put later. */
async function putAll(entries: readonly PutEventsRequestEntry[], remainingMs: () => number): Promise<number> {
  let left = entries;
  for (let attempt = 1; ; attempt += 1) {
    const { failed, lost } = remainingMs() < RESERVE_MS ? noneOf(left, 'The time is up') : await putOnce(left);
    if (lost.length > 0) tellOf('An event can never be put', lost);
    left = failed.map(({ entry }) => entry);
    if (left.length === 0) return 0;
    const pause = FIRST_WAIT_MS * 2 ** (attempt - 1);
    if (attempt < ATTEMPTS && remainingMs() > RESERVE_MS + pause) await wait(pause);
    else {
      tellOf('Events could not be put', failed);
      return left.length;
    }
  }
}

interface Failure {
  readonly entry: PutEventsRequestEntry;
  readonly why: string;
}

const noneOf = (entries: readonly PutEventsRequestEntry[], why: string): Record<'failed' | 'lost', Failure[]> => ({
  failed: entries.map((entry) => ({ entry, why })),
  lost: [],
});

async function putOnce(entries: readonly PutEventsRequestEntry[]): Promise<Record<'failed' | 'lost', Failure[]>> {
  const failed: Failure[] = [];
  const lost: Failure[] = [];
  try {
    const { PutEventsCommand } = await import('@aws-sdk/client-eventbridge');
    const { FailedEntryCount, Entries = [] } = await (await client()).send(
      new PutEventsCommand({ Entries: [...entries] }),
    );
    if (FailedEntryCount === 0) return { failed, lost };
    for (const [index, entry] of entries.entries()) {
      const result: PutEventsResultEntry = Entries[index] ?? { ErrorCode: 'InternalFailure' };
      if (result.ErrorCode === undefined) continue;
      const why = `${result.ErrorCode}: ${result.ErrorMessage ?? ''}`;
      (PASSING.includes(result.ErrorCode) ? failed : lost).push({ entry, why });
    }
  } catch (cause) {
    return noneOf(entries, String(cause));
  }
  return { failed, lost };
}

function tellOf(message: string, failures: readonly Failure[]): void {
  emit({ EventFailures: failures.length });
  console.error({
    message,
    events: failures.map(({ entry, why }) => ({ why, [`${entry.DetailType}`]: entry.Detail })),
  });
}

let made: EventBridgeClient | undefined;

/** Only where something is told: the start of a function that puts one event in a thousand requests does not wait for it. */
async function client(): Promise<EventBridgeClient> {
  if (made === undefined) {
    const sdk = await import('@aws-sdk/client-eventbridge');
    // Each entry is repeated by itself, above.
    made = new sdk.EventBridgeClient({ maxAttempts: 1, requestHandler: REQUEST });
  }
  return made;
}
