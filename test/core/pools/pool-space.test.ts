import { describe, expect, it } from 'vitest';
import { resolveRangeSets } from '../../../core/addresses/range.ts';
import type { RangeText } from '../../../core/contract/pool.ts';
import { type PoolSpace, poolSpace } from '../../../core/pools/pool-space.ts';
import { blockFromText, blockToText } from '../../../core/protocol/slot-ref.ts';

const spaceOf = (sets: RangeText[][], blockSize = 64): PoolSpace => {
  const outcome = resolveRangeSets(sets);
  if (!outcome.ok) throw new Error(outcome.problem);
  return poolSpace({ ranges: outcome.ranges, blockSize });
};

const usable = (space: PoolSpace): string[][] => {
  const all: string[][] = [];
  for (let block = 0n; block < space.blocks; block += 1n)
    for (let slot = 0; slot < space.blockSize; slot += 1)
      if (space.isUsable(block, slot)) all.push(space.addresses(block, slot).map(({ address }) => address));
  return all;
};

describe('slot k of a pool', () => {
  it('is the k-th address of its range, with the prefix length of the subnet and its gateway', () => {
    const space = spaceOf([[{ subnet: '10.244.0.0/16', rangeStart: '10.244.1.10', rangeEnd: '10.244.1.250' }]]);
    expect(space.addresses(0n, 0)).toEqual([{ address: '10.244.1.10/16', gateway: '10.244.0.1' }]);
    expect(space.addresses(1n, 0)).toEqual([{ address: '10.244.1.74/16', gateway: '10.244.0.1' }]);
    expect(space.addresses(3n, 48)).toEqual([{ address: '10.244.1.250/16', gateway: '10.244.0.1' }]);
    expect([space.slots, space.blocks, space.capacity]).toEqual([241n, 4n, 241n]);
  });

  it('is the k-th address of every range set together', () => {
    const space = spaceOf([
      [{ subnet: '10.0.0.0/24', rangeStart: '10.0.0.10' }],
      [{ subnet: 'fd00::/64', rangeStart: 'fd00::a' }],
    ]);
    expect(space.addresses(0n, 3)).toEqual([
      { address: '10.0.0.13/24', gateway: '10.0.0.1' },
      { address: 'fd00::d/64', gateway: 'fd00::1' },
    ]);
  });

  it('goes on in the next range of a set, in the order in which they are written', () => {
    const space = spaceOf(
      [
        [
          { subnet: '10.0.9.0/24', rangeStart: '10.0.9.8', rangeEnd: '10.0.9.9' },
          { subnet: '10.0.1.0/24', rangeStart: '10.0.1.7', rangeEnd: '10.0.1.7' },
          { subnet: '10.0.5.0/25', rangeStart: '10.0.5.3', rangeEnd: '10.0.5.4' },
        ],
      ],
      2,
    );
    expect(usable(space).flat()).toEqual(['10.0.9.8/24', '10.0.9.9/24', '10.0.1.7/24', '10.0.5.3/25', '10.0.5.4/25']);
    expect(space.addresses(1n, 0)).toEqual([{ address: '10.0.1.7/24', gateway: '10.0.1.1' }]);
    expect(space.blocks).toBe(3n);
  });

  it('is not handed out beyond the smallest range set', () => {
    const space = spaceOf([[{ subnet: '10.0.0.0/29' }], [{ subnet: 'fd00::/64' }]]);
    expect(space.slots).toBe(6n);
    expect(space.isUsable(0n, 5)).toBe(true);
    expect(space.isUsable(0n, 6)).toBe(false);
  });

  it('does not exist beyond the largest range set', () => {
    const space = spaceOf([[{ subnet: '10.0.0.0/29' }], [{ subnet: 'fd00::/125' }]]);
    expect(space.isRequestable(0n, 7)).toBe(false);
    expect(space.slotsIn(0n)).toBe(7);
    expect(() => space.addresses(0n, 7)).toThrow(/slot 7 of block 0 lies beyond the pool's 7 slots/);
  });

  it.each([
    [-1n, 0],
    [0n, -1],
    [0n, 64],
    [4n, 0],
  ])('is not handed out where block %s and slot %s name none', (block, slot) => {
    expect(spaceOf([[{ subnet: '10.0.0.0/24', rangeStart: '10.0.0.2' }]]).isUsable(block, slot)).toBe(false);
  });
});

describe('a gateway is never handed out', () => {
  it('in the range that it belongs to', () => {
    const space = spaceOf([[{ subnet: '10.0.0.0/29' }]]);
    expect(usable(space).flat()).toEqual(['10.0.0.2/29', '10.0.0.3/29', '10.0.0.4/29', '10.0.0.5/29', '10.0.0.6/29']);
    expect(space.capacity).toBe(5n);
  });

  it('in another range', () => {
    const subnet = '10.0.0.0/24';
    const space = spaceOf([
      [
        { subnet, rangeStart: '10.0.0.2', rangeEnd: '10.0.0.3', gateway: '10.0.0.9' },
        { subnet, rangeStart: '10.0.0.9', rangeEnd: '10.0.0.10', gateway: '10.0.0.2' },
      ],
    ]);
    expect(usable(space).flat()).toEqual(['10.0.0.3/24', '10.0.0.10/24']);
  });

  it('with the address of the other family beside it', () => {
    const space = spaceOf([
      [{ subnet: '10.0.0.0/29', rangeStart: '10.0.0.2' }],
      [{ subnet: 'fd00::/64', rangeStart: 'fd00::2', gateway: 'fd00::4' }],
    ]);
    expect(usable(space)).toEqual([
      ['10.0.0.2/29', 'fd00::2/64'],
      ['10.0.0.3/29', 'fd00::3/64'],
      ['10.0.0.5/29', 'fd00::5/64'],
      ['10.0.0.6/29', 'fd00::6/64'],
    ]);
  });

  it('but an IPv6 address whose number is that of an IPv4 gateway is', () => {
    const space = spaceOf([
      [{ subnet: '10.0.0.0/30', rangeStart: '10.0.0.2' }],
      [{ subnet: '::a00:0/124', rangeStart: '::a00:1', gateway: '::a00:f' }],
    ]);
    expect(usable(space)).toEqual([['10.0.0.2/30', '::a00:1/124']]);
  });

  it('so that a /30 has one address, and a range of its gateway alone has none', () => {
    expect(usable(spaceOf([[{ subnet: '10.0.0.0/30' }]])).flat()).toEqual(['10.0.0.2/30']);
    expect(spaceOf([[{ subnet: '10.0.0.0/30', rangeEnd: '10.0.0.1' }]]).capacity).toBe(0n);
  });
});

describe('a network or broadcast address is never handed out', () => {
  it.each<[string, RangeText[][], string[]]>([
    [
      'where the range ends with its subnet',
      [[{ subnet: '10.0.5.0/24', rangeStart: '10.0.5.252', rangeEnd: '10.0.5.255' }]],
      ['10.0.5.252/24', '10.0.5.253/24', '10.0.5.254/24'],
    ],
    [
      'where the range begins with its subnet',
      [[{ subnet: '10.0.5.0/24', rangeStart: '10.0.5.0', rangeEnd: '10.0.5.3' }]],
      ['10.0.5.2/24', '10.0.5.3/24'],
    ],
    [
      'but what looks like one within a larger subnet is',
      [[{ subnet: '10.0.0.0/16', rangeStart: '10.0.5.255', rangeEnd: '10.0.6.0' }]],
      ['10.0.5.255/16', '10.0.6.0/16'],
    ],
    [
      'in IPv6 its subnet-router anycast address, while the last one is',
      [[{ subnet: 'fd00::/126', rangeStart: 'fd00::', gateway: 'fd00::2' }]],
      ['fd00::1/126', 'fd00::3/126'],
    ],
    [
      'in one of several ranges of a subnet',
      [
        [
          { subnet: '10.0.5.0/29', rangeStart: '10.0.5.0', rangeEnd: '10.0.5.2' },
          { subnet: '10.0.5.0/29', rangeStart: '10.0.5.6', rangeEnd: '10.0.5.7' },
        ],
      ],
      ['10.0.5.2/29', '10.0.5.6/29'],
    ],
  ])('%s', (_, sets, addresses) => {
    const space = spaceOf(sets, 4);
    expect(usable(space).flat()).toEqual(addresses);
    expect(space.capacity).toBe(BigInt(addresses.length));
  });

  it('with the address of the other family beside it', () => {
    const space = spaceOf([
      [{ subnet: '10.0.0.0/29', rangeStart: '10.0.0.5', rangeEnd: '10.0.0.7' }],
      [{ subnet: 'fd00::/64', rangeStart: 'fd00::5' }],
    ]);
    expect(usable(space)).toEqual([
      ['10.0.0.5/29', 'fd00::5/64'],
      ['10.0.0.6/29', 'fd00::6/64'],
    ]);
  });

  it('and is told from others, from a gateway and from what is excluded', () => {
    const range = { subnet: '10.0.0.0/29', rangeStart: '10.0.0.0', rangeEnd: '10.0.0.7', gateway: '10.0.0.1' };
    const space = poolSpace({ ranges: [[range]], blockSize: 4, exclude: ['10.0.0.4/31'] });
    const barOn = (last: number) => space.barOn({ family: 4, value: 0x0a000000n + BigInt(last) });
    const [network, excluded] = ['a network or broadcast address', 'excluded'];
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(barOn)).toEqual([
      network,
      'a gateway',
      undefined,
      undefined,
      excluded,
      excluded,
      undefined,
      network,
    ]);
  });
});

