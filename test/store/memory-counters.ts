/** Counters in memory. */
import type { Counter, CounterKey } from '../../core/protocol/counter.ts';
import type { CounterStore } from '../../core/store.ts';

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
      return structuredClone(all.get(name));
    },
    async readPools() {
      return structuredClone(totals);
    },
    async readNamespaces(pool) {
      return structuredClone(parts.get(pool) ?? new Map());
    },
    async add(key, { shard, first, last, held, changes, now }) {
      const [all, name] = locate(key);
      const counter = all.get(name) ?? NOTHING;
      const before = counter.counted.get(shard)?.sequence;
      if (before !== undefined && BigInt(before) >= BigInt(first)) return { added: false, counted: before };
      all.set(name, {
        recountedAt: now,
        ...counter,
        held: counter.held + held,
        changes: counter.changes + changes,
        counted: new Map([...counter.counted, [shard, { sequence: last, at: now }]]),
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
