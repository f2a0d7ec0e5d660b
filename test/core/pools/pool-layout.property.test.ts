/** Exclusions and blocks with gateways of their own, against an independent library and counting by hand. */
import fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../../core/addresses/address.ts';
import { parseExclusions } from '../../../core/addresses/exclusions.ts';
import { poolSpace } from '../../../core/pools/pool-space.ts';
import { type SmallRange, smallRangeSets } from '../arbitraries.ts';

type MakeSpace = typeof poolSpace;

const BASE = { 4: 0x0a000000n, 6: 0xfdn << 120n };
/** Exclusions in the corner of the space in which smallRangeSets lie: they overlap each other, gateways and several sets. */
const exclusion = fc.record({
  family: fc.constantFrom<4 | 6>(4, 6),
  at: fc.nat(70),
  size: fc.integer({ min: 1, max: 24 }),
  asSubnet: fc.boolean(),
});
const textOf = ({ family, at, size, asSubnet }: typeof exclusion extends fc.Arbitrary<infer T> ? T : never): string => {
  const show = (offset: number) => formatAddress({ family, value: BASE[family] + BigInt(offset) });
  if (asSubnet) {
    const hostBits = Math.floor(Math.log2(size));
    return `${show(at - (at % 2 ** hostBits))}/${(family === 4 ? 32 : 128) - hostBits}`;
  }
  return size === 1 ? show(at) : `${show(at)}-${show(at + size - 1)}`;
};

const library = (text: string) => (text.includes(':') ? new Address6(text) : new Address4(text));
const familyOf = (text: string) => (text.includes(':') ? 6 : 4);
/** Whether ip-address says that `address` lies in what is excluded. */
const isExcluded = (address: string, exclude: readonly string[]): boolean =>
  exclude.some((entry) => {
    if (familyOf(entry) !== familyOf(address)) return false;
    const [first = '', last = first] = entry.split('-');
    const begin = library(first).startAddress().bigInt();
    const end = library(last).endAddress().bigInt();
    const value = library(address).bigInt();
    return begin <= value && value <= end;
  });

/** Every tuple that may be handed out, address by address. */
function byHand(sets: readonly (readonly SmallRange[])[], exclude: readonly string[]): string[] {
  const gateways = new Set(sets.flat().map(({ text }) => text.gateway));
  const networks = sets.flat().map(({ text }) => library(text.subnet).startAddress().correctForm());
  const lists = sets.map((set) =>
    set.flatMap(({ text, first, last }) =>
      Array.from({ length: Number(last - first) + 1 }, (_, k) =>
        formatAddress({ family: familyOf(text.subnet), value: first + BigInt(k) }),
      ),
    ),
  );
  const length = Math.min(...lists.map((list) => list.length));
  return Array.from({ length }, (_, k) => lists.map((list) => list[k] ?? ''))
    .filter(
      (tuple) => !tuple.some((address) => gateways.has(address) || isExcluded(address, [...exclude, ...networks])),
    )
    .map((tuple) => tuple.join(' '));
}

function handedOut(space: ReturnType<MakeSpace>): string[] {
  const all: string[] = [];
  for (let block = 0n; block < space.blocks; block += 1n) {
    for (let slot = 0; slot < space.blockSize; slot += 1) {
      if (!space.isUsable(block, slot)) continue;
      const addresses = space.addresses(block, slot).map(({ address }) => address.split('/')[0] ?? '');
      for (const address of addresses)
        expect(space.find(parseAddress(address) ?? { family: 4, value: 0n })).toMatchObject({ block, slot });
      all.push(addresses.join(' '));
    }
  }
  return all;
}

const leavesOutWhatIsExcluded = (make: MakeSpace) =>
  fc.property(
    smallRangeSets,
    fc.array(exclusion, { maxLength: 6 }),
    fc.constantFrom(1, 4, 64),
    (sets, exclusions, blockSize) => {
      const exclude = exclusions.map(textOf);
      const space = make({ ranges: sets.map((set) => set.map(({ text }) => text)), blockSize, exclude });
      const expected = byHand(sets, exclude);
      expect(handedOut(space)).toEqual(expected);
      expect(space.capacity).toBe(BigInt(expected.length));
    },
  );

/** Sets of one to three whole subnets, in one or both families. */
const subnets = fc
  .tuple(fc.constantFrom([4], [6], [4, 6]), fc.array(fc.integer({ min: 4, max: 6 }), { minLength: 1, maxLength: 3 }))
  .map(([families, sizes]) =>
    families.map((family) =>
      sizes.map((hostBits, index) => ({
        subnet: family === 4 ? `10.0.${index}.0/${32 - hostBits}` : `fd00:${index}::/${128 - hostBits}`,
      })),
    ),
  );

