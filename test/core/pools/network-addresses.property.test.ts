/** Network and broadcast addresses, as an independent library tells them. */
import fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../core/addresses/address.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { poolSpace } from '../../../core/pools/pool-space.ts';

type MakeSpace = typeof poolSpace;
type RangeText = PoolDefinition['ranges'][number][number];

/** One or two ranges of a small subnet, its ends included more often than not. */
const rangesOfSubnet = fc
  .record({
    family: fc.constantFrom<4 | 6>(4, 6),
    hostBits: fc.integer({ min: 2, max: 5 }),
    at: fc.nat(7),
    cuts: fc.array(fc.nat(31), { minLength: 4, maxLength: 4 }),
    whole: fc.boolean(),
    gateway: fc.nat(31),
  })
  .map(({ family, hostBits, at, cuts, whole, gateway }): RangeText[] => {
    const size = 2 ** hostBits;
    const network = (family === 4 ? 0x0a000000n : 0xfdn << 120n) + BigInt(at * size);
    const show = (offset: number) => formatAddress({ family, value: network + BigInt(offset) });
    const [a = 0, b = 0, c = 0, d = 0] = cuts.map((cut) => cut % size).sort((one, other) => one - other);
    const [from, to] = whole ? [0, size - 1] : [a, d];
    const spans = b < c ? [[from, b] as const, [c, to] as const] : [[from, to] as const];
    const subnet = `${show(0)}/${(family === 4 ? 32 : 128) - hostBits}`;
    return spans.map(([first, last]) => {
      return { subnet, rangeStart: show(first), rangeEnd: show(last), gateway: show(gateway % size) };
    });
  });

const library = (text: string) => (text.includes(':') ? new Address6(text) : new Address4(text));

/** Addresses of the ranges that a host can have. */
function byHand(ranges: readonly RangeText[]): string[] {
  const gateways = ranges.map(({ gateway }) => gateway);
  return ranges.flatMap(({ subnet, rangeStart, rangeEnd }) => {
    const [network, first, last] = [library(subnet), library(rangeStart).bigInt(), library(rangeEnd).bigInt()];
    const ends = [network.startAddress(), ...(network instanceof Address4 ? [network.endAddress()] : [])];
    const unusable = [...gateways, ...ends.map((end) => end.correctForm())];
    const all = Array.from({ length: Number(last - first) + 1 }, (_, k) =>
      (network instanceof Address4 ? Address4 : Address6).fromBigInt(first + BigInt(k)).correctForm(),
    );
    return all.filter((address) => !unusable.includes(address));
  });
}

const handsOutHostsOnly = (make: MakeSpace) =>
  fc.property(rangesOfSubnet, fc.constantFrom(1, 4, 64), (ranges, blockSize) => {
    const space = make({ ranges: [ranges], blockSize });
    const found: string[] = [];
    for (let block = 0n; block < space.blocks; block += 1n)
      for (let slot = 0; slot < blockSize; slot += 1)
        if (space.isUsable(block, slot)) found.push(space.addresses(block, slot)[0]?.address.split('/')[0] ?? '');
    const expected = byHand(ranges);
    expect(found).toEqual(expected);
    expect(space.capacity).toBe(BigInt(expected.length));
  });

describe('a pool', () => {
  it('hands out what a host can have, and counts that', () => {
    fc.assert(handsOutHostsOnly(poolSpace), { numRuns: 500 });
  });

  it('is checked by a property that catches a network address and a broadcast address', () => {
    const handedOut =
      (isEnd: (address: string) => boolean): MakeSpace =>
      (pool) => {
        const space = poolSpace(pool);
        const isUsable = (block: bigint, slot: number) =>
          space.isUsable(block, slot) ||
          (block * BigInt(pool.blockSize) + BigInt(slot) < space.slots &&
            isEnd(space.addresses(block, slot)[0]?.address ?? ''));
        return { ...space, isUsable };
      };
    const network = handedOut((text) => library(text).startAddress().correctForm() === text.split('/')[0]);
    const broadcast = handedOut(
      (text) => !text.includes(':') && library(text).endAddress().correctForm() === text.split('/')[0],
    );
    for (const broken of [network, broadcast])
      expect(fc.check(handsOutHostsOnly(broken), { seed: 1, numRuns: 500 }).failed).toBe(true);
  });
});
