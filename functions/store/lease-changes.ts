/** From the records of the leases table's stream to what changed. */
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import type { LeaseChange } from '../../core/protocol/counter.ts';
import { SEALED_GENERATION, type SlotState } from '../../core/protocol/lease.ts';
import { blockFromText, type SlotKey } from '../../core/protocol/slot-ref.ts';
import { HELD, slotOf, slotState } from './items.ts';

/** As DynamoDB writes an item: each value under the name of its type. */
type Image = Parameters<typeof unmarshall>[0];

const slot = z.object({
  pk: z.string().check(z.regex(/^L#[0-9a-f]{16}#[0-9a-f]+$/)),
  sk: z.string(),
  s: z.int(),
  ns: z.optional(z.string()),
});

interface Imaged {
  readonly key: SlotKey;
  /** The namespace that holds it, if one does. */
  readonly holder: string | undefined;
  readonly state: SlotState | undefined;
}

/** What an image says of a slot; undefined for what is no slot item. */
function imaged(image: object): Imaged | undefined {
  const item = unmarshall(image as Image);
  const { success, data } = z.safeParse(slot, item);
  if (!success) return undefined;
  const [, pool = '', block = '0'] = data.pk.split('#');
  const key = { pool, block: blockFromText(block), slot: slotOf(item) };
  return { key, holder: data.s === HELD ? (data.ns ?? '') : undefined, state: stateIn(item) };
}

/** An item that lacks something counts all the same. */
function stateIn(item: Record<string, unknown>): SlotState | undefined {
  try {
    return slotState(item);
  } catch {
    return undefined;
  }
}

interface StreamRecord {
  readonly dynamodb?:
    | {
        readonly OldImage?: object | undefined;
        readonly NewImage?: object | undefined;
        readonly SequenceNumber?: string | undefined;
        readonly ApproximateCreationDateTime?: number | Date | undefined;
      }
    | undefined;
}

/** What a record of the stream says; undefined where it is about no slot. */
export function leaseChange({ dynamodb = {} }: StreamRecord): LeaseChange | undefined {
  const { OldImage, NewImage, SequenceNumber, ApproximateCreationDateTime } = dynamodb;
  const [before, after] = [OldImage, NewImage].map((image) => image && imaged(image));
  const key = (after ?? before)?.key;
  if (key === undefined || SequenceNumber === undefined) return undefined;
  const changedAt = millisecondsOf(ApproximateCreationDateTime);
  const at = changedAt === undefined ? {} : { changedAt };
  const change = { pool: key.pool, before: before?.holder, after: after?.holder, sequence: SequenceNumber };
  return {
    ...change,
    ...at,
    ...leasesIn(key, before?.state, after?.state, changedAt),
    ...displacedIn(key, before?.state, after?.state),
  };
}

function displacedIn(
  slot: SlotKey,
  before: SlotState | undefined,
  after: SlotState | undefined,
): Pick<LeaseChange, 'displaced'> {
  const { identity, pod } = before?.holding ?? {};
  if (identity === undefined || pod === undefined || after === undefined) return {};
  const next = after.holding;
  const isItsOwn = next?.identity === identity && next.pod?.namespace === pod.namespace;
  if (isItsOwn && after.generation !== SEALED_GENERATION) return {};
  return { displaced: { slot, identity: { pool: slot.pool, namespace: pod.namespace, identity } } };
}

/** Lambda has it in seconds. */
const millisecondsOf = (at: number | Date | undefined): number | undefined =>
  at instanceof Date ? at.getTime() : at === undefined ? undefined : at * 1000;

/** @param changedAt (ms) as DynamoDB has it, to the second: an earlier version ended leases without a word of when */
function leasesIn(
  slot: SlotKey,
  before: SlotState | undefined,
  after: SlotState | undefined,
  changedAt: number | undefined,
): Pick<LeaseChange, 'ended' | 'began'> {
  const [old, next] = [before, after].map((state) => (state?.held === true ? state.holding : undefined));
  if (old?.nonce === next?.nonce) return {};
  const said = after?.endedAt;
  const since = old?.heldAt ?? 0;
  const previousEndedAt = before?.endedAt;
  const previous = previousEndedAt === undefined ? {} : { previousEndedAt };
  // A lease is there after the one before it, whose clock may be another one: two of one slot never end at one time.
  const least = Math.max(since, (previousEndedAt ?? -1) + 1);
  // Else it is that of the lease before, which such a version left, or that of a request which was meant for one: it came late.
  const endedAt = (said !== undefined && said >= least) || changedAt === undefined ? said : changedAt;
  return {
    ...(old === undefined || endedAt === undefined
      ? {}
      : { ended: { slot, holding: old, endedAt: Math.max(endedAt, least), ...previous } }),
    ...(next === undefined ? {} : { began: { slot, holding: next } }),
  };
}
