/** Creating, growing and deleting pools whose ranges clash, interleaved at every request (I8). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginWith } from '../../../../core/pools/registry.ts';
import type { Store } from '../../../../core/store.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { change, create, remove } from '../../pool-requests.ts';
import { blindRegistry, expectDisjoint, unlessRefused } from '../../registry-claims.ts';
import { scheduled } from '../../scheduled.ts';
import { world } from '../../world.ts';

const names = ['blue', 'green', 'red'] as const;
const request = fc.record({
  does: fc.constantFrom('create', 'create', 'grow', 'grow', 'delete'),
  name: fc.constantFrom(...names),
  octets: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
});
const subnets = (octets: readonly number[]) => [octets.map((octet) => ({ subnet: `10.${octet}.0.0/29` }))];
const poolsNeverOverlap = (open: () => Store) =>
  fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 6 }), fc.scheduler(), async (requests, scheduler) => {
    const here = world(open());
    await create(here.environment(), { name: 'blue', ranges: subnets([1]) });
    const store = scheduled(here.store, scheduler);
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
          return ask[does]().catch(unlessRefused);
        }),
      ),
    );
    const { pools } = await here.store.pools.readRegistry('default');
    expectDisjoint(pools);
    for (const pool of pools) {
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
    expect((await fc.check(poolsNeverOverlap(blindRegistry), { seed: 1, numRuns: 400 })).failed).toBe(true);
  }, 120_000);

  it('all come to be where 64 are disjoint, in whatever order their requests arrive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const here = world();
        const store = scheduled(here.store, scheduler);
        const asked = Array.from({ length: 64 }, (_, k) =>
          create(here.environment({ store }), { name: `pool-${k}`, ranges: subnets([k]) }),
        );
        expect((await scheduler.waitFor(Promise.all(asked))).every(({ created }) => created)).toBe(true);
      }),
      { numRuns: 3 },
    );
  }, 120_000);
});
