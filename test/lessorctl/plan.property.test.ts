/** Prefixes that are free, and how large a pool has to be. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  freeAddresses,
  freePrefixes,
  prefixText,
  readPrefix,
  spanOf,
  type TakenSpan,
} from '../../lessorctl/plan/prefix.ts';
import { sizingOf } from '../../lessorctl/plan/sizing.ts';

const within = readPrefix('--from', '10.0.0.0/24');

/** Prefixes within the /24. */
const prefix = fc.tuple(fc.integer({ min: 24, max: 32 }), fc.nat(255)).map(([length, at]) => ({
  bits: 32 as const,
  length,
  first: within.first + ((BigInt(at) >> BigInt(32 - length)) << BigInt(32 - length)),
}));

const covers = (spans: readonly TakenSpan[], address: bigint) =>
  spans.some(({ first, last }) => first <= address && address <= last);

describe('free prefixes', () => {
  /** Every free prefix is found, in order, and no other one. */
  const findsAll = (find: typeof freePrefixes) =>
    fc.property(fc.array(prefix, { maxLength: 12 }), fc.integer({ min: 24, max: 32 }), (taken, length) => {
      const used = taken.map(spanOf);
      const size = 1n << BigInt(32 - length);
      const expected: string[] = [];
      for (let first = within.first; first < within.first + 256n; first += size) {
        const addresses = Array.from({ length: Number(size) }, (_, index) => first + BigInt(index));
        if (!addresses.some((address) => covers(used, address))) expected.push(prefixText({ bits: 32, length, first }));
      }
      expect(find(within, length, used, 256).map(prefixText)).toEqual(expected);
    });

  it('are all that there are: aligned, within, and of nobody', () => {
    fc.assert(findsAll(freePrefixes));
  });

  it.each<[string, typeof freePrefixes]>([
    [
      'behind a neighbour, without looking how it is aligned',
      (inside, length, used, most) =>
        freePrefixes(inside, length, used, most).map((one) => ({
          ...one,
          first: one.first + (used.length > 0 ? 1n : 0n),
        })),
    ],
    [
      'that only the first of two overlapping ones leaves',
      (inside, length, used, most) => freePrefixes(inside, length, used.slice(0, 1), most),
    ],
    ['but for the last one', (inside, length, used, most) => freePrefixes(inside, length, used, most).slice(0, -1)],
  ])('are not those %s', (_, broken) => {
    expect(fc.check(findsAll(broken)).failed).toBe(true);
  });

  it('leave so many addresses, though spans overlap', () => {
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 12 }), (taken) => {
        const used = taken.map(spanOf);
        const free = Array.from({ length: 256 }, (_, index) => within.first + BigInt(index)).filter(
          (one) => !covers(used, one),
        );
        expect(freeAddresses(within, used)).toBe(BigInt(free.length));
      }),
    );
  });

  it('of IPv6 too', () => {
    const used = [spanOf(readPrefix('x', 'fd00::/64'))];
    expect(freePrefixes(readPrefix('x', 'fd00::/48'), 64, used, 2).map(prefixText)).toEqual([
      'fd00:0:0:1::/64',
      'fd00:0:0:2::/64',
    ]);
  });

  it.each(['10.0.0.0', '10.0.0.1/24', '10.0.0.0/33', 'fd00::1/64', 'ten', ''])(
    'are looked for in a prefix, which %j is not',
    (text) => {
      expect(() => readPrefix('--from', text)).toThrow(/^--from /);
    },
  );
});

describe('the size of a pool', () => {
  it('suffices for the pods of every node, and no smaller prefix would', () => {
    const need = fc.record({
      nodes: fc.integer({ min: 1, max: 5_000 }),
      pods: fc.integer({ min: 1, max: 250 }),
      growth: fc.constantFrom(0, 0.2, 1),
      years: fc.integer({ min: 1, max: 5 }),
      spare: fc.constantFrom(0, 0.1, 0.5),
      affinity: fc.constantFrom('shared' as const, 'node' as const),
    });
    fc.assert(
      fc.property(need, (one) => {
        const { nodes, blockSize, blocksOfNode, addresses, prefixLength, left } = sizingOf(one);
        const wanted = Math.ceil(one.pods * (1 + one.spare));
        if (blocksOfNode === undefined) expect(addresses).toBeGreaterThan(nodes * wanted);
        else expect(blocksOfNode * (blockSize - 3)).toBeGreaterThanOrEqual(wanted);
        expect(2 ** (32 - prefixLength)).toBe(addresses + left);
        expect(left).toBeGreaterThanOrEqual(0);
        if (addresses > 4) expect(left).toBeLessThan(addresses);
      }),
    );
  });

  it('is that of the example', () => {
    const need = { nodes: 300, pods: 110, growth: 0.2, years: 3, spare: 0.1, affinity: 'node' as const };
    expect(sizingOf(need)).toMatchObject({
      nodes: 519,
      pods: 57_090,
      blockSize: 128,
      blocksOfNode: 1,
      prefixLength: 15,
    });
  });
});
