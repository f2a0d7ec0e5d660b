import { describe, expect, it } from 'vitest';
import { resolveRangeSets } from '../../../core/addresses/range.ts';
import type { RangeText } from '../../../core/contract/pool.ts';

const problemOf = (sets: RangeText[][]): string => {
  const outcome = resolveRangeSets(sets);
  return outcome.ok ? 'no problem' : outcome.problem;
};
const rangesOf = (sets: RangeText[][]) => {
  const outcome = resolveRangeSets(sets);
  if (!outcome.ok) throw new Error(outcome.problem);
  return outcome.ranges;
};

describe('a range', () => {
  it.each([
    ['10.1.0.0/16', '10.1.0.1', '10.1.255.254', '10.1.0.1'],
    ['10.0.0.0/30', '10.0.0.1', '10.0.0.2', '10.0.0.1'],
    ['0.0.0.0/0', '0.0.0.1', '255.255.255.254', '0.0.0.1'],
    ['fd00::/64', 'fd00::1', 'fd00::ffff:ffff:ffff:ffff', 'fd00::1'],
    ['fd00::/126', 'fd00::1', 'fd00::3', 'fd00::1'],
  ])(
    'of %s reaches from %s to %s with gateway %s where nothing else is said',
    (subnet, rangeStart, rangeEnd, gateway) => {
      expect(rangesOf([[{ subnet }]])).toEqual([[{ subnet, rangeStart, rangeEnd, gateway }]]);
    },
  );

  it('takes an empty rangeStart, rangeEnd or gateway for one that is left out', () => {
    const subnet = '10.1.0.0/16';
    expect(rangesOf([[{ subnet, rangeStart: '', rangeEnd: '', gateway: '' }]])).toEqual(rangesOf([[{ subnet }]]));
  });

  it('may hold the network address and the broadcast address where it names them', () => {
    const named = { subnet: '10.0.0.0/24', rangeStart: '10.0.0.0', rangeEnd: '10.0.0.255', gateway: '10.0.0.1' };
    expect(rangesOf([[named]])).toEqual([[named]]);
  });

  it('may have its gateway outside its subnet', () => {
    expect(rangesOf([[{ subnet: '10.0.0.0/24', gateway: '192.0.2.1' }]])[0]?.[0]?.gateway).toBe('192.0.2.1');
  });

  it('is written one way, whatever way it was spelled in', () => {
    const spelled = {
      subnet: 'FD00:0::/64',
      rangeStart: 'fd00::0010',
      rangeEnd: 'FD00::00FF',
      gateway: 'fd00:0:0:0::1',
    };
    expect(rangesOf([[spelled]])).toEqual([
      [{ subnet: 'fd00::/64', rangeStart: 'fd00::10', rangeEnd: 'fd00::ff', gateway: 'fd00::1' }],
    ]);
  });
});

