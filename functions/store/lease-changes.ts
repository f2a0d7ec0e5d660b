/** From the records of the leases table's stream to what changed. */
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import type { LeaseChange } from '../../core/protocol/counter.ts';
import { HELD } from './items.ts';

/** As DynamoDB writes an item: each value under the name of its type. */
type Image = Parameters<typeof unmarshall>[0];

const slot = z.object({ pk: z.string().check(z.regex(/^L#[0-9a-f]{16}#/)), s: z.int(), ns: z.optional(z.string()) });

/** The pool of a slot item, and the namespace that holds it, if one does; undefined for what is no slot item. */
function holderIn(image: object): { pool: string; holder: string | undefined } | undefined {
  const { success, data } = z.safeParse(slot, unmarshall(image as Image));
  if (!success) return undefined;
  return { pool: data.pk.split('#')[1] ?? '', holder: data.s === HELD ? (data.ns ?? '') : undefined };
}

interface StreamRecord {
  readonly dynamodb?:
    | {
        readonly OldImage?: object | undefined;
        readonly NewImage?: object | undefined;
        readonly SequenceNumber?: string | undefined;
      }
    | undefined;
}

/** What a record of the stream says; undefined where it is about no slot. */
export function leaseChange({
  dynamodb: { OldImage, NewImage, SequenceNumber } = {},
}: StreamRecord): LeaseChange | undefined {
  const [before, after] = [OldImage, NewImage].map((image) => image && holderIn(image));
  const pool = after?.pool ?? before?.pool;
  if (pool === undefined || SequenceNumber === undefined) return undefined;
  return { pool, before: before?.holder, after: after?.holder, sequence: SequenceNumber };
}
