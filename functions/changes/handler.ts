/** The one reader of the stream: it counts, and keeps what is over. Invoked with the changes of the leases table, a batch of one shard at a time. */
import type { DynamoDBStreamEvent } from 'aws-lambda';
import type { LeaseChange } from '../../core/protocol/counter.ts';
import { inBackground } from '../runtime.ts';
import { leaseChange } from '../store/lease-changes.ts';
import { countChanges } from '../use-cases/changes/count-changes.ts';
import { recordHistory } from '../use-cases/changes/record-history.ts';

/**
 * As an event source with a tumbling window makes it (Lambda developer guide, "Implementing stateful DynamoDB stream
 * processing"). The last invocation of a window may have no records; without a window no shard is named.
 */
export interface WindowedEvent extends Partial<DynamoDBStreamEvent> {
  readonly shardId?: string;
}

/** Without it Lambda takes an answer for a failure. All that is counted is in the store, so that it is empty. */
type WindowedAnswer = Readonly<Record<'state', Record<string, never>>>;

/** For changes of shards that the event does not name. */
const UNNAMED_SHARD = 'unnamed';

/**
 * So long after it was made a change is counted (ms): a counter remembers a shard for three hours, and what is older is the
 * recount's. Of history nothing makes up for a change that is given up, so that the event source tries for a day.
 */
const COUNTED_WITHIN_MS = 60 * 60 * 1000;

const dependencies = inBackground();

export const handler = (event: WindowedEvent): Promise<WindowedAnswer> => told(dependencies, event);

export async function told(
  deps: Parameters<typeof recordHistory>[0] & Parameters<typeof countChanges>[0],
  { Records = [], shardId }: WindowedEvent,
): Promise<WindowedAnswer> {
  const changes = Records.map(leaseChange).filter((change): change is LeaseChange => change !== undefined);
  const foreign = Records.length - changes.length;
  if (foreign > 0) console.error({ message: 'Records that are about no slot', count: foreign, shardId });
  // An error would stop the shard for as long as its changes are kept. In one line for all shards nothing is counted twice;
  // what comes out of its order is not counted, and the recount makes up for it.
  if (changes.length > 0 && shardId === undefined)
    console.error({
      message:
        'The event names no shard, so that some changes wait for the recount: give the event source a tumbling window',
      count: changes.length,
    });
  const isCounted = ({ changedAt }: LeaseChange) =>
    changedAt === undefined || deps.now() - changedAt < COUNTED_WITHIN_MS;
  // Both are tried, and each finds what it did already when the batch comes again.
  const outcomes = await Promise.allSettled([
    recordHistory(deps, changes),
    countChanges(deps, shardId ?? UNNAMED_SHARD, changes.filter(isCounted)),
  ]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return { state: {} };
}
