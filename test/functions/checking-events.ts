/** The event bus as tests have it: takes what is an event by the contract, and nothing else. */
import { isDeepStrictEqual } from 'node:util';
import { eventTypes, type LessorEvent } from '../../core/contract/events.ts';
import { entryOf } from '../../functions/events/entry.ts';
import type { Events } from '../../functions/use-cases/events.ts';

export interface ToldEvent {
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>> & { readonly id: string };
}

export interface CheckingEvents extends Events {
  /** What was put, in order, repeats too. */
  readonly told: readonly ToldEvent[];
  of(type: LessorEvent['type']): ToldEvent['detail'][];
}

/** EventBridge's, of all entries of one request. */
const MOST_BYTES = 256 * 1024;
const ENTRIES_AT_ONCE = 10;

/** @param entry how an event becomes an entry */
export function checkingEvents(entry = entryOf): CheckingEvents {
  const told: ToldEvent[] = [];
  return {
    told,
    of: (type) => told.filter(({ detailType }) => detailType === eventTypes[type].detailType).map((one) => one.detail),
    put: async (events) => {
      for (const event of events) told.push(checked(event, entry));
    },
  };
}

function checked(event: LessorEvent, entry: typeof entryOf): ToldEvent {
  const { Detail, DetailType } = entry(event, { deployment: 'Network-Ipam', bus: 'events' });
  const detail = JSON.parse(Detail);
  // Each field that is there has to be one of the contract.
  const parsed = eventTypes[event.type].detail.parse(detail);
  if (!isDeepStrictEqual(parsed, detail)) throw new Error(`${event.type} has more than its schema: ${Detail}`);
  if (Buffer.byteLength(Detail) * ENTRIES_AT_ONCE > MOST_BYTES) throw new Error(`${event.type} is too large`);
  return { detailType: DetailType, detail };
}