describe('a partial slot', () => {
  const space = spaceOf([[{ subnet: '10.0.0.0/24' }], [{ subnet: '2001:db8:30::/64' }]]);
  const beef = { family: 6, value: 0x20010db8003000000000000000000000n + 0xbeefn } as const;

  it('has the addresses of the larger sets only, by arithmetic', () => {
    expect(space.find(beef)).toEqual({ block: 0x2fbn, slot: 46, set: 1 });
    expect(space.addresses(0x2fbn, 46)).toEqual([{ address: '2001:db8:30::beef/64', gateway: '2001:db8:30::1' }]);
    expect([0, 1, 2].map((set) => space.addressOf(set, 0x2fbn, 46)?.address)).toEqual([
      undefined,
      '2001:db8:30::beef/64',
      undefined,
    ]);
  });

  it('can be asked for, is never handed out, and counts for nothing', () => {
    expect([space.isRequestable(0x2fbn, 46), space.isUsable(0x2fbn, 46), space.isWhole(0x2fbn, 46)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([space.slots, space.capacity, space.blocks]).toEqual([254n, 253n, 4n]);
  });

  it('begins within the block in which the smallest set ends', () => {
    expect([61, 62, 63].map((slot) => space.addresses(3n, slot).length)).toEqual([2, 1, 1]);
    expect([space.slotsIn(3n), space.slotsIn(4n)]).toEqual([64, 64]);
    expect(space.blockPrefixes(3n)).toEqual(['10.0.0.193-10.0.0.254', '2001:db8:30::c1-2001:db8:30::fe']);
    expect(() => space.blockPrefixes(4n)).toThrow(/block 4 lies beyond the pool's 254 whole slots/);
  });

  it('lies as far out as the largest set reaches', () => {
    const last = { family: 6, value: 0x20010db800300000ffffffffffffffffn } as const;
    const at = space.find(last);
    expect(at).toEqual({ block: (1n << 58n) - 1n, slot: 62, set: 1 });
    expect(space.addresses((1n << 58n) - 1n, 62)[0]?.address).toBe('2001:db8:30:0:ffff:ffff:ffff:ffff/64');
    expect(space.slotsIn((1n << 58n) - 1n)).toBe(63);
  });
});

describe('a pool reaches', () => {
  it.each([
    ['0.0.0.0/24', '0.0.0.0', '0.0.0.2', '0.0.0.2/24'],
    ['255.255.255.0/24', '255.255.255.254', '255.255.255.255', '255.255.255.254/24'],
    ['::/96', '::', '::2', '::2/96'],
    [
      'ffff:ffff:ffff:ffff::/64',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/64',
    ],
  ])('to the end of the address space: %s', (subnet, rangeStart, rangeEnd, address) => {
    const space = spaceOf([[{ subnet, rangeStart, rangeEnd }]]);
    expect(usable(space)).toEqual([[address]]);
  });

  it.each([
    ['0.0.0.0/0', (1n << 32n) - 2n, '255.255.255.254/0'],
    ['10.0.0.0/8', (1n << 24n) - 2n, '10.255.255.254/8'],
    ['fd00:1::/64', (1n << 64n) - 1n, 'fd00:1::ffff:ffff:ffff:ffff/64'],
    ['fd00:1:2::/48', (1n << 80n) - 1n, 'fd00:1:2:ffff:ffff:ffff:ffff:ffff/48'],
    ['8000::/1', (1n << 127n) - 1n, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/1'],
  ])('as far as %s, by arithmetic', (subnet, slots, last) => {
    const space = spaceOf([[{ subnet }]]);
    expect([space.slots, space.capacity]).toEqual([slots, slots - 1n]);
    expect(space.blocks).toBe((slots + 63n) / 64n);
    const lastSlot = Number((slots - 1n) % 64n);
    expect(space.isUsable(space.blocks - 1n, lastSlot)).toBe(true);
    expect(space.addresses(space.blocks - 1n, lastSlot)[0]?.address).toBe(last);
    expect(space.isUsable(space.blocks - 1n, lastSlot + 1)).toBe(false);
    expect(blockFromText(blockToText(space.blocks - 1n))).toBe(space.blocks - 1n);
  });
});

it('A pool is not made of ranges that were never checked', () => {
  const ranges = [[{ subnet: '10.0.0.1/24', rangeStart: '10.0.0.1', rangeEnd: '10.0.0.9', gateway: '10.0.0.1' }]];
  expect(() => poolSpace({ ranges, blockSize: 64 })).toThrow(RangeError);
});
