import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InvocationResult } from '../../../local/aws/invocation.ts';
import { localQueues } from '../../../local/aws/queue.ts';
import { followQueue, type QueueSourceDefinition } from '../../../local/aws/queue-source.ts';

const arn = 'arn:aws:sqs:us-east-1:000000000000:Lessor-Queue';
const dead = `${arn}Dead`;
const source: QueueSourceDefinition = {
  queue: arn,
  function: 'evidence',
  batchSize: 10,
  windowMs: 0,
  reportsFailures: true,
  concurrency: 2,
};

type Event = { Records: { messageId: string; body: string; attributes: Record<string, string> }[] };
const succeeds: InvocationResult = { ok: true, payload: 'null' };
const fails: InvocationResult = { ok: false, errorType: 'Error', errorMessage: 'no' };

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

function started(answer: (event: Event) => InvocationResult, over: Partial<QueueSourceDefinition> = {}, pace = 1) {
  const queues = localQueues(
    [
      { arn, delayMs: 45_000, visibilityMs: 60_000, redrive: { arn: dead, mostReceives: 3 } },
      { arn: dead, delayMs: 0, visibilityMs: 30_000 },
    ],
    pace,
  );
  const told: { at: number; bodies: string[]; receives: string[] }[] = [];
  const invoke = async (given: unknown) => {
    const event = given as Event;
    told.push({
      at: Date.now() - 1_000_000,
      bodies: event.Records.map(({ body }) => body),
      receives: event.Records.map(({ attributes }) => attributes.ApproximateReceiveCount ?? ''),
    });
    return answer(event);
  };
  const follower = followQueue({ ...source, ...over }, { queue: queues(arn), region: 'us-east-1', invoke, pace });
  return { queues, told, follower };
}

describe('a queue that a function is told', () => {
  it('keeps a message back for its delay, tells it once, and forgets it', async () => {
    const { queues, told } = started(() => succeeds);
    queues(arn).send('a');
    await vi.advanceTimersByTimeAsync(44_999);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(told).toEqual([{ at: 45_000, bodies: ['a'], receives: ['1'] }]);
    expect(queues(arn).bodies()).toEqual([]);
  });

  it('gathers a batch for its window, and no longer for those that come meanwhile', async () => {
    const { queues, told } = started(() => succeeds, { windowMs: 5_000, batchSize: 2 });
    queues(arn).send('a');
    await vi.advanceTimersByTimeAsync(3_000);
    queues(arn).send('b');
    queues(arn).send('c');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(told.map(({ at, bodies }) => [at, bodies])).toEqual([
      [50_000, ['a', 'b']],
      [50_000, ['c']],
    ]);
  });

  it('tells a message that failed again after its visibility time-out, and puts it away after the last try', async () => {
    const { queues, told } = started(() => fails);
    queues(arn).send('a');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(told).toEqual([
      { at: 45_000, bodies: ['a'], receives: ['1'] },
      { at: 105_000, bodies: ['a'], receives: ['2'] },
      { at: 165_000, bodies: ['a'], receives: ['3'] },
    ]);
    expect(queues(arn).bodies()).toEqual([]);
    expect(queues(dead).bodies()).toEqual(['a']);
  });

  it('tells again only what the function says has failed', async () => {
    const failing = ({ Records }: Event): InvocationResult => {
      const batchItemFailures = Records.filter(({ body }) => body === 'b').map(({ messageId }) => ({
        itemIdentifier: messageId,
      }));
      return { ok: true, payload: JSON.stringify({ batchItemFailures }) };
    };
    const { queues, told } = started(failing);
    for (const body of ['a', 'b', 'c']) queues(arn).send(body);
    await vi.advanceTimersByTimeAsync(110_000);
    expect(told.map(({ bodies }) => bodies)).toEqual([['a', 'b', 'c'], ['b']]);
  });

  it('takes an answer with an id that is not of the batch for a failure of all', async () => {
    const { queues, told } = started(() => ({ ok: true, payload: '{"batchItemFailures":[{"itemIdentifier":"x"}]}' }));
    queues(arn).send('a');
    await vi.advanceTimersByTimeAsync(110_000);
    expect(told).toHaveLength(2);
  });

  it('is so much faster than on AWS as its pace says', async () => {
    const { queues, told } = started(() => succeeds, {}, 10);
    queues(arn).send('a');
    await vi.advanceTimersByTimeAsync(4_500);
    expect(told).toMatchObject([{ at: 4_500 }]);
  });

  it('begins nothing more when it is stopped', async () => {
    const { queues, told, follower } = started(() => succeeds);
    queues(arn).send('a');
    await follower.stop();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(told).toEqual([]);
  });
});
