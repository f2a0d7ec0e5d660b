/** The client of EventBridge before a server that speaks its protocol: ten entries a request, and only those again that failed. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LessorEvent } from '../../../core/contract/events.ts';
import { type Events, noEvents } from '../../../functions/use-cases/events.ts';
import { capturedMetrics } from '../metrics/metric-lines.ts';

interface Entry {
  readonly Detail: string;
  readonly DetailType: string;
  readonly EventBusName: string;
  readonly Source: string;
  readonly Time: number;
}
type Result = { EventId: string } | { ErrorCode: string; ErrorMessage: string };

let server: Server;
let requests: Entry[][] = [];
let answer: (entries: readonly Entry[], request: number) => readonly Result[] | undefined;

let eventBus: typeof import('../../../functions/events/event-bus.ts').eventBus;
let bus: Events;
let metrics: ReturnType<typeof capturedMetrics>;

beforeAll(async () => {
  metrics = capturedMetrics();
  ({ eventBus } = await import('../../../functions/events/event-bus.ts'));
  bus = eventBus({ bus: 'Lessor-events', deployment: 'Lessor' });
  server = createServer(async (incoming, outgoing) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    const { Entries } = JSON.parse(body) as { Entries: Entry[] };
    requests.push(Entries);
    const results = answer(Entries, requests.length);
    outgoing.writeHead(results === undefined ? 500 : 200, { 'content-type': 'application/x-amz-json-1.1' });
    const failed = results?.filter((result) => 'ErrorCode' in result).length;
    outgoing.end(
      JSON.stringify(results ? { FailedEntryCount: failed, Entries: results } : { __type: 'InternalFailure' }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL_EVENTBRIDGE', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'KEY');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
beforeEach(() => {
  requests = [];
  metrics.read();
  answer = (entries) => entries.map(() => taken);
  vi.spyOn(console, 'error').mockReturnValue(undefined);
});
afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

const taken: Result = { EventId: 'e-1' };
const failure = (ErrorCode: string): Result => ({ ErrorCode, ErrorMessage: 'it failed' });
const [throttled, malformed] = [failure('ThrottlingException'), failure('MalformedDetail')];

const dead = (number: number): LessorEvent => ({
  type: 'nodeDead',
  key: [`i-${number}`, 1],
  at: Date.parse('2026-01-01T00:00:00.500Z'),
  detail: { node: `i-${number}`, incarnation: 1 },
});
const events = (count: number) => Array.from({ length: count }, (_, number) => dead(number));
const unhurried = { remainingMs: () => 60_000 };
const nodesIn = (entries: readonly Entry[] | undefined) => entries?.map(({ Detail }) => JSON.parse(Detail).node);

describe('events', () => {
  it('are put ten in a request, each with what EventBridge and the contract want', async () => {
    await bus.put(events(23), unhurried);
    expect(requests.map((entries) => entries.length)).toEqual([10, 10, 3]);
    const [first] = requests[0] ?? [];
    expect(first).toMatchObject({ EventBusName: 'Lessor-events', Source: 'lessor', DetailType: 'Lessor Node Dead' });
    expect(JSON.parse(first?.Detail ?? '')).toEqual({
      ...{ version: 1, id: expect.stringMatching(/^[0-9a-f]{32}$/), at: '2026-01-01T00:00:00.500Z' },
      ...{ deployment: 'Lessor', node: 'i-0', incarnation: 1 },
    });
  });

  it('are put again where they failed, and only those', async () => {
    answer = (entries, request) => entries.map((_, index) => (request === 1 && index % 3 === 0 ? throttled : taken));
    await bus.put(events(5), unhurried);
    expect(requests.map(nodesIn)).toEqual([
      ['i-0', 'i-1', 'i-2', 'i-3', 'i-4'],
      ['i-0', 'i-3'],
    ]);
  });

  it('that are never taken are given up after four requests, counted, and said to be so', async () => {
    answer = (entries) => entries.map((_, index) => (index === 0 ? throttled : taken));
    await expect(bus.put(events(2), unhurried)).rejects.toThrow('1 of 2 events could not be put on Lessor-events');
    expect(requests).toHaveLength(4);
    expect(metrics.read()).toMatchObject([{ metric: 'EventFailures', values: [1] }]);
  });

  it('are not tried again when the time is up', async () => {
    answer = () => undefined;
    await expect(bus.put(events(1), { remainingMs: () => 2_000 })).rejects.toThrow('could not be put');
    expect(requests).toHaveLength(1);
  });

  it('are not put at all where the time does not suffice for a request, however many there are', async () => {
    await expect(bus.put(events(23), { remainingMs: () => 1_999 })).rejects.toThrow('23 of 23 events');
    expect(requests).toEqual([]);
    expect(metrics.read().map(({ values }) => values)).toEqual([[10], [10], [3]]);
  });

  it('that can never be put keep no others waiting: they are logged and counted', async () => {
    answer = (entries) => entries.map((_, index) => (index === 0 ? malformed : taken));
    await bus.put(events(2), unhurried);
    expect(requests).toHaveLength(1);
    expect(metrics.read()).toMatchObject([{ metric: 'EventFailures', values: [1] }]);
    expect(console.error).toHaveBeenCalledWith(expect.objectContaining({ message: 'An event can never be put' }));
  });

  it('of a deployment without a bus are put nowhere, and of none no request is made', async () => {
    expect(eventBus({ bus: '', deployment: 'Lessor' })).toBe(noEvents);
    await noEvents.put(events(1), unhurried);
    await bus.put([], unhurried);
    expect(requests).toEqual([]);
  });
});
