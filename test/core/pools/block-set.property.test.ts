/** Blocks with something to hand out, by arithmetic, against going through every slot. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../core/addresses/address.ts';
import { parseRangeSets, rangesToText } from '../../../core/addresses/range.ts';
import { type BlockSet, blockSet, blocksBelow, widestGap } from '../../../core/pools/block-set.ts';
import { type PoolSpace, poolSpace } from '../../../core/pools/pool-space.ts';

const listOf = (set: BlockSet): bigint[] => Array.from({ length: Number(set.size) }, (_, n) => set.at(BigInt(n)));

/** Ascending, neither overlapping nor touching, as gaps and lengths. */
const intervals = fc.array(fc.tuple(fc.bigInt(1n, 5n), fc.bigInt(1n, 5n)), { maxLength: 6 }).map((parts) => {
  let next = -1n;
  return parts.map(([gap, length]) => {
    const from = next + gap;
    next = from + length;
    return { from, to: next - 1n };
  });
});

const countsAsAListDoes = (make: typeof blockSet) =>
  fc.property(intervals, fc.bigInt(-1n, 70n), (given, end) => {
    const set = make(given);
    const all = given.flatMap(({ from, to }) =>
      Array.from({ length: Number(to - from) + 1 }, (_, n) => from + BigInt(n)),
    );
    expect(listOf(set)).toEqual(all);
    expect(set.countBelow(end)).toBe(BigInt(all.filter((block) => block < end).length));
    expect(listOf(blocksBelow(set, end))).toEqual(all.filter((block) => block < end));
    expect(() => set.at(set.size)).toThrow(RangeError);
    const gaps = all.slice(1).map((block, n) => block - (all[n] ?? block) - 1n);
    expect(widestGap(set)).toBe(gaps.sort((a, b) => Number(b - a))[0] ?? 0n);
  });

const spanText = ([a, b]: readonly [number, number]) => {
  const text = (at: number) => formatAddress({ family: 4, value: 0x0a000000n + BigInt(at) });
  return `${text(Math.min(a, b))}-${text(Math.max(a, b))}`;
};
const exclusion = fc.tuple(fc.nat(70), fc.nat(70)).map(spanText);

/** A /26, and perhaps a longer IPv6 set beside it, of which parts are excluded, and of shared pools a part is reserved. */
const pools = fc
  .record({
    gateway: fc.constantFrom<'pool' | 'block'>('pool', 'block'),
    blockSize: fc.constantFrom(4, 8, 16),
    dual: fc.boolean(),
    exclude: fc.array(exclusion, { maxLength: 4 }),
    // At least one address of the pool: another reservation is refused.
    reserved: fc.option(fc.tuple(fc.integer({ min: 1, max: 62 }), fc.nat(70)).map(spanText)),
  })
  .map(({ gateway, blockSize, dual, exclude, reserved }) => {
    const sets = [[{ subnet: '10.0.0.0/26' }], ...(dual ? [[{ subnet: 'fd00::/64' }]] : [])];
    const parsed = parseRangeSets(sets, gateway);
    if (!parsed.ok) throw new Error(parsed.problem);
    const isReserved = reserved !== null && gateway === 'pool';
    const reservations = isReserved ? [{ name: 'kept', addresses: [reserved], namespace: 'shop' }] : [];
    return poolSpace({ ranges: rangesToText(parsed.value), blockSize, gateway, exclude, reservations });
  });

const findsEveryUsableBlock = (
  look: (space: PoolSpace) => Pick<PoolSpace, 'usableBlocks' | 'leasableBlocks' | 'usableIn'>,
) =>
  fc.property(pools, (space) => {
    const found = look(space);
    const isReserved = (block: bigint, slot: number) => {
      const k = block * BigInt(space.blockSize) + BigInt(slot);
      return space.reservedFor('kept').some(({ from, to }) => from <= k && k <= to);
    };
    const blocks = Array.from({ length: Number(space.blocks) }, (_, n) => BigInt(n));
    const slots = Array.from({ length: space.blockSize }, (_, n) => n);
    const usable = (block: bigint) => slots.filter((slot) => space.isUsable(block, slot)).length;
    expect(listOf(found.usableBlocks())).toEqual(blocks.filter((block) => usable(block) > 0));
    expect(listOf(found.leasableBlocks())).toEqual(
      blocks.filter((block) => slots.some((slot) => space.isUsable(block, slot) || isReserved(block, slot))),
    );
    for (const block of blocks) expect(found.usableIn(block)).toBe(usable(block));
    expect(found.usableIn(space.blocks)).toBe(0);
    expect(Math.max(...blocks.map(usable))).toBeLessThanOrEqual(space.mostOfBlock);
  });

describe('a set of blocks', () => {
  it('counts and numbers them as a list does', () => {
    fc.assert(countsAsAListDoes(blockSet));
    const late: typeof blockSet = (given) => ({
      ...blockSet(given),
      countBelow: (end) => blockSet(given).countBelow(end + 1n),
    });
    expect(fc.check(countsAsAListDoes(late), { seed: 1 }).failed).toBe(true);
  });

  it('costs nothing in an IPv6 /48', () => {
    const set = blockSet([{ from: 0n, to: (1n << 74n) - 1n }]);
    expect(set.at(1n << 73n)).toBe(1n << 73n);
    expect(set.countBelow(1n << 73n)).toBe(1n << 73n);
  });
});

describe('the blocks of a pool that have something to hand out', () => {
  it('are those that have a usable slot, whatever is excluded, reserved or set aside', () => {
    fc.assert(
      findsEveryUsableBlock((space) => space),
      { numRuns: 300 },
    );
  });

  it('are checked by a property that finds a block too few, and one too many', () => {
    const few = (space: PoolSpace): PoolSpace => ({
      ...space,
      usableBlocks: () => blockSet(space.usableBlocks().intervals.slice(1)),
    });
    const many = (space: PoolSpace): PoolSpace => ({
      ...space,
      leasableBlocks: () => blockSet([{ from: 0n, to: space.blocks - 1n }]),
    });
    const miscounted = (space: PoolSpace): PoolSpace => ({ ...space, usableIn: (block) => space.slotsIn(block) });
    for (const broken of [few, many, miscounted])
      expect(fc.check(findsEveryUsableBlock(broken), { seed: 1, numRuns: 300 }).failed).toBe(true);
  });
});
