/**
 * The one reader of the streams: of the leases it counts, keeps what is over and tells it where that is asked for, and forgets which
 * slot an identity had that another one has; of pools, blocks and nodes it tells what happened. Invoked with the changes of one of the tables, a batch of one shard at a time.
 */
import type { Context, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import type { LeaseChange } from '../../core/protocol/counter.ts';
import type { Occurrence } from '../../core/protocol/occurrence.ts';
import { eventBus } from '../events/event-bus.ts';
import { busForEvents, inBackground } from '../runtime.ts';
import { leaseChange } from '../store/lease-changes.ts';
import { occurrence } from '../store/occurrences.ts';
import { countChanges } from '../use-cases/changes/count-changes.ts';
import { forgetIdentities } from '../use-cases/changes/forget-identities.ts';
import { noteFills } from '../use-cases/changes/pool-fill.ts';
import { recordHistory } from '../use-cases/changes/record-history.ts';
import { tellLeases } from '../use-cases/changes/tell-leases.ts';
import { tellOccurrences } from '../use-cases/changes/tell-occurrences.ts';
import type { Call, Dependencies } from '../use-cases/dependencies.ts';
import { noEvents } from '../use-cases/events.ts';

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

const dependencies = inBackground(eventBus(busForEvents));

type Time = Pick<Call, 'remainingMs'>;

export const handler = (event: WindowedEvent, context: Context): Promise<WindowedAnswer> =>
  told(dependencies, event, { remainingMs: () => context.getRemainingTimeInMillis() });

export async function told(
  deps: Dependencies,
  { Records = [], shardId }: WindowedEvent,
  time: Time = { remainingMs: () => Number.POSITIVE_INFINITY },
): Promise<WindowedAnswer> {
  const [ofLeases, others] = [Records.filter(isOfLeases), Records.filter((record) => !isOfLeases(record))];
  const changes = ofLeases.map(leaseChange).filter((change): change is LeaseChange => change !== undefined);
  const foreign = ofLeases.length - changes.length;
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
  const occurrences = others.map(occurrence).filter((one): one is Occurrence => one !== undefined);
  // All are tried, and each finds what it did already when the batch comes again.
  const outcomes = await Promise.allSettled([
    recordHistory(deps, changes),
    counted(deps, shardId ?? UNNAMED_SHARD, changes.filter(isCounted)),
    forgetIdentities(deps, changes),
    tellLeases(deps, time, changes),
    tellOccurrences(deps, time, occurrences),
  ]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return { state: {} };
}

async function counted(deps: Dependencies, shard: string, changes: readonly LeaseChange[]): Promise<void> {
  await countChanges(deps, shard, changes);
  if (deps.events === noEvents) return;
  // What is counted is counted: the next batch, or the recount, finds as much.
  const pools = changes.map(({ pool }) => pool);
  await noteFills(deps, pools).catch((cause: unknown) =>
    console.error({ message: 'How full pools are was not noted', cause: String(cause) }),
  );
}

/** A function has one source for each table: a batch is of one of them. */
const isOfLeases = ({ dynamodb }: DynamoDBRecord): boolean => dynamodb?.Keys?.pk?.S?.startsWith('L#') !== false;
