import { describe, expect, test } from 'vitest';
import { isSound } from '../../../cni-shim/api/sound-allocation.ts';
import type { AllocateResult } from '../../../core/contract/lease.ts';
import { poolSpace } from '../../../core/pools/pool-space.ts';

const ranges = [[{ subnet: '10.1.0.0/24', rangeStart: '10.1.0.1', rangeEnd: '10.1.0.254', gateway: '10.1.0.1' }]];
const pool = {
  id: '0000000000000001',
  vrf: 'default',
  name: 'net',
  affinity: 'shared',
  gateway: 'pool',
  ranges,
  blockSize: 64,
  exclude: [],
  reservations: [],
} as unknown as AllocateResult['pool'];
const slot = { pool: pool.id, block: '3', slot: 61 };
const answer: AllocateResult = {
  slot,
  addresses: poolSpace(pool).addresses(3n, 61),
  incarnation: 1,
  blocks: [],
  pool,
};

describe('an allocation', () => {
  test('is sound where its slot is one of its pool and its addresses are addresses', () => {
    expect(isSound(answer)).toBe(true);
    expect(isSound({ ...answer, more: [{ ...slot, slot: 0 }] })).toBe(true);
  });

  test('is sound where a further slot has addresses of the larger range sets only, but not where the first has', () => {
    const larger = { subnet: 'fd00::/64', rangeStart: 'fd00::1', rangeEnd: 'fd00::ffff', gateway: 'fd00::1' };
    const unequal = { ...answer, pool: { ...pool, ranges: [...ranges, [larger]] } };
    const further = { ...slot, block: '2ff' };
    expect(isSound({ ...unequal, more: [further] })).toBe(true);
    expect(isSound({ ...unequal, slot: further, more: [slot] })).toBe(false);
    expect(isSound({ ...unequal, more: [{ ...slot, block: '400' }] })).toBe(false);
  });

  test.each<[string, Partial<AllocateResult>]>([
    ['no address', { addresses: [] }],
    ['an address without a length', { addresses: [{ address: '10.1.0.5', gateway: '10.1.0.1' }] }],
    ['a gateway that is none', { addresses: [{ address: '10.1.0.5/24', gateway: '' }] }],
    ['a slot behind the last of its pool', { slot: { ...slot, slot: 62 } }],
    ['a slot behind the last of its block', { slot: { ...slot, block: '0', slot: 64 } }],
    ['a slot of another pool', { slot: { ...slot, pool: '0000000000000002' } }],
    ['a further slot of another pool', { more: [{ ...slot, pool: '0000000000000002' }] }],
    ['a pool without ranges', { pool: { ...pool, ranges: [] } }],
    ['a pool whose ranges are none', { pool: { ...pool, ranges: [[{ ...ranges[0]?.[0], subnet: 'x' } as never]] } }],
    ['exclusions that are none', { pool: { ...pool, exclude: ['x'] } }],
    ['blocks of no size', { pool: { ...pool, blockSize: 0 } }],
    ['blocks whose size is no power of two', { pool: { ...pool, blockSize: 48 } }],
    ['blocks that are larger than any', { pool: { ...pool, blockSize: 8192 } }],
  ])('is not sound with %s', (_, part) => {
    expect(isSound({ ...answer, ...part })).toBe(false);
  });
});
