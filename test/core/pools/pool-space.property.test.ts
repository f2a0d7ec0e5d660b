import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../core/addresses/address.ts';
import { poolSpace } from '../../../core/pools/pool-space.ts';
import { type SmallRange, smallRangeSets } from '../arbitraries.ts';

type MakeSpace = typeof poolSpace;

/** Every tuple that the ranges can give, address by address, as host-local would walk them. */
function byHand(sets: readonly (readonly SmallRange[])[]): bigint[][] {
  const lists = sets.map((set) =>
    set.flatMap(({ first, last }) => Array.from({ length: Number(last - first) + 1 }, (_, k) => first + BigInt(k))),
  );
  const gateways = new Set(sets.flat().map(({ text }) => parseAddress(text.gateway)?.value));
  // Each set lies in one subnet, and reaches its first address but never its last.
  const networks = new Set(sets.flat().map(({ text }) => parseAddress(text.subnet.split('/')[0] ?? '')?.value));
  const length = Math.min(...lists.map((list) => list.length));
  const tuples = Array.from({ length }, (_, k) => lists.map((list) => list[k] ?? -1n));
  return tuples.filter((tuple) => !tuple.some((value) => gateways.has(value) || networks.has(value)));
}

const handsOutWhatTheRangesHold = (make: MakeSpace) =>
  fc.property(smallRangeSets, fc.constantFrom(1, 2, 4, 8, 64), (sets, blockSize) => {
    const ranges = sets.map((set) => set.map(({ text }) => text));
    const space = make({ ranges, blockSize });
    const found: bigint[][] = [];
    for (let block = 0n; block <= space.blocks; block += 1n) {
      for (let slot = 0; slot < blockSize; slot += 1) {
        if (!space.isUsable(block, slot)) continue;
        found.push(
          space.addresses(block, slot).map(({ address }) => parseAddress(address.split('/')[0] ?? '')?.value ?? -1n),
        );
      }
    }
    expect(found).toEqual(byHand(sets));
    expect(space.capacity).toBe(BigInt(found.length));
    const all = found.flat();
    expect(new Set(all).size).toBe(all.length);
  });

describe('a pool', () => {
  it('hands out each address of its ranges once, gateways and network addresses left out, and counts them', () => {
    fc.assert(handsOutWhatTheRangesHold(poolSpace), { numRuns: 300 });
  });

  it('is checked by a property that catches one slot too many, a lost gateway and blocks that share a slot', () => {
    const tooLong: MakeSpace = (pool) => ({ ...poolSpace(pool), capacity: poolSpace(pool).slots });
    const gatewayOut: MakeSpace = (pool) => {
      const space = poolSpace(pool);
      const isUsable = (block: bigint, slot: number) => block * BigInt(pool.blockSize) + BigInt(slot) < space.slots;
      return { ...space, isUsable };
    };
    const shared: MakeSpace = (pool) => {
      const space = poolSpace(pool);
      const before = (block: bigint) => (block > 0n ? block - 1n : block);
      return { ...space, addresses: (block, slot) => space.addresses(before(block), slot) };
    };
    for (const broken of [tooLong, gatewayOut, shared]) {
      expect(fc.check(handsOutWhatTheRangesHold(broken), { seed: 1, numRuns: 300 }).failed).toBe(true);
    }
  });
});
