/** The items of the history table: how keys are made, and how an item is read. `ttl` is in seconds: DynamoDB deletes by it, at its leisure. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod/mini';
import { type AuditEntry, dayOfPeriod, type EndedLease, type UseSample } from '../../core/protocol/history.ts';
import { blockToText, type SlotKey } from '../../core/protocol/slot-ref.ts';
import { slotItem, slotState } from './items.ts';

type Item = Record<string, unknown>;

/** Milliseconds as text that sorts as they do. */
const timeText = (at: number): string => String(Math.max(0, Math.floor(at))).padStart(15, '0');
/** Behind every key of a time: `#` comes before it. */
const BEHIND = '$';

export const historyKeys = {
  begun: { pk: 'B', sk: 'B' },
  slot: ({ pool, block, slot }: SlotKey) => `S#${pool}#${blockToText(block)}#${slot.toString(16)}`,
  /** With the nonce: two leases of a slot may end in one millisecond, and a repeat is the same item. */
  ended: ({ slot, endedAt, holding }: EndedLease) => ({
    pk: historyKeys.slot(slot),
    sk: `${timeText(endedAt)}#${holding.nonce}`,
  }),
  part: ({ period, lane }: { period: number; lane: string }) => `I#${dayOfPeriod(period)}#${lane}`,
  period: (period: number) => String(period).padStart(9, '0'),
  audit: (day: number) => `A#${day}`,
  entry: ({ at, id }: AuditEntry) => ({ pk: historyKeys.audit(dayOf(at)), sk: `${timeText(at)}#${id}` }),
  use: (pool: string) => `F#${pool}`,
  from: timeText,
  behind: (at: number) => `${timeText(at)}${BEHIND}`,
};

const DAY_MS = 86_400_000;
const dayOf = (at: number): number => Math.floor(at / DAY_MS);

/** Whole seconds, the next one: what is kept until a time is kept that long. */
export const expiry = (expiresAt: number): { ttl: number } => ({ ttl: Math.ceil(expiresAt / 1000) });
export const isKept = (item: Item, now: number): boolean => Number(item.ttl) * 1000 > now;

/** As the slot had it, with `to` its end and `before` that of the lease before it. */
export function endedItem(lease: EndedLease): Item {
  const { holding, endedAt, previousEndedAt } = lease;
  const { s: _, g: __, r: ___, ...fields } = slotItem(holding, 0);
  return { ...historyKeys.ended(lease), ...fields, to: endedAt, before: previousEndedAt };
}

const storedEnd = z.object({ to: z.number(), before: z.optional(z.number()) });

export function endedLease(slot: SlotKey, item: Item): EndedLease[] {
  const { to, before } = storedEnd.parse(item);
  const { holding } = slotState({ ...item, s: 0, g: 0, r: 0 });
  if (holding === undefined) return [];
  return [{ slot, holding, endedAt: to, ...(before === undefined ? {} : { previousEndedAt: before }) }];
}

const storedAudit = z.object({
  id: z.string(),
  at: z.number(),
  by: z.string(),
  action: z.enum(['pool.created', 'pool.changed', 'pool.deleted', 'node.declared-dead']),
  subject: z.string(),
  outcome: z.enum(['begun', 'done', 'refused']),
  z: z.instanceof(Uint8Array),
});

/** Pools may be as large as an item; two of them fit only compressed. */
export function auditItem({ before, after, ...entry }: AuditEntry): Item {
  return { ...historyKeys.entry(entry), ...entry, z: deflateRawSync(JSON.stringify({ before, after })) };
}

export function auditEntry(item: Item): AuditEntry {
  const { z: packed, ...rest } = storedAudit.parse(item);
  return { ...rest, ...(JSON.parse(inflateRawSync(packed).toString()) as Pick<AuditEntry, 'before' | 'after'>) };
}

/** DynamoDB's client takes no number that a double does not count: an IPv6 pool's capacity is text then. */
export const sampleItem = (pool: string, { at, taken, capacity }: UseSample): Item => ({
  ...{ pk: historyKeys.use(pool), sk: historyKeys.from(at), at, taken },
  capacity: Number.isSafeInteger(capacity) ? capacity : String(capacity),
});

const storedSample = z.object({ at: z.number(), taken: z.number(), capacity: z.union([z.number(), z.string()]) });
export function useSample(item: Item): UseSample {
  const { at, taken, capacity } = storedSample.parse(item);
  return { at, taken, capacity: Number(capacity) };
}
