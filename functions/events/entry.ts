/** An event as EventBridge takes it (API reference, "PutEventsRequestEntry"). */
import { createHash } from 'node:crypto';
import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { detailTypes, EVENT_SOURCE } from '../../core/contract/event-types.ts';
import type { LessorEvent } from '../../core/contract/events.ts';

/** As many digits as a nonce has. */
const ID_DIGITS = 32;

/** The same for each telling of the same: made of what happened, by no clock and no chance. */
function idOf(deployment: string, { type, key }: LessorEvent): string {
  const said = JSON.stringify([deployment, type, ...key]);
  return createHash('sha256').update(said).digest('hex').slice(0, ID_DIGITS);
}

/** @param bus its name */
export function entryOf(event: LessorEvent, { deployment, bus }: { deployment: string; bus: string }) {
  const { type, at, detail } = event;
  const envelope = { version: 1, id: idOf(deployment, event), at: new Date(at).toISOString(), deployment };
  return {
    EventBusName: bus,
    Source: EVENT_SOURCE,
    DetailType: detailTypes[type],
    // EventBridge has whole seconds.
    Time: new Date(at),
    Detail: JSON.stringify({ ...envelope, ...detail }),
  } satisfies PutEventsRequestEntry;
}
