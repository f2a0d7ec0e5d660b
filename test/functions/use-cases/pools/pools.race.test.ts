import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../../core/store.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { blindRegistry, expectDisjoint, unlessRefused } from '../../registry-claims.ts';
import { scheduled } from '../../scheduled.ts';
import { add, addOf, world } from '../../world.ts';

const request = fc.record({
  name: fc.constantFrom('blue', 'green', 'red'),
  start: fc.integer({ min: 2, max: 8 }),
  size: fc.nat(3),
  environment: fc.nat(2),
});

/** Several nodes use networks first at the same moment, with names and ranges that clash (I8). */
const poolsNeverOverlap = (open: () => Store) =>
  fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 5 }), fc.scheduler(), async (requests, scheduler) => {
    const here = world(open());
    const store = scheduled(here.store, scheduler);
    const environments = [0, 1, 2].map(() => here.environment({ store }));
    const asked = requests.map(async ({ name, start, size, environment }, index) => {
      const ranges = [[{ subnet: '10.0.0.0/24', rangeStart: `10.0.0.${start}`, rangeEnd: `10.0.0.${start + size}` }]];
      const deps = environments[environment] ?? here.environment({ store });
      return add(deps, `i-${index}`, addOf(index, { pool: { vrf: 'default', name, ranges } })).catch(unlessRefused);
    });
    const results = await scheduler.waitFor(Promise.all(asked));
    const { pools, version } = await here.store.pools.readRegistry('default');
    expect(version).toBe(pools.length);
    expectDisjoint(pools);
    for (const result of results) {
      if (result === undefined) continue;
      expect(pools.map(({ id }) => id)).toContain(result.pool.id);
      expect((await here.store.pools.readPool(result.pool.id))?.definition).toEqual(result.pool);
    }
    expect(results.some((result) => result !== undefined)).toBe(true);
  });

describe('first uses of networks, interleaved at every request', () => {
  it('never make two pools of one name, nor two that overlap, and whoever has an address has it of a registered pool', async () => {
    await fc.assert(
      poolsNeverOverlap(() => memoryStore()),
      { numRuns: 200 },
    );
  });

  it('are found out if the registry is written without a look at its version', async () => {
    expect((await fc.check(poolsNeverOverlap(blindRegistry), { seed: 1, numRuns: 200 })).failed).toBe(true);
  });
});
