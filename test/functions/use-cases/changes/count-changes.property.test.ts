import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LeaseChange } from '../../../../core/protocol/counter.ts';
import type { CounterStore } from '../../../../core/store.ts';
import { countChanges } from '../../../../functions/use-cases/changes/count-changes.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { intercepted } from '../../intercepted.ts';
import { world } from '../../world.ts';

/** Of the long ones two have room in a pool's item, whichever come first: the others have items of their own. */
const NAMESPACES = ['', 'shop', ...['bank', 'ward', 'yard'].map((name) => name.padEnd(100, '-production'))];
const holder = fc.constantFrom(undefined, ...NAMESPACES);
const change = fc.record({ pool: fc.constantFrom('a', 'b'), before: holder, after: holder });
/** Where a batch begins and how many changes it has; the first ones of all come in order, as DynamoDB Streams has it. */
const batch = fc.record({ from: fc.nat(40), length: fc.integer({ min: 1, max: 12 }), fails: fc.array(fc.nat(4)) });
const shard = fc.record({ changes: fc.array(change, { maxLength: 40 }), batches: fc.array(batch, { maxLength: 30 }) });
const shards = fc.array(shard, { minLength: 1, maxLength: 3 });
type Shards = typeof shards extends fc.Arbitrary<infer T> ? T : never;

/** Plays every batch of every shard, then all that is left; some writes fail before, some after they were carried out. */
async function counted(plan: Shards, count: typeof countChanges, broken: (counters: CounterStore) => CounterStore) {
  const base = memoryStore();
  const store = { ...base, counters: broken(base.counters) };
  const here = world(store);
  const streams = plan.map(({ changes }) =>
    changes.map((one, index): LeaseChange => ({ ...one, sequence: String(7 + 3 * index) })),
  );
  const deliver = async (index: number, changes: readonly LeaseChange[], fails: readonly number[]) => {
    let writes = 0;
    const failing = intercepted(store, async (name, _, proceed) => {
      if (name !== 'add') return proceed();
      writes += 1;
      const outcome = fails.includes(2 * writes) ? undefined : await proceed();
      if (fails.includes(2 * writes) || fails.includes(2 * writes + 1)) throw new Error('DynamoDB does not answer');
      return outcome;
    });
    return count(here.environment({ store: failing }), `s-${index}`, changes).then(
      () => true,
      () => false,
    );
  };
  await Promise.all(
    plan.map(async ({ batches }, index) => {
      const stream = streams[index] ?? [];
      let done = 0;
      for (const { from, length, fails } of batches) {
        const start = Math.min(from, done);
        const ok = await deliver(index, stream.slice(start, start + length), fails);
        if (ok) done = Math.max(done, Math.min(stream.length, start + length));
      }
      await deliver(index, stream.slice(done), []);
    }),
  );
  const all = streams.flat();
  for (const pool of ['a', 'b']) {
    const own = all.filter((one) => one.pool === pool);
    const sum = (by: (one: LeaseChange) => number) => own.reduce((total, one) => total + by(one), 0);
    const is = (value: boolean) => (value ? 1 : 0);
    const total = sum(({ before, after }) => is(after !== undefined) - is(before !== undefined));
    expect((await store.counters.read({ pool }))?.held ?? 0).toBe(total);
    for (const namespace of NAMESPACES) {
      const held = sum(({ before, after }) => is(after === namespace) - is(before === namespace));
      expect((await store.counters.read({ pool, namespace }))?.held ?? 0).toBe(held);
    }
  }
}

const property = (count: typeof countChanges, broken: (counters: CounterStore) => CounterStore = (same) => same) =>
  fc.asyncProperty(shards, (plan) => counted(plan, count, broken));

it('Each change is counted once, however often it comes and wherever a write fails', () =>
  fc.assert(property(countChanges), { numRuns: 300 }));

it.each<[string, typeof countChanges, ((counters: CounterStore) => CounterStore)?]>([
  [
    'a store that adds what came before',
    countChanges,
    (counters) => ({
      ...counters,
      add: (key, changes) => counters.add(key, { ...changes, shard: `${changes.shard} ${Math.random()}` }),
    }),
  ],
  [
    'a use case that takes a refused batch for counted',
    (deps, name, changes) => {
      const add: CounterStore['add'] = async (key, one) => {
        await deps.store.counters.add(key, one);
        return { added: true };
      };
      return countChanges(
        { ...deps, store: { ...deps.store, counters: { ...deps.store.counters, add } } },
        name,
        changes,
      );
    },
  ],
  [
    'a store that does not keep the namespaces in its item apart by when they came',
    countChanges,
    (counters) => ({
      ...counters,
      add: async (key, { joining: _, ...changes }) => {
        const outcome = await counters.add(key, changes);
        return outcome.added ? outcome : { ...outcome, beside: new Set() };
      },
    }),
  ],
  ['a use case that takes all shards for one', (deps, _, changes) => countChanges(deps, 'one', changes)],
])('That finds out %s', async (_, count, broken) => {
  await expect(fc.assert(property(count, broken), { seed: 1, numRuns: 300 })).rejects.toThrow('Property failed');
});
