/** The function that counts: invoked with the changes of the leases table, a batch of one shard at a time. */
import type { DynamoDBStreamEvent } from 'aws-lambda';
import type { LeaseChange } from '../../core/protocol/counter.ts';
import { dependencies } from '../runtime.ts';
import { leaseChange } from '../store/lease-changes.ts';
import { countChanges } from '../use-cases/changes/count-changes.ts';

/** Lambda tells the shard only where the event source has a tumbling window; its state must come back. */
interface WindowedEvent extends DynamoDBStreamEvent {
  readonly shardId?: string;
}

export const handler = async ({ Records, shardId }: WindowedEvent): Promise<{ state: Record<string, never> }> => {
  if (shardId === undefined) throw new Error('The event has no shardId: give the event source a tumbling window');
  const changes = Records.map(leaseChange);
  const foreign = changes.filter((change) => change === undefined).length;
  if (foreign > 0) console.error({ message: 'Records that are about no slot', count: foreign, shardId });
  await countChanges(
    dependencies,
    shardId,
    changes.filter((change): change is LeaseChange => change !== undefined),
  );
  return { state: {} };
};
