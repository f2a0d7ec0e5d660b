import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlaps, parseRangeSets, type Range } from '../../../../core/addresses/range.ts';
import { LessorError } from '../../../../core/contract/problems.ts';
import type { Store } from '../../../../core/store.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { intercepted } from '../../intercepted.ts';
import { add, addOf, world } from '../../world.ts';

const request = fc.record({
  name: fc.constantFrom('blue', 'green', 'red'),
  start: fc.integer({ min: 2, max: 8 }),
  size: fc.nat(3),
  environment: fc.nat(2),
});

const rangesOf = (ranges: Parameters<typeof parseRangeSets>[0]): Range[] => {
  const parsed = parseRangeSets(ranges);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value.flat();
};

/** Several nodes use networks first at the same moment, with names and ranges that clash (I8). */
const poolsNeverOverlap = (open: () => Store) =>
  fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 5 }), fc.scheduler(), async (requests, scheduler) => {
    const here = world(open());
    const store = intercepted(here.store, async (name, _, proceed) => {
      await scheduler.schedule(Promise.resolve(), `${name} arrives`);
      const answer = await proceed();
      await scheduler.schedule(Promise.resolve(), `${name} is answered`);
      return answer;
    });
    const environments = [0, 1, 2].map(() => here.environment({ store }));
    const asked = requests.map(async ({ name, start, size, environment }, index) => {
      const ranges = [[{ subnet: '10.0.0.0/24', rangeStart: `10.0.0.${start}`, rangeEnd: `10.0.0.${start + size}` }]];
      const deps = environments[environment] ?? here.environment({ store });
      return add(deps, `i-${index}`, addOf(index, { pool: { vrf: 'default', name, ranges } })).catch(
        (error: unknown) => {
          if (error instanceof LessorError && error.code.startsWith('pool.')) return undefined;
          throw error;
        },
      );
    });
    const results = await scheduler.waitFor(Promise.all(asked));
    const { pools, version } = await here.store.pools.readRegistry('default');
    expect(version).toBe(pools.length);
    expect(new Set(pools.map(({ name }) => name)).size).toBe(pools.length);
    for (const [index, pool] of pools.entries()) {
      const others = pools.slice(index + 1).flatMap(({ ranges }) => rangesOf(ranges));
      expect(rangesOf(pool.ranges).some((range) => others.some((other) => overlaps(range, other)))).toBe(false);
    }
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
    expect((await fc.check(poolsNeverOverlap(blind), { seed: 1, numRuns: 200 })).failed).toBe(true);
  });
});
