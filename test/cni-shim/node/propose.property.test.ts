import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { type PoolCache, takenFor } from '../../../cni-shim/node/pool-cache.ts';
import { proposals } from '../../../cni-shim/node/propose.ts';
import { poolPolicy } from '../../../core/contract/pool.ts';
import { poolSpace } from '../../../core/pools/pool-space.ts';

type Proposals = typeof proposals;

const BLOCK_SIZE = 8;
const NOW = 1_000_000_000;

const state: fc.Arbitrary<PoolCache> = fc
  .record({
    last: fc.integer({ min: 10, max: 240 }),
    gateway: fc.integer({ min: 1, max: 254 }),
    blocks: fc.uniqueArray(fc.integer({ min: 0, max: 31 }), { minLength: 1, maxLength: 6 }),
    cursor: fc.record({ block: fc.integer({ min: 0, max: 31 }), slot: fc.nat(BLOCK_SIZE - 1) }),
    taken: fc.array(
      fc.record({ block: fc.nat(31), slot: fc.nat(BLOCK_SIZE - 1), age: fc.integer({ min: -200_000, max: 200_000 }) }),
    ),
    cooldownSeconds: fc.constantFrom(0, 30, 120),
  })
  .map(({ last, gateway, blocks, cursor, taken, cooldownSeconds }) => {
    const seen: Record<string, Record<string, number>> = {};
    for (const { block, slot, age } of taken) {
      const text = block.toString(16);
      seen[text] = { ...seen[text], [slot]: NOW - age };
    }
    const text = (host: number) => `10.0.0.${host}`;
    return {
      format: 3,
      bootId: 'b',
      journal: '0000000000000000',
      former: [],
      incarnation: 1,
      blocks: blocks.map((block) => ({ block: block.toString(16), generation: 1 })),
      cursor: { block: cursor.block.toString(16), slot: cursor.slot },
      taken: seen,
      pool: {
        id: '0000000000000001',
        vrf: 'default',
        name: 'n',
        affinity: 'shared',
        ranges: [[{ subnet: '10.0.0.0/24', rangeStart: text(1), rangeEnd: text(last), gateway: text(gateway) }]],
        blockSize: BLOCK_SIZE,
        ...z.parse(poolPolicy, { cooldownSeconds }),
        gateway: 'pool' as const,
        createdAt: '',
      },
    };
  });

const ordinal = (block: string, slot: number) => Number.parseInt(block, 16) * BLOCK_SIZE + slot;

/** All that may be proposed, by trying every slot there is. */
function expected({ pool, blocks, taken, ...rest }: PoolCache): number[] {
  const space = poolSpace(pool);
  const whole = { pool, blocks, taken, ...rest };
  const found: number[] = [];
  for (const { block } of blocks) {
    for (let slot = 0; slot < BLOCK_SIZE; slot++) {
      const seen = taken[block]?.[slot];
      const recent = seen !== undefined && Math.abs(NOW - seen) < takenFor(whole);
      if (space.isUsable(BigInt(`0x${block}`), slot) && !recent) found.push(ordinal(block, slot));
    }
  }
  return found.sort((a, b) => a - b);
}

const once = (propose: Proposals) =>
  fc.property(state, (given) => {
    const proposed = [...propose(given, NOW)].map(({ block, slot }) => ordinal(block, slot));
    expect([...proposed].sort((a, b) => a - b)).toEqual(expected(given));
    // Upwards from behind the cursor, then, after one turn, upwards to it.
    const cursor = ordinal(given.cursor.block, given.cursor.slot);
    const behind = proposed.filter((k) => k > cursor);
    const before = proposed.filter((k) => k <= cursor);
    expect(proposed).toEqual([...behind, ...before]);
    for (const part of [behind, before]) expect(part).toEqual([...part].sort((a, b) => a - b));
  });

const mutants: Record<string, Proposals> = {
  'begins anew each time': (given, now) => proposals({ ...given, cursor: { block: '0', slot: 0 } }, now),
  'ignores what was taken': (given, now) => proposals({ ...given, taken: {} }, now),
  'never forgets what was taken': (given, now) =>
    proposals({ ...given, pool: { ...given.pool, cooldownSeconds: 1e9 } }, now),
  'proposes gateways': (given, now) => {
    const ranges = given.pool.ranges.map((set) => set.map((range) => ({ ...range, gateway: '10.0.0.255' })));
    return proposals({ ...given, pool: { ...given.pool, ranges } }, now);
  },
  'misses the last slot': function* (given, now) {
    const all = [...proposals(given, now)];
    yield* all.slice(0, -1);
  },
};

describe('proposals', () => {
  test('are every usable slot of the blocks that was not taken lately, once, the longest unused first', () => {
    fc.assert(once(proposals), { numRuns: 500 });
  });

  test.each(Object.entries(mutants))('of a node that %s are found out', (_, mutant) => {
    expect(fc.check(once(mutant), { seed: 1, numRuns: 500 }).failed).toBe(true);
  });
});
