/** Keeps the counters by the changes of the leases table. */
import { pMapSettled } from 'p-map';
import type { CounterKey, LeaseChange } from '../../../core/protocol/counter.ts';
import { REQUESTS_AT_ONCE } from '../bounded-store.ts';
import type { Dependencies } from '../dependencies.ts';

interface Step {
  readonly sequence: string;
  readonly by: 1 | -1;
}

/**
 * Counts a batch of one shard, in its order: one write for each counter. A shard's changes come in order, but some come
 * again, alone or in other batches: after an error Lambda repeats a batch or halves of it. So a counter keeps, of each shard,
 * the last change that it counted, in the same write as the sum: whatever comes again is not counted again.
 */
export async function countChanges(
  { store, now }: Pick<Dependencies, 'store' | 'now'>,
  shard: string,
  changes: readonly LeaseChange[],
): Promise<void> {
  const counters = new Map<string, { key: CounterKey; steps: Step[] }>();
  const note = (key: CounterKey, step: Step) => {
    const id = JSON.stringify(key);
    const counter = counters.get(id) ?? { key, steps: [] };
    counter.steps.push(step);
    counters.set(id, counter);
  };
  for (const { pool, before, after, sequence } of changes) {
    if (before === after) continue;
    if (before !== undefined) note({ pool, namespace: before }, { sequence, by: -1 });
    if (after !== undefined) note({ pool, namespace: after }, { sequence, by: 1 });
    if (before === undefined || after === undefined) note({ pool }, { sequence, by: before === undefined ? 1 : -1 });
  }

  const count = async ({ key, steps }: { key: CounterKey; steps: readonly Step[] }) => {
    for (let left = steps; left.length > 0; ) {
      const first = left[0]?.sequence ?? '';
      const last = left.at(-1)?.sequence ?? '';
      const held = left.reduce((sum, { by }) => sum + by, 0);
      // Also where they add up to nothing: what is not kept as counted would be counted if a part of it came again.
      const outcome = await store.counters.add(key, { shard, first, last, held, changes: left.length, now: now() });
      if (outcome.added) return;
      const counted = BigInt(outcome.counted);
      left = left.filter(({ sequence }) => BigInt(sequence) > counted);
    }
  };
  // Each is tried, though another failed: the whole batch comes again then, and finds these counted.
  const outcomes = await pMapSettled(counters.values(), count, { concurrency: REQUESTS_AT_ONCE });
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
