/** Creating, growing and deleting pools whose ranges clash, interleaved at every request (I8). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlaps, parseRangeSets, type Range } from '../../../../core/addresses/range.ts';
import { LessorError } from '../../../../core/contract/problems.ts';
import { beginWith } from '../../../../core/pools/registry.ts';
import type { Store } from '../../../../core/store.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { intercepted } from '../../intercepted.ts';
import { change, create, remove } from '../../pool-requests.ts';
import { world } from '../../world.ts';

const names = ['blue', 'green', 'red'] as const;
const request = fc.record({
  does: fc.constantFrom('create', 'create', 'grow', 'grow', 'delete'),
  name: fc.constantFrom(...names),
  octets: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
});
const subnets = (octets: readonly number[]) => [octets.map((octet) => ({ subnet: `10.${octet}.0.0/29` }))];
const rangesOf = (ranges: Parameters<typeof parseRangeSets>[0]): Range[] => {
  const parsed = parseRangeSets(ranges);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value.flat();
};

const slowly = (store: Store, scheduler: fc.Scheduler) =>
  intercepted(store, async (name, _, proceed) => {
    await scheduler.schedule(Promise.resolve(), `${name} arrives`);
    const answer = await proceed();
    await scheduler.schedule(Promise.resolve(), `${name} is answered`);
    return answer;
  });

const poolsNeverOverlap = (open: () => Store) =>
  fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 6 }), fc.scheduler(), async (requests, scheduler) => {
    const here = world(open());
    await create(here.environment(), { name: 'blue', ranges: subnets([1]) });
    const store = slowly(here.store, scheduler);
    const done = await scheduler.waitFor(
      Promise.all(
        requests.map(async ({ does, name, octets }) => {
          const deps = here.environment({ store });
          const ask = {
            create: () => create(deps, { name, ranges: subnets(octets) }),
            grow: () =>
              change(
                deps,
                { ranges: subnets(name === 'blue' ? [1, ...octets.filter((o) => o > 1)] : octets) },
                { name },
              ),
            delete: () => remove(deps, { name }),
          };
          return ask[does]().catch((error: unknown) => {
            if (error instanceof LessorError && error.code.startsWith('pool.')) return undefined;
            throw error;
          });
        }),
      ),
    );
    const { pools } = await here.store.pools.readRegistry('default');
    expect(new Set(pools.map(({ name }) => name)).size).toBe(pools.length);
    for (const [index, pool] of pools.entries()) {
      const others = pools.slice(index + 1).flatMap(({ ranges }) => rangesOf(ranges));
      expect(rangesOf(pool.ranges).some((range) => others.some((other) => overlaps(range, other)))).toBe(false);
      // The registry claims all that the pool's item has.
      const stored = await here.store.pools.readPool(pool.id);
      expect(stored && beginWith(pool.ranges, stored.definition.ranges)).toBe(true);
    }
    // What was answered was so: a pool that was made is there, or was deleted by one of the requests.
    if (requests.every(({ does }) => does !== 'delete')) {
      for (const result of done) {
        if (result === undefined || !('pool' in result)) continue;
        const entry = pools.find(({ id }) => id === result.pool.id);
        expect(entry && beginWith(entry.ranges, result.pool.ranges)).toBe(true);
      }
    }
  });

describe('pools that are created, grown and deleted at the same moment', () => {
  it('never overlap', async () => {
    await fc.assert(
      poolsNeverOverlap(() => memoryStore()),
      { numRuns: 400 },
    );
  }, 120_000);

  it('are found out if the registry is written without a look at its version', async () => {
    const blind = (): Store => {
      const store = memoryStore();
      let last: Parameters<Store['pools']['writeRegistry']>[0] = { vrf: 'default', version: 0, pools: [] };
      const pools: Store['pools'] = {
        ...store.pools,
        readRegistry: async () => last,
        writeRegistry: async (registry) => {
          last = registry;
          return true;
        },
      };
      return { ...store, pools };
    };
    expect((await fc.check(poolsNeverOverlap(blind), { seed: 1, numRuns: 400 })).failed).toBe(true);
  }, 120_000);

  it('all come to be where 64 are disjoint, in whatever order their requests arrive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const here = world();
        const store = slowly(here.store, scheduler);
        const asked = Array.from({ length: 64 }, (_, k) =>
          create(here.environment({ store }), { name: `pool-${k}`, ranges: subnets([k]) }),
        );
        expect((await scheduler.waitFor(Promise.all(asked))).every(({ created }) => created)).toBe(true);
      }),
      { numRuns: 3 },
    );
  }, 120_000);
});
