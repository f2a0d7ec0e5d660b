/** History in memory, as `functions/store/dynamodb-history.ts` keeps it. Nothing is deleted: readers leave out what is past its time. */

import type { HistoryStore } from '../../core/store.ts';
import { auditItem, endedItem, historyKeys } from '../../functions/store/history-items.ts';
import { packNotes, unpackNotes } from '../../functions/store/note-items.ts';
import { copy } from './copy.ts';

interface Kept {
  readonly value: unknown;
  readonly expiresAt: number;
}

export function memoryHistory(): HistoryStore {
  const partitions = new Map<string, Map<string, Kept>>();
  const put = (pk: string, sk: string, value: unknown, expiresAt: number): void => {
    const items = partitions.get(pk) ?? new Map<string, Kept>();
    partitions.set(pk, items.set(sk, { value: copy(value), expiresAt }));
  };
  const query = <T>(pk: string, now: number, from = '', until = '~'): T[] =>
    [...(partitions.get(pk) ?? [])]
      .filter(([sk, { expiresAt }]) => sk > from && sk < until && Math.ceil(expiresAt / 1000) * 1000 > now)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { value }]) => copy(value) as T);
  let begun: number | undefined;
  return {
    async noteBegun(at) {
      begun ??= at;
      return begun;
    },
    async readBegun() {
      return begun;
    },
    async recordEnded(lease, expiresAt) {
      const { pk, sk } = endedItem(lease);
      put(String(pk), String(sk), lease, expiresAt);
    },
    async readEnded(slot, after, { now, limit }) {
      return query<never>(historyKeys.slot(slot), now, historyKeys.behind(after)).slice(0, limit);
    },
    async recordNotes(part, notes, expiresAt) {
      const packed = packNotes(notes);
      const sk = `${historyKeys.period(part.period)}#${Buffer.from(packed).toString('base64')}`;
      put(historyKeys.part(part), sk, packed, expiresAt);
    },
    async readNotes({ lane, from, to }, now) {
      const [first, end] = [from, to].map(historyKeys.period) as [string, string];
      const pk = historyKeys.part({ period: from, lane });
      return query<Uint8Array>(pk, now, first, end).flatMap(unpackNotes);
    },
    async recordAudit(entry, expiresAt) {
      const { pk, sk } = auditItem(entry);
      put(String(pk), String(sk), entry, expiresAt);
    },
    async readAudit(day, now) {
      return query(historyKeys.audit(day), now);
    },
    async recordSample(pool, sample, expiresAt) {
      put(historyKeys.use(pool), historyKeys.from(sample.at), sample, expiresAt);
    },
    async readSamples(pool, since, now) {
      return query(historyKeys.use(pool), now, historyKeys.from(since));
    },
  };
}
