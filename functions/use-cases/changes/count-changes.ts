/** Keeps the counters by the changes of the leases table. */
import { pMapSettled } from 'p-map';
import { type CounterKey, type LeaseChange, placesBeside, type Tally } from '../../../core/protocol/counter.ts';
import { REQUESTS_AT_ONCE } from '../bounded-store.ts';
import type { Dependencies } from '../dependencies.ts';

type Deps = Pick<Dependencies, 'store' | 'now' | 'memory'>;

/** What one change does to a counter: one up or down, or nothing. */
interface Step {
  readonly sequence: string;
  readonly by: number;
}

/** Of one pool, in their order. */
type Changes = readonly LeaseChange[];

/**
 * Counts a batch of one shard, in its order: one write for each pool, in which its first namespaces are counted too, and one
 * for each other namespace. A shard's changes come in order, but some come again, alone or in other batches: after an error
 * Lambda repeats a batch or halves of it. So an item keeps, of each shard, the last change that it counted, in the same write as
 * the sums: whatever comes again is not counted again.
 */
export async function countChanges(deps: Deps, shard: string, changes: readonly LeaseChange[]): Promise<void> {
  const pools = new Map<string, LeaseChange[]>();
  for (const change of changes) {
    if (change.before === change.after) continue;
    const own = pools.get(change.pool);
    if (own) own.push(change);
    else pools.set(change.pool, [change]);
  }
  const others: [CounterKey, readonly Step[]][] = [];
  const totals = await pMapSettled(
    pools,
    async ([pool, own]) => {
      const beside = await countPool(deps, shard, own);
      for (const namespace of namespacesOf(own))
        if (!beside.has(namespace)) others.push([{ pool, namespace }, stepsOf(namespace, own)]);
    },
    { concurrency: REQUESTS_AT_ONCE },
  );
  const apart = await pMapSettled(others, ([key, steps]) => countApart(deps, shard, key, steps), {
    concurrency: REQUESTS_AT_ONCE,
  });
  // Each is tried, though another failed: the whole batch comes again then, and finds these counted.
  const failed = [...totals, ...apart].find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

/** @returns of the namespaces those that are counted in the pool's item */
async function countPool({ store, now, memory }: Deps, shard: string, changes: Changes): Promise<ReadonlySet<string>> {
  const pool = changes[0]?.pool ?? '';
  let known: ReadonlySet<string> = memory.countedBeside.peek(pool) ?? new Set();
  for (let left = changes; left.length > 0; ) {
    const { beside, joining } = placesBeside(namespacesOf(left), known);
    // Also where they add up to nothing: what is not kept as counted would be counted if a part of it came again.
    const outcome = await store.counters.add(
      { pool },
      {
        ...spanOf(shard, left),
        ...tallyOf(left.map(stepOfPool)),
        now: now(),
        ...(beside.size === 0 ? {} : { beside: talliesOf(beside, left) }),
        ...(joining.length === 0 ? {} : { joining: { had: known.size, come: joining.length } }),
      },
    );
    if (outcome.added) {
      known = new Set([...known, ...joining]);
      break;
    }
    known = outcome.beside;
    left = after(outcome.counted, left);
  }
  memory.countedBeside.set(pool, known, now());
  return placesBeside(namespacesOf(changes), known).beside;
}

async function countApart({ store, now }: Deps, shard: string, key: CounterKey, steps: readonly Step[]): Promise<void> {
  for (let left = steps; left.length > 0; ) {
    const outcome = await store.counters.add(key, { ...spanOf(shard, left), ...tallyOf(left), now: now() });
    if (outcome.added) return;
    left = after(outcome.counted, left);
  }
}

const after = <T extends { readonly sequence: string }>(
  counted: string | undefined,
  all: readonly T[],
): readonly T[] => (counted === undefined ? all : all.filter(({ sequence }) => BigInt(sequence) > BigInt(counted)));

const spanOf = (shard: string, all: readonly { readonly sequence: string }[]) => ({
  shard,
  first: all[0]?.sequence ?? '',
  last: all.at(-1)?.sequence ?? '',
});

const namespacesOf = (changes: Changes): ReadonlySet<string> =>
  new Set(changes.flatMap(({ before, after: next }) => [before, next]).filter((name) => name !== undefined));

const stepOfPool = ({ before, after: next, sequence }: LeaseChange): Step => ({
  sequence,
  by: Number(next !== undefined) - Number(before !== undefined),
});

const stepsOf = (namespace: string, changes: Changes): readonly Step[] =>
  changes
    .map(({ before, after: next, sequence }) => ({
      sequence,
      by: Number(next === namespace) - Number(before === namespace),
    }))
    .filter(({ by }) => by !== 0);

const talliesOf = (namespaces: ReadonlySet<string>, changes: Changes): ReadonlyMap<string, Tally> =>
  new Map([...namespaces].map((namespace) => [namespace, tallyOf(stepsOf(namespace, changes))]));

const tallyOf = (steps: readonly Step[]): Tally => ({
  held: steps.reduce((sum, { by }) => sum + by, 0),
  changes: steps.filter(({ by }) => by !== 0).length,
});
