/** The stream of the leases table as DynamoDB writes it, over a store in memory: a record for each change of a slot, with its images. */
import { marshall } from '@aws-sdk/util-dynamodb';
import type { SlotState } from '../../core/protocol/lease.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import type { Store } from '../../core/store.ts';
import { FREE, HELD, keys, slotItem } from '../../functions/store/items.ts';
import { intercepted } from './intercepted.ts';

interface SlotRecord {
  readonly dynamodb: {
    readonly OldImage?: object;
    readonly NewImage?: object;
    readonly SequenceNumber: string;
    readonly ApproximateCreationDateTime: number;
  };
}

const imageOf = (key: SlotKey, { held, generation, reusableAt, holding, endedAt }: SlotState): object =>
  marshall(
    {
      ...keys.slot(key),
      ...(holding ? slotItem(holding, generation) : { g: generation }),
      s: held ? HELD : FREE,
      r: reusableAt,
      x: endedAt,
    },
    { removeUndefinedValues: true },
  );

const WRITES = ['hold', 'assert', 'release', 'sweep', 'evict', 'advance'];

/** Write through `store`, one write at a time. */
export function slotRecords(base: Store, now: () => number): { store: Store; records: SlotRecord[] } {
  const records: SlotRecord[] = [];
  const store = intercepted(base, async (name, args, proceed) => {
    if (!WRITES.includes(name)) return proceed();
    const key = args[0] as SlotKey;
    const before = await base.leases.readSlot(key);
    const outcome = await proceed();
    const after = await base.leases.readSlot(key);
    if (after !== undefined && JSON.stringify(before) !== JSON.stringify(after))
      records.push({
        dynamodb: {
          ...(before === undefined ? {} : { OldImage: imageOf(key, before) }),
          NewImage: imageOf(key, after),
          SequenceNumber: String(7 + 3 * records.length),
          ApproximateCreationDateTime: Math.floor(now() / 1000),
        },
      });
    return outcome;
  });
  return { store, records };
}
