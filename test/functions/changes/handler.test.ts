/** The events of a DynamoDB event source, in the shapes that Lambda gives them (developer guide, "Implementing stateful DynamoDB stream processing"). */
import { afterEach, beforeAll, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { environment } from '../../../core/contract/environment.ts';
import type { WindowedEvent } from '../../../functions/changes/handler.ts';
import { checkingEvents } from '../checking-events.ts';
import { world } from '../world.ts';

const POOL = '00000000000000aa';
const STREAM = 'arn:aws:dynamodb:us-east-1:123456789012:table/Leases/stream/2026-01-01T00:00:00.000';

let told: typeof import('../../../functions/changes/handler.ts').told;
let error: MockInstance;
beforeAll(async () => {
  Object.assign(process.env, { [environment.poolsTable]: 'Pools', [environment.leasesTable]: 'Leases' });
  ({ told } = await import('../../../functions/changes/handler.ts'));
});
beforeEach(() => {
  error = vi.spyOn(console, 'error').mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

/** A slot that namespace shop holds from now on. */
const held = (SequenceNumber: string, slot: string) => ({
  eventID: SequenceNumber,
  eventName: 'INSERT' as const,
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'us-east-1',
  dynamodb: {
    ApproximateCreationDateTime: 1767225600,
    Keys: { pk: { S: `L#${POOL}#0` }, sk: { S: slot } },
    NewImage: { pk: { S: `L#${POOL}#0` }, sk: { S: slot }, s: { N: '1' }, ns: { S: 'shop' } },
    SequenceNumber,
    SizeBytes: 64,
    StreamViewType: 'NEW_AND_OLD_IMAGES' as const,
  },
  eventSourceARN: STREAM,
});
const windowed = (Records: ReturnType<typeof held>[], over: object = {}) => ({
  Records,
  window: { start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:15:00Z' },
  state: {},
  shardId: 'shardId-00000001767225600000-0a1b2c3d',
  eventSourceARN: STREAM,
  isFinalInvokeForWindow: false,
  isWindowTerminatedEarly: false,
  ...over,
});

function counting() {
  const here = world();
  const deps = here.environment();
  const now = async () => (await here.store.counters.read({ pool: POOL, namespace: 'shop' }))?.held;
  return { deps, now };
}

describe('the counting function', () => {
  it('counts the changes of a window, whatever the flags and the state say', async () => {
    const { deps, now } = counting();
    expect(await told(deps, windowed([held('100', '000')]))).toEqual({ state: {} });
    const early = { isWindowTerminatedEarly: true, state: { kept: 'by another version' } };
    expect(await told(deps, windowed([held('200', '001')], early))).toEqual({ state: {} });
    const final = { isFinalInvokeForWindow: true };
    expect(await told(deps, windowed([held('300', '002')], final))).toEqual({ state: {} });
    expect(await now()).toBe(3);
    expect(error).not.toHaveBeenCalled();
  });

  const { shardId, ...ofNoShard } = windowed([], { isFinalInvokeForWindow: true });
  it.each<[string, WindowedEvent]>([
    ['has no records', { ...ofNoShard, shardId }],
    ['names no shard', ofNoShard],
    ['has neither', { isFinalInvokeForWindow: true, state: {}, eventSourceARN: STREAM } as WindowedEvent],
  ])('answers the last invocation of a window that %s', async (_, event) => {
    const { deps } = counting();
    expect(await told(deps, event)).toEqual({ state: {} });
    expect(error).not.toHaveBeenCalled();
  });

  it('counts changes of no named shard once, and says what is missing: the shard goes on', async () => {
    const { deps, now } = counting();
    const event = { Records: [held('100', '000'), held('200', '001')] };
    for (const _ of ['once', 'again']) expect(await told(deps, event)).toEqual({ state: {} });
    expect(await now()).toBe(2);
    expect(error).toHaveBeenCalledWith({
      message: expect.stringContaining('give the event source a tumbling window'),
      count: 2,
    });
  });
});

describe('the function that tells what happened', () => {
  const record = (keys: object, before: object | undefined, after: object) => ({
    ...held('100', '000'),
    eventName: 'MODIFY' as const,
    dynamodb: {
      ApproximateCreationDateTime: 1767225600,
      Keys: keys,
      ...(before && { OldImage: { ...keys, ...before } }),
      NewImage: { ...keys, ...after },
      SequenceNumber: '100',
    },
  });
  const node = { pk: { S: 'N#i-1' }, sk: { S: 'N' } };
  const alive = { st: { S: 'alive' }, e: { N: '1' }, boot: { S: 'boot-1' } };
  const died = record(node, alive, { ...alive, st: { S: 'dead' }, diedAt: { N: '1767225600000' } });
  const unreadable = record({ pk: { S: 'P#a#0' }, sk: { S: '0' } }, undefined, { st: { S: 'claimed' } });

  it('tells of a node by the stream of its table, which has no shard to name, and says nothing of that', async () => {
    const events = checkingEvents();
    expect(await told(world().environment({ events }), { Records: [died] } as never)).toEqual({ state: {} });
    expect(events.of('nodeDead')).toMatchObject([{ node: 'i-1', incarnation: 1, at: '2026-01-01T00:00:00.000Z' }]);
    expect(error).not.toHaveBeenCalled();
  });

  it('fails where EventBridge does, so that the records come again', async () => {
    const events = { put: () => Promise.reject(new Error('EventBridge failed')) };
    await expect(told(world().environment({ events }), { Records: [died] } as never)).rejects.toThrow('EventBridge');
  });

  it('passes over what cannot be read, and says so: what comes after it does not wait', async () => {
    const events = checkingEvents();
    await told(world().environment({ events }), { Records: [unreadable, died] } as never);
    expect(events.told).toHaveLength(1);
    expect(error).toHaveBeenCalledWith(
      expect.objectContaining({ message: 'A change cannot be read, and is not told' }),
    );
  });

  it('keeps no counter waiting for how full a pool is', async () => {
    const { deps, now } = counting();
    const broken = {
      ...deps.store,
      pools: { ...deps.store.pools, readPool: () => Promise.reject(new Error('no right')) },
    };
    expect(await told({ ...deps, store: broken }, windowed([held('100', '000')]))).toEqual({ state: {} });
    expect(await now()).toBe(1);
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ message: 'How full pools are was not noted' }));
  });
});
