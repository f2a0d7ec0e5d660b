/** The stream of the leases table, and its reader: batches of a shard in order, again after a failure, minutes late, or given up. */
import { marshall } from '@aws-sdk/util-dynamodb';
import { LessorError } from '../core/contract/problems.ts';
import type { LeaseChange } from '../core/protocol/counter.ts';
import type { SlotState } from '../core/protocol/lease.ts';
import type { SlotKey } from '../core/protocol/slot-ref.ts';
import { FREE, keys, slotItem } from '../functions/store/items.ts';
import { leaseChange } from '../functions/store/lease-changes.ts';
import { countChanges } from '../functions/use-cases/changes/count-changes.ts';
import { forgetIdentities } from '../functions/use-cases/changes/forget-identities.ts';
import { recordHistory } from '../functions/use-cases/changes/record-history.ts';
import type { Dependencies } from '../functions/use-cases/dependencies.ts';
import type { Chance } from '../test/linearizability/chance.ts';
import type { SlotWrite } from './mirror.ts';

export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY';
  readonly dynamodb: {
    readonly SequenceNumber: string;
    readonly Keys: object;
    readonly OldImage?: object;
    readonly NewImage: object;
    /** Seconds since 1970. */
    readonly ApproximateCreationDateTime: number;
  };
}

type Reader = (deps: Dependencies, shard: string, records: readonly StreamRecord[]) => Promise<void>;

/** As functions/changes does it. */
const tellChanges: Reader = async (deps, shard, records) => {
  const changes = records.map(leaseChange).filter((change): change is LeaseChange => change !== undefined);
  await recordHistory(deps, changes);
  await countChanges(deps, shard, changes);
  await forgetIdentities(deps, changes);
};

export interface Stream {
  /** The next batch of some shard reaches its reader, or what befalls it. */
  oneBatch(deps: Dependencies): Promise<void>;
  /** All that is left, in order. */
  rest(deps: Dependencies): Promise<void>;
  /** Changes that were given up after an hour: nobody was told. */
  readonly givenUp: SlotWrite[];
}

const SHARDS = 2;
const BATCH = 40;
const GIVES_UP = 0.04;

/** @param writes which it grows by @param givesUp how many of the batches are never told */
export function streamOf(writes: readonly SlotWrite[], chance: Chance, givesUp = GIVES_UP): Stream {
  const shards = Array.from({ length: SHARDS }, (_, index) => ({
    id: `shard-${index}`,
    read: 0,
    told: 0,
    records: [] as [SlotWrite, StreamRecord][],
  }));
  const givenUp: SlotWrite[] = [];
  let seen = 0;
  function gather(): void {
    for (; seen < writes.length; seen += 1) {
      const write = writes[seen] as SlotWrite;
      shards[Number(write.key.block) % SHARDS]?.records.push([write, recordOf(write, seen + 1)]);
    }
  }
  const tell = async (deps: Dependencies, shard: string, batch: readonly (readonly [SlotWrite, StreamRecord])[]) => {
    await tellChanges(
      deps,
      shard,
      batch.map(([, record]) => record),
    );
  };
  return {
    givenUp,
    async oneBatch(deps) {
      gather();
      const shard = chance.pick(shards);
      const fate = chance.next();
      // Some of what was told before comes again with it.
      const from = fate < 0.2 ? Math.max(0, shard.told - chance.under(BATCH)) : shard.told;
      const to = Math.min(shard.records.length, shard.told + 1 + chance.under(BATCH));
      if (from === to) return;
      const batch = shard.records.slice(from, to);
      if (fate >= 1 - givesUp) givenUp.push(...batch.map(([write]) => write));
      else {
        const isTold = await tell(deps, shard.id, batch).then(
          () => true,
          (error: unknown) => unlessUnanswered(error),
        );
        // The reader failed, or succeeded and its answer was lost: the batch comes again.
        if (!isTold || fate > 0.85) return;
      }
      shard.told = to;
    },
    async rest(deps) {
      gather();
      for (const shard of shards) {
        await tell(deps, shard.id, shard.records.slice(shard.told));
        shard.told = shard.records.length;
      }
    },
  };
}

function unlessUnanswered(error: unknown): false {
  if (error instanceof LessorError && (error.kind.unanswered === true || error.code === 'service.busy')) return false;
  throw error;
}

/** As DynamoDB says it, with both images. */
function recordOf({ key, before, after, at }: SlotWrite, sequence: number): StreamRecord {
  const SequenceNumber = String(sequence).padStart(21, '0');
  return {
    eventID: SequenceNumber,
    eventName: before === undefined ? 'INSERT' : 'MODIFY',
    dynamodb: {
      SequenceNumber,
      Keys: marshall(keys.slot(key)),
      ...(before === undefined ? {} : { OldImage: image(key, before) }),
      NewImage: image(key, after),
      ApproximateCreationDateTime: Math.floor(at / 1000),
    },
  };
}

function image(key: SlotKey, { held, holding, generation, reusableAt, endedAt }: SlotState): object {
  const ended = endedAt === undefined ? {} : { x: endedAt };
  const item = holding === undefined ? { s: FREE, g: generation, r: reusableAt } : slotItem(holding, generation);
  const free = held ? {} : { s: FREE, r: reusableAt };
  return marshall({ ...keys.slot(key), ...item, ...free, ...ended }, { removeUndefinedValues: true });
}
