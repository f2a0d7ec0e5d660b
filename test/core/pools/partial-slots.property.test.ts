/** Range sets of unequal size, against lists of their addresses that an independent library writes out one by one. */
import fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../core/addresses/address.ts';
import { type PoolShape, poolSpace } from '../../../core/pools/pool-space.ts';
import { smallRangeSets } from '../arbitraries.ts';

type MakeSpace = typeof poolSpace;

const library = (text: string) => (text.includes(':') ? new Address6(text) : new Address4(text));
const numberOf = (text: string) => `${text.includes(':')} ${library(text).bigInt()}`;

/** Every address from the first to the last. */
function listed(first: string, last: string): string[] {
  const all: string[] = [];
  for (let value = library(first).bigInt(); value <= library(last).bigInt(); value += 1n)
    all.push((first.includes(':') ? Address6 : Address4).fromBigInt(value).correctForm());
  return all;
}

/** Each slot as the addresses that it has, by the number of their set. */
function slotsOf({ ranges }: PoolShape): Map<number, string>[] {
  const lists = ranges.map((set) => set.flatMap(({ rangeStart, rangeEnd }) => listed(rangeStart, rangeEnd)));
  const slots: Map<number, string>[] = [];
  for (const [set, list] of lists.entries())
    for (const [k, address] of list.entries()) {
      slots[k] ??= new Map();
      slots[k].set(set, address);
    }
  return slots;
}

/** Each address that is never handed out: gateways, networks' first addresses, IPv4 subnets' last ones, what is excluded. */
function barred({ ranges, exclude = [] }: PoolShape): Set<string> {
  const ends = ranges.flat().flatMap(({ subnet, gateway }) => {
    const within = library(subnet);
    const last = within instanceof Address4 ? [within.endAddress().correctForm()] : [];
    return [gateway, within.startAddress().correctForm(), ...last];
  });
  return new Set([...ends, ...exclude.flatMap(spanned)].map(numberOf));
}
function spanned(text: string): string[] {
  const [first = text, last = first] = text.split('-');
  return listed(first, last);
}

/** Spans of the corner of the space in which `smallRangeSets` lie, whether or not the sets have them. */
const span = fc
  .record({ family: fc.constantFrom<4 | 6>(4, 6), at: fc.nat(80), size: fc.integer({ min: 1, max: 8 }) })
  .map(({ family, at, size }) => {
    const show = (value: number) => (family === 4 ? `10.0.0.${value}` : `fd00::${value.toString(16)}`);
    return size === 1 ? show(at) : `${show(at)}-${show(at + size - 1)}`;
  });

const shape = fc
  .record({
    sets: smallRangeSets,
    blockSize: fc.constantFrom(1, 4, 8),
    exclude: fc.array(span, { maxLength: 2 }),
    reserved: fc.array(span, { maxLength: 2 }),
  })
  .map(({ sets, blockSize, exclude, reserved }): PoolShape => {
    const ranges = sets.map((set) => set.map(({ text }) => text));
    const numbers = new Set(slotsOf({ ranges, blockSize }).flatMap((slot) => [...slot.values()].map(numberOf)));
    const used = new Set<string>();
    // What holds no address of the ranges, or one that is reserved already, is refused elsewhere.
    const fitting = reserved.filter((text) => {
      const all = spanned(text).map(numberOf);
      const fits = all.some((one) => numbers.has(one)) && !all.some((one) => used.has(one));
      if (fits) for (const one of all) used.add(one);
      return fits;
    });
    const reservations = fitting.map((text, n) => ({ name: `r${n}`, addresses: [text], namespace: `n${n}` }));
    return { ranges, blockSize, exclude, reservations };
  });