const cutsSubnetsIntoBlocks = (make: MakeSpace) =>
  fc.property(
    subnets,
    fc.constantFrom(4, 8, 16),
    fc.array(exclusion, { maxLength: 3 }),
    (sets, blockSize, exclusions) => {
      const whole = sets.map((set) =>
        set.map(({ subnet }) => {
          const range = library(subnet);
          const [rangeStart, rangeEnd] = [range.startAddress(), range.endAddress()].map((end) => end.correctForm());
          const next = { family: familyOf(subnet) as 4 | 6, value: range.startAddress().bigInt() + 1n };
          return { subnet, rangeStart: rangeStart ?? '', rangeEnd: rangeEnd ?? '', gateway: formatAddress(next) };
        }),
      );
      const exclude = exclusions.map(textOf);
      const space = make({ ranges: whole, blockSize, gateway: 'block', exclude });
      let usable = 0n;
      const seen = new Set<string>();
      for (let block = 0n; block < space.blocks; block += 1n) {
        const prefixes = space.blockPrefixes(block);
        expect(prefixes).toHaveLength(sets.length);
        for (const prefix of prefixes) {
          // An aligned subnet of the block's size that lies in one of the ranges, and no other block has it.
          const subnet = library(prefix);
          expect(subnet.startAddress().correctForm()).toBe(subnet.correctForm());
          expect(subnet.endAddress().bigInt() - subnet.startAddress().bigInt() + 1n).toBe(BigInt(blockSize));
          expect(whole.flat().some((range) => isExcluded(subnet.correctForm(), [range.subnet]))).toBe(true);
          expect(seen.has(prefix)).toBe(false);
          seen.add(prefix);
        }
        for (let slot = 0; slot < blockSize; slot += 1) {
          const found = space.addresses(block, slot);
          found.forEach(({ address, gateway }, set) => {
            const prefix = prefixes[set] ?? '';
            expect(isExcluded(address.split('/')[0] ?? '', [prefix])).toBe(true);
            expect(address.split('/')[1]).toBe(prefix.split('/')[1]);
            expect(library(gateway).bigInt()).toBe(library(prefix).startAddress().bigInt() + 1n);
          });
          const reserved = found.some(({ address, gateway }, set) => {
            const [text = ''] = address.split('/');
            const subnet = library(prefixes[set] ?? '');
            const ends = [subnet.startAddress(), ...(text.includes(':') ? [] : [subnet.endAddress()])];
            return text === gateway || isExcluded(text, exclude) || ends.some((end) => end.correctForm() === text);
          });
          expect(space.isUsable(block, slot)).toBe(!reserved);
          if (!reserved) usable += 1n;
        }
      }
      expect(space.capacity).toBe(usable);
    },
  );

describe('a pool with exclusions', () => {
  it('hands out every other address once, and counts them, however the exclusions overlap', () => {
    fc.assert(leavesOutWhatIsExcluded(poolSpace), { numRuns: 300 });
  });

  it('is checked by a property that catches exclusions that count twice, end too early or are forgotten', () => {
    const twice: MakeSpace = (pool) => {
      const space = poolSpace(pool);
      return { ...space, capacity: space.capacity - ((pool.exclude?.length ?? 0) > 1 ? 1n : 0n) };
    };
    const early: MakeSpace = (pool) =>
      poolSpace({ ...pool, exclude: (pool.exclude ?? []).map((entry) => entry.split('-')[0] ?? entry) });
    const forgotten: MakeSpace = ({ ranges, blockSize }) => poolSpace({ ranges, blockSize });
    for (const broken of [twice, early, forgotten])
      expect(fc.check(leavesOutWhatIsExcluded(broken), { seed: 1, numRuns: 300 }).failed).toBe(true);
  });
});

describe('a pool whose blocks have gateways', () => {
  it('is cut into aligned subnets, each with network, gateway and IPv4 broadcast address set aside', () => {
    fc.assert(cutsSubnetsIntoBlocks(poolSpace), { numRuns: 200 });
  });

  it('is checked by a property that catches the pool’s gateway, a broadcast address and blocks that share a prefix', () => {
    const poolGateway: MakeSpace = (pool) => {
      const space = poolSpace(pool);
      const gateway = pool.ranges[0]?.[0]?.gateway ?? '';
      return { ...space, addresses: (b, s) => space.addresses(b, s).map(({ address }) => ({ address, gateway })) };
    };
    const broadcast: MakeSpace = (pool) => {
      const space = poolSpace(pool);
      return { ...space, isUsable: (b, s) => s === pool.blockSize - 1 || space.isUsable(b, s) };
    };
    const shared: MakeSpace = (pool) => {
      const space = poolSpace(pool);
      return { ...space, blockPrefixes: () => space.blockPrefixes(0n) };
    };
    for (const broken of [poolGateway, broadcast, shared])
      expect(fc.check(cutsSubnetsIntoBlocks(broken), { seed: 1, numRuns: 200 }).failed).toBe(true);
  });
});

it('An exclusion is read as ip-address reads it, and written in one spelling that reads the same', () => {
  fc.assert(
    fc.property(exclusion, (one) => {
      const text = textOf(one);
      const read = parseExclusions([text]);
      if (!read.ok) throw new Error(read.problem);
      const [{ first, last, text: spelled } = { first: 0n, last: 0n, text: '' }] = read.value;
      const [begin = '', end = begin] = text.split('-');
      expect(first).toBe(library(begin).startAddress().bigInt());
      expect(last).toBe(library(end).endAddress().bigInt());
      expect(parseExclusions([spelled])).toEqual(read);
    }),
  );
});
