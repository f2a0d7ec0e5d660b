/** Addresses and ranges as properties need them: edges often, every spelling, range sets that are valid by construction. */
import fc from 'fast-check';
import { type Address, bits, type Family, formatAddress } from '../../core/addresses/address.ts';
import type { PoolDefinition } from '../../core/contract/pool.ts';

const edge = (family: Family) => {
  const last = (1n << BigInt(bits(family))) - 1n;
  return fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: last - 300n, max: last }), fc.bigInt(0n, last));
};

const family = fc.constantFrom<Family>(4, 6);
export const address: fc.Arbitrary<Address> = family.chain((of) =>
  edge(of)
    .filter((value) => of === 4 || value >> 32n !== 0xffffn)
    .map((value) => ({ family: of, value })),
);

/** A network and its prefix length. */
export const subnet = fc
  .tuple(address, fc.nat(128))
  .map(([{ family: of, value }, length]) => {
    const hostBits = BigInt(bits(of) - Math.min(length, bits(of)));
    return { family: of, network: (value >> hostBits) << hostBits, length: bits(of) - Number(hostBits), hostBits };
  })
  // No range may hold IPv4-mapped addresses.
  .filter(({ family: of, network, length }) => of === 4 || length > 96 || network >> 48n !== 0n)
  .filter(({ family: of, network }) => of === 4 || network >> 32n !== 0xffffn);

/** An IPv6 address in any of the spellings that RFC 4291, section 2.2 allows, dotted decimal left out. */
export const spelling6 = fc
  .tuple(
    fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }),
    fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }),
    fc.boolean(),
    fc.nat(7),
  )
  .map(([groups, zeros, upper, from]) => {
    const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
    const words = groups.map((group, index) =>
      group
        .toString(16)
        .padStart((zeros[index] ?? 0) + 1, '0')
        .slice(-4),
    );
    let to = from;
    while (groups[to] === 0) to += 1;
    const shortened = `${words.slice(0, from).join(':')}::${words.slice(to).join(':')}`;
    const text = to > from ? shortened : groups.map((group) => group.toString(16)).join(':');
    return { value, text: upper ? text.toUpperCase() : text };
  })
  .filter(({ value }) => value >> 32n !== 0xffffn);

/** Text that is an address, or was one before something was done to it. */
export const nearlyAddress = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  spelling6.map(({ text }) => text),
  fc.stringMatching(/^[0-9a-f:.]{0,20}$/),
  fc
    .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(), fc.constantFrom('0', ':', '::', '.', ' ', 'g', '%1', '-', ''))
    .map(([text, at, piece]) => {
      const position = at % (text.length + 1);
      return text.slice(0, position) + piece + text.slice(position + (piece === '' ? 1 : 0));
    }),
);

export interface SmallRange {
  readonly text: PoolDefinition['ranges'][number][number];
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Range sets of a few addresses each, one after the other in one small corner of the space, so that gateways fall
 * into ranges of their own and of others. IPv4 sets lie in 10.0.0.0/22, IPv6 sets in fd00::/118.
 */
export const smallRangeSets: fc.Arbitrary<SmallRange[][]> = fc
  .array(
    fc.tuple(
      family,
      fc.array(fc.record({ size: fc.integer({ min: 1, max: 9 }), gap: fc.nat(3), gateway: fc.nat(60) }), {
        minLength: 1,
        maxLength: 4,
      }),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((sets) => {
    const next = { 4: 0x0a000000n, 6: 0xfdn << 120n };
    const base = { ...next };
    const within = { 4: '10.0.0.0/22', 6: 'fd00::/118' };
    return sets.map(([of, ranges]) =>
      ranges.map(({ size, gap, gateway }) => {
        const first = next[of] + BigInt(gap);
        const last = first + BigInt(size) - 1n;
        next[of] = last + 1n;
        const show = (value: bigint) => formatAddress({ family: of, value });
        const text = {
          subnet: within[of],
          rangeStart: show(first),
          rangeEnd: show(last),
          gateway: show(base[of] + BigInt(gateway)),
        };
        return { text, first, last };
      }),
    );
  });