describe('a range is refused, and the refusal names field and value,', () => {
  it.each<[string, RangeText, string, string]>([
    ['without a prefix length', { subnet: '10.0.0.0' }, 'subnet', '10.0.0.0'],
    ['with a prefix length beyond the family', { subnet: '10.0.0.0/33' }, 'subnet', '10.0.0.0/33'],
    ['with a leading zero', { subnet: '010.0.0.0/8' }, 'subnet', '010.0.0.0/8'],
    ['with host bits set', { subnet: '10.0.0.1/24' }, 'subnet', '10.0.0.0'],
    ['with a /31', { subnet: '10.0.0.0/31' }, 'subnet', '10.0.0.0/31'],
    ['with a /32', { subnet: '10.0.0.0/32' }, 'subnet', '10.0.0.0/32'],
    ['with a /127', { subnet: 'fd00::/127' }, 'subnet', 'fd00::/127'],
    [
      'with a start that is no address',
      { subnet: '10.0.0.0/24', rangeStart: '10.0.0.300' },
      'rangeStart',
      '10.0.0.300',
    ],
    ['with an end that is no address', { subnet: '10.0.0.0/24', rangeEnd: '10.0.0' }, 'rangeEnd', '10.0.0'],
    ['with a gateway that is no address', { subnet: '10.0.0.0/24', gateway: 'gw' }, 'gateway', 'gw'],
    ['with a start outside', { subnet: '10.0.0.0/24', rangeStart: '10.0.1.0' }, 'rangeStart', '10.0.1.0'],
    ['with an end outside', { subnet: '10.0.0.0/24', rangeEnd: '10.0.1.0' }, 'rangeEnd', '10.0.1.0'],
    ['with a start before it', { subnet: '10.0.1.0/24', rangeStart: '10.0.0.255' }, 'rangeStart', '10.0.0.255'],
    ['with a start of another family', { subnet: '10.0.0.0/24', rangeStart: 'fd00::1' }, 'rangeStart', 'fd00::1'],
    ['with an end of another family', { subnet: 'fd00::/64', rangeEnd: '10.0.0.1' }, 'rangeEnd', '10.0.0.1'],
    ['with a gateway of another family', { subnet: '10.0.0.0/24', gateway: 'fd00::1' }, 'gateway', 'fd00::1'],
    [
      'with a start after its end',
      { subnet: '10.0.0.0/24', rangeStart: '10.0.0.9', rangeEnd: '10.0.0.5' },
      'rangeStart',
      '10.0.0.9',
    ],
  ])('%s', (_, range, field, value) => {
    const fine = { subnet: '10.9.0.0/24' };
    const problem = problemOf([[fine], [fine.subnet === range.subnet ? fine : { subnet: '10.8.0.0/24' }, range]]);
    expect(problem).toContain(`ranges[1][1].${field}`);
    expect(problem).toContain(value);
  });
});

describe('range sets are refused', () => {
  it.each([
    [{ subnet: '::/0' }, '::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    [{ subnet: '::/80' }, '::1-::ffff:ffff:ffff'],
  ])('where one holds IPv4-mapped addresses: %j', (range, span) => {
    expect(problemOf([[range]])).toBe(
      `ranges[0][0] (${span}) holds IPv4-mapped addresses (::ffff:0:0/96), which would be IPv4 addresses by another name: leave them out`,
    );
  });

  it('where there is none', () => {
    expect(problemOf([])).toMatch(/ranges holds no range set: give at least one/);
  });

  it('where one is empty', () => {
    expect(problemOf([[{ subnet: '10.0.0.0/24' }], []])).toMatch(/ranges\[1] is empty/);
  });

  it('where one mixes the families', () => {
    expect(problemOf([[{ subnet: '10.0.0.0/24' }, { subnet: 'fd00::/64' }]])).toMatch(/ranges\[0] mixes IPv4 and IPv6/);
  });

  it.each<[string, RangeText[][], string[]]>([
    [
      'one set',
      [[{ subnet: '10.0.0.0/24' }, { subnet: '10.0.0.0/25' }]],
      ['ranges[0][0] (10.0.0.1-10.0.0.254)', 'ranges[0][1] (10.0.0.1-10.0.0.126)'],
    ],
    [
      'two sets',
      [[{ subnet: 'fd00::/64' }], [{ subnet: '10.0.0.0/24' }], [{ subnet: 'fd00::/126' }]],
      ['ranges[0][0] (fd00::1-fd00::ffff:ffff:ffff:ffff)', 'ranges[2][0] (fd00::1-fd00::3)'],
    ],
    [
      'one address',
      [
        [
          { subnet: '10.0.0.0/24', rangeEnd: '10.0.0.9' },
          { subnet: '10.0.0.0/24', rangeStart: '10.0.0.9' },
        ],
      ],
      ['10.0.0.1-10.0.0.9', '10.0.0.9-10.0.0.254'],
    ],
  ])('where ranges of %s overlap, and both are named', (_, sets, named) => {
    for (const text of named) expect(problemOf(sets)).toContain(text);
  });

  it('but not where ranges of one subnet are neighbours', () => {
    const subnet = '10.0.0.0/24';
    expect(
      rangesOf([
        [
          { subnet, rangeEnd: '10.0.0.9' },
          { subnet, rangeStart: '10.0.0.10' },
        ],
      ]),
    ).toHaveLength(1);
  });
});
