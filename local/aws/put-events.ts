/** EventBridge's PutEvents: what it takes, and what it refuses of each entry (API reference, "PutEvents"). */
import { randomUUID } from 'node:crypto';

/** An event as rules and their targets see it. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  /** Who put it: EventBridge says it, not the event. */
  readonly account: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What passes with an event's bus. */
export interface PutEvent {
  /** Name of the bus. */
  readonly bus: string;
  readonly event: BusEvent;
}

interface EntryResult {
  readonly EventId?: string;
  readonly ErrorCode?: string;
  readonly ErrorMessage?: string;
}

export interface PutEventsAnswer {
  readonly status: number;
  readonly body: object;
  /** What it took, in order. */
  readonly taken: readonly PutEvent[];
}

const MOST_ENTRIES = 10;
const MOST_BYTES = 256 * 1024;
export const DEFAULT_BUS = 'default';

type Entry = Readonly<Record<string, unknown>>;

/** @param origin whom and where the events are from, as EventBridge says it of the caller */
export function putEvents(
  input: unknown,
  origin: { readonly account: string; readonly region: string },
): PutEventsAnswer {
  const entries = (input as { Entries?: unknown } | null)?.Entries;
  if (!Array.isArray(entries) || entries.length < 1 || entries.length > MOST_ENTRIES) {
    const length = `Member must have length ${Array.isArray(entries) && entries.length > 0 ? 'less than or equal to 10' : 'greater than or equal to 1'}`;
    return refused(
      'ValidationException',
      `1 validation error detected: Value '${JSON.stringify(entries)?.slice(0, 200)}' at 'entries' failed to satisfy constraint: ${length}`,
    );
  }
  if (entries.reduce((sum: number, entry: Entry) => sum + sizeOf(entry), 0) > MOST_BYTES)
    return refused('ValidationException', 'Total size of the entries in the request is over the limit.');
  const results = entries.map((entry: Entry) => take(entry, origin));
  const taken = results.flatMap((result) => ('event' in result ? [result] : []));
  const body = {
    FailedEntryCount: results.length - taken.length,
    Entries: results.map((result): EntryResult => ('event' in result ? { EventId: result.event.id } : result)),
  };
  return { status: 200, body, taken };
}

export const refused = (type: string, message: string): PutEventsAnswer => ({
  status: 400,
  body: { __type: type, message },
  taken: [],
});

/** User guide, "Calculating PutEvents event entry size". */
function sizeOf({ Time, Source, DetailType, Detail, Resources }: Entry): number {
  const texts = [Source, DetailType, Detail, ...(Array.isArray(Resources) ? Resources : [])];
  const bytes = texts.reduce((sum: number, text) => sum + (typeof text === 'string' ? Buffer.byteLength(text) : 0), 0);
  return bytes + (Time === undefined ? 0 : 14);
}

function take(entry: Entry, { account, region }: { account: string; region: string }): PutEvent | EntryResult {
  for (const field of ['Source', 'DetailType', 'Detail']) {
    const reason = `Parameter ${field} is not valid. Reason: ${field} is a required argument.`;
    if (typeof entry[field] !== 'string' || entry[field] === '') return wrong('InvalidArgument', reason);
  }
  const source = String(entry.Source);
  // So that nobody can say what only a service of AWS says.
  if (source.startsWith('aws.')) return wrong('NotAuthorizedForSourceException', 'Not authorized for the source.');
  const detail = objectIn(String(entry.Detail));
  if (detail === undefined) return wrong('MalformedDetail', 'Detail is malformed.');
  const at = typeof entry.Time === 'number' ? new Date(entry.Time * 1000) : new Date();
  const event: BusEvent = {
    version: '0',
    id: randomUUID(),
    'detail-type': String(entry.DetailType),
    source,
    account,
    time: eventTime(at),
    region,
    resources: Array.isArray(entry.Resources) ? entry.Resources.map(String) : [],
    detail,
  };
  return { bus: busName(entry.EventBusName), event };
}

/** A name, or the ARN of a bus; the default one if left out. */
const busName = (given: unknown): string =>
  typeof given === 'string' ? given.replace(/^arn:[^/]*:event-bus\//, '') : DEFAULT_BUS;

export const eventTime = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, 'Z');

const wrong = (ErrorCode: string, ErrorMessage: string): EntryResult => ({ ErrorCode, ErrorMessage });

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
