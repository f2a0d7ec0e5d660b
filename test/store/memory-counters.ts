/** Counters in memory. */

import { allNamespaces, type Counter, type CounterKey, ofNamespace, type Tally } from '../../core/protocol/counter.ts';
import type { CounterStore } from '../../core/store.ts';
import { copy } from './copy.ts';

const NOTHING: Omit<Counter, 'recountedAt'> = { held: 0, changes: 0, recounts: 0, counted: new Map() };

export function memoryCounters(): CounterStore {
  const totals = new Map<string, Counter>();
  const parts = new Map<string, Map<string, Counter>>();
  const locate = ({ pool, namespace }: CounterKey): [Map<string, Counter>, string] => {
    if (namespace === undefined) return [totals, pool];
    const own = parts.get(pool) ?? new Map<string, Counter>();
    parts.set(pool, own);
    return [own, namespace];
  };
  return {
    async read(key) {
      const [all, name] = locate(key);
      const beside = totals.get(key.pool)?.beside?.get(key.namespace ?? '');
      return copy(key.namespace === undefined ? all.get(name) : ofNamespace(all.get(name), beside));
    },
    async readPools() {
      return copy(totals);
    },
    async readNamespaces(pool) {
      return copy(allNamespaces(parts.get(pool) ?? new Map(), totals.get(pool)));
    },
    async add(key, { shard, first, last, held, changes, now, joining, beside }) {
      const [all, name] = locate(key);
      const counter = all.get(name) ?? NOTHING;
      const before = counter.counted.get(shard)?.sequence;
      const isCounted = before !== undefined && BigInt(before) >= BigInt(first);
      const had = counter.beside?.size ?? 0;
      if (isCounted || (joining && joining.had !== had)) {
        const counted = before === undefined ? {} : { counted: before };
        return { added: false, ...counted, beside: new Set(counter.beside?.keys()) };
      }
      all.set(name, {
        recountedAt: now,
        ...counter,
        held: counter.held + held,
        changes: counter.changes + changes,
        counted: new Map([...counter.counted, [shard, { sequence: last, at: toTheSecond(now) }]]),
        ...(beside ? { beside: sums(counter.beside, beside) } : {}),
      });
      return { added: true };
    },
    async correct(key, { recounts, by, now, forget }) {
      const [all, name] = locate(key);
      const counter = all.get(name) ?? NOTHING;
      if (counter.recounts !== recounts) return false;
      all.set(name, {
        ...counter,
        held: counter.held + by,
        recounts: recounts + 1,
        recountedAt: now,
        counted: new Map([...counter.counted].filter(([shard]) => !forget.includes(shard))),
      });
      return true;
    },
  };
}

/** As the sequence and its time are kept in DynamoDB. */
const toTheSecond = (milliseconds: number): number => Math.floor(milliseconds / 1000) * 1000;

const sums = (all: ReadonlyMap<string, Tally> = new Map(), more: ReadonlyMap<string, Tally>): Map<string, Tally> => {
  const result = new Map(all);
  for (const [name, { held, changes }] of more) {
    const was = all.get(name);
    result.set(name, { held: (was?.held ?? 0) + held, changes: (was?.changes ?? 0) + changes });
  }
  return result;
};
