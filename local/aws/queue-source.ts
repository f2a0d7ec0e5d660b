/** A queue as the event source of a Lambda function (Lambda developer guide, "Using Lambda with Amazon SQS"). */
import { createHash } from 'node:crypto';
import type { InvocationResult } from './invocation.ts';
import type { Queue, Received } from './queue.ts';

export interface QueueSourceDefinition {
  /** ARN of the queue. */
  readonly queue: string;
  /** Name of the function. */
  readonly function: string;
  readonly batchSize: number;
  /** For how long a batch is gathered. */
  readonly windowMs: number;
  /** Whether the function answers which messages of a batch failed; else all did, or none. */
  readonly reportsFailures: boolean;
  /** Batches at once. */
  readonly concurrency: number;
}

export interface QueueSource {
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

interface SourceParts {
  readonly queue: Queue;
  readonly region: string;
  readonly invoke: (event: unknown) => Promise<InvocationResult>;
  /** So much faster than Lambda a batch is gathered. */
  readonly pace?: number;
}

/** What fails stays in the queue, and is told again when its visibility time-out is over. */
export function followQueue(
  definition: QueueSourceDefinition,
  { queue, region, invoke, pace = 1 }: SourceParts,
): QueueSource {
  const { batchSize, windowMs, concurrency } = definition;
  const running = new Set<Promise<void>>();
  let next: { readonly timer: NodeJS.Timeout; readonly at: number } | undefined;
  let stopped = false;

  const tell = async (batch: readonly Received[]) => {
    const event = { Records: batch.map((message) => recordOf(message, definition.queue, region)) };
    const failed = failedOf(definition, await invoke(event), batch);
    for (const { messageId, receiptHandle } of batch) if (!failed.has(messageId)) queue.remove(receiptHandle);
  };
  const look = () => {
    next = undefined;
    while (!stopped && running.size < concurrency) {
      const batch = queue.receive(batchSize);
      if (batch.length === 0) break;
      const told = tell(batch).finally(() => {
        running.delete(told);
        lookWhenVisible();
      });
      running.add(told);
    }
    lookWhenVisible();
  };
  const lookWhenVisible = () => {
    const wait = queue.visibleIn();
    if (stopped || wait === undefined || running.size >= concurrency) return;
    // What becomes visible while a batch is gathered is in it, and does not make it wait longer.
    const delay = wait + windowMs / pace;
    const at = Date.now() + delay;
    if (next !== undefined && next.at <= at) return;
    clearTimeout(next?.timer);
    next = { timer: setTimeout(look, delay), at };
  };
  queue.onSent(lookWhenVisible);
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(next?.timer);
      await Promise.all(running);
    },
  };
}

function recordOf(
  { messageId, receiptHandle, body, sentAt, firstReceivedAt, receives }: Received,
  queue: string,
  region: string,
): object {
  return {
    messageId,
    receiptHandle,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sentAt),
      SenderId: 'LOCAL',
      ApproximateFirstReceiveTimestamp: String(firstReceivedAt),
    },
    messageAttributes: {},
    md5OfBody: createHash('md5').update(body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: queue,
    awsRegion: region,
  };
}

/** Lambda takes a batch for failed where the function throws, or answers an id that it cannot make out. */
function failedOf(
  { reportsFailures }: QueueSourceDefinition,
  result: InvocationResult,
  batch: readonly Received[],
): ReadonlySet<string> {
  const all = new Set(batch.map(({ messageId }) => messageId));
  if (!result.ok) return all;
  const answer = JSON.parse(result.payload) as { batchItemFailures?: { itemIdentifier?: unknown }[] | null } | null;
  if (!reportsFailures || !answer?.batchItemFailures) return new Set();
  const failed = answer.batchItemFailures.map((failure) => failure?.itemIdentifier);
  return failed.every((id): id is string => typeof id === 'string' && all.has(id)) ? new Set(failed) : all;
}