const isAsListed = (make: MakeSpace) =>
  fc.property(shape, (pool) => {
    const space = make(pool);
    const { blockSize, ranges, reservations = [] } = pool;
    const slots = slotsOf(pool);
    const never = barred(pool);
    const has = (addresses: ReadonlySet<string>, k: number) =>
      [...(slots[k]?.values() ?? [])].some((address) => addresses.has(numberOf(address)));
    const keptBy = reservations.map(({ addresses }) => new Set(addresses.flatMap(spanned).map(numberOf)));
    const whole = slots.filter((slot) => slot.size === ranges.length).length;
    let [capacity, reserved] = [0n, 0n];

    for (let k = 0; k < slots.length + 2 * blockSize; k += 1) {
      const [block, slot] = [BigInt(Math.floor(k / blockSize)), k % blockSize];
      const isKept = keptBy.some((kept) => has(kept, k));
      const isFree = k < slots.length && !has(never, k);
      if (k < whole && isFree) capacity += 1n;
      if (k < whole && isFree && isKept) reserved += 1n;
      expect(space.isWhole(block, slot)).toBe(k < whole);
      expect(space.isUsable(block, slot)).toBe(k < whole && isFree && !isKept);
      expect(space.isRequestable(block, slot)).toBe(isFree && !isKept);
      for (const [n, kept] of keptBy.entries()) {
        const among = space.reservedFor(`r${n}`).some(({ from, to }) => from <= BigInt(k) && BigInt(k) <= to);
        expect(among).toBe(isFree && has(kept, k));
      }
      const bare = (one: { address: string } | undefined) => one?.address.split('/')[0];
      for (const set of ranges.keys()) expect(bare(space.addressOf(set, block, slot))).toBe(slots[k]?.get(set));
      if (k >= slots.length) expect(() => space.addresses(block, slot)).toThrow(RangeError);
      else expect(space.addresses(block, slot).map(bare)).toEqual([...(slots[k]?.values() ?? [])]);
    }
    for (const [k, slot] of slots.entries())
      for (const [set, address] of slot) {
        const found = { block: BigInt(Math.floor(k / blockSize)), slot: k % blockSize, set };
        const parsed = parseAddress(address);
        expect(parsed && space.find(parsed)).toEqual(found);
        expect((parsed && space.barOn(parsed)) !== undefined).toBe(never.has(numberOf(address)));
      }
    expect([space.capacity, space.reserved, space.slots]).toEqual([capacity, reserved, BigInt(whole)]);
    expect(space.blocks).toBe(BigInt(Math.ceil(whole / blockSize)));
    const counts = Array.from({ length: Math.ceil(slots.length / blockSize) + 1 }, (_, block) =>
      space.slotsIn(BigInt(block)),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(slots.length);
  });

describe('a pool of unequal range sets', () => {
  it('has whole slots and partial ones, as lists of its addresses have them', () => {
    fc.assert(isAsListed(poolSpace), { numRuns: 200 });
  });

  const broken = (
    change: (space: ReturnType<MakeSpace>, pool: PoolShape) => Partial<ReturnType<MakeSpace>>,
  ): MakeSpace => {
    return (pool) => {
      const space = poolSpace(pool);
      return { ...space, ...change(space, pool) };
    };
  };
  it.each<[string, MakeSpace]>([
    ['hands partial slots out', broken(({ isRequestable }) => ({ isUsable: isRequestable }))],
    [
      'finds addresses of whole slots only',
      broken((space) => ({
        find: (address) => {
          const at = space.find(address);
          return at && space.isWhole(at.block, at.slot) ? at : undefined;
        },
      })),
    ],
    [
      'keeps whole slots only',
      broken((space) => ({
        reservedFor: (name) => space.reservedFor(name).filter(({ to }) => to < space.slots),
      })),
    ],
    [
      'gives a partial slot the addresses of the first sets',
      broken((space) => ({
        addressOf: (set, block, slot) =>
          space.isRequestable(block, slot) ? space.addresses(block, slot)[set] : space.addressOf(set, block, slot),
      })),
    ],
    [
      'seals whole slots only',
      broken((space, { blockSize }) => ({
        slotsIn: (block) =>
          Array.from({ length: blockSize }, (_, slot) => slot).filter((slot) => space.isWhole(block, slot)).length,
      })),
    ],
    [
      'counts what is reserved of partial slots',
      broken((space, { reservations = [] }) => ({
        reserved: reservations
          .flatMap(({ name }) => space.reservedFor(name))
          .reduce((sum, { from, to }) => sum + to - from + 1n, 0n),
      })),
    ],
    [
      'asks for a partial gateway',
      broken((space) => ({
        isRequestable: (block, slot) =>
          space.isRequestable(block, slot) || (!space.isWhole(block, slot) && slot < space.slotsIn(block)),
      })),
    ],
  ])('is found out if it %s', (_, make) => {
    expect(fc.check(isAsListed(make), { seed: 1, numRuns: 500 }).failed).toBe(true);
  });
});
