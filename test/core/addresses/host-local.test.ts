/** The real host-local as the oracle. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveRangeSets } from '../../../core/addresses/range.ts';
import type { RangeText } from '../../../core/contract/pool.ts';
import { poolSpace } from '../../../core/pools/pool-space.ts';
import { available } from '../../support/prerequisite.ts';
import { smallRangeSets } from '../arbitraries.ts';

const HOST_LOCAL = '/usr/lib/cni/host-local';
const comparable = available(
  'Comparison with host-local',
  existsSync(HOST_LOCAL) ? [] : [`${HOST_LOCAL} (apt-get install containernetworking-plugins)`],
);

interface Answer {
  readonly ips?: { readonly address: string; readonly gateway?: string }[];
  readonly msg?: string;
}
type Leased = { address: string; gateway: string }[];

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'lessor-host-local-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function add(ranges: RangeText[][], containerId: string): Answer {
  const ipam = { type: 'host-local', dataDir, ranges };
  const env = {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: containerId,
    CNI_IFNAME: 'eth0',
    CNI_NETNS: '/none',
    CNI_PATH: '/none',
  };
  const input = JSON.stringify({ cniVersion: '1.0.0', name: 'oracle', type: 'oracle', ipam });
  return JSON.parse(spawnSync(HOST_LOCAL, { input, env, encoding: 'utf8' }).stdout) as Answer;
}

/** What host-local gives to one container after the other until it has nothing left. */
function theirs(ranges: RangeText[][], atMost: number): Leased[] {
  rmSync(dataDir, { recursive: true, force: true });
  const leased: Leased[] = [];
  for (let count = 0; count < atMost; count += 1) {
    const { ips } = add(ranges, `container-${count}`);
    if (ips === undefined) break;
    leased.push(ips.map(({ address, gateway = '' }) => ({ address, gateway })));
  }
  return leased;
}

/** The pool's usable slots in their order. */
function ours(ranges: RangeText[][], atMost: number): Leased[] {
  const outcome = resolveRangeSets(ranges);
  if (!outcome.ok) return [];
  const space = poolSpace({ ranges: outcome.ranges, blockSize: 8 });
  const leased: Leased[] = [];
  for (let block = 0n; block < space.blocks && leased.length < atMost; block += 1n)
    for (let slot = 0; slot < 8; slot += 1) if (space.isUsable(block, slot)) leased.push(space.addresses(block, slot));
  return leased.slice(0, atMost);
}

describe.runIf(comparable)('host-local gives the same addresses, in the same order, for', () => {
  const range = (subnet: string, rangeStart?: string, rangeEnd?: string, gateway?: string): RangeText => ({
    subnet,
    ...(rangeStart === undefined ? {} : { rangeStart }),
    ...(rangeEnd === undefined ? {} : { rangeEnd }),
    ...(gateway === undefined ? {} : { gateway }),
  });

  it.each<[string, RangeText[][]]>([
    ['a /30', [[range('10.0.0.0/30')]]],
    ['a /16', [[range('10.0.0.0/16')]]],
    ['a gateway outside the subnet', [[range('10.0.0.0/29', undefined, undefined, '192.0.2.1')]]],
    ['a gateway in the middle', [[range('10.0.0.0/29', undefined, undefined, '10.0.0.4')]]],
    [
      'two ranges of one subnet',
      [[range('10.0.0.0/24', '10.0.0.2', '10.0.0.3'), range('10.0.0.0/24', '10.0.0.9', '10.0.0.9')]],
    ],
    ['empty fields', [[{ subnet: '10.0.0.0/29', rangeStart: '', rangeEnd: '', gateway: '' }]]],
    ['the last IPv4 network', [[range('255.255.255.252/30')]]],
    ['a /126', [[range('fd00::/126')]]],
    ['a /48', [[range('fd00:1::/48')]]],
    ['the last IPv6 network', [[range('ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffc/126')]]],
    ['two families', [[range('10.0.0.0/29')], [range('fd00::/125')]]],
  ])('%s', (_, ranges) => {
    expect(theirs(ranges, 6).length).toBeGreaterThan(0);
    expect(ours(ranges, 6)).toEqual(theirs(ranges, 6));
  });

  it('any range set whose gateways lie outside the other ranges', () => {
    const one = smallRangeSets.map(([set = []]) => set.map(({ text }) => ({ ...text, gateway: '' })).slice(0, 2));
    fc.assert(
      fc.property(one, (set) => {
        // All of them lie in one subnet.
        const network = set[0]?.subnet;
        expect(ours([set], 30)).toEqual(theirs([set], 30).filter(([one]) => one?.address !== network));
      }),
      { numRuns: 12 },
    );
  });
});

describe.runIf(comparable)('host-local refuses as well', () => {
  const subnet = '10.0.0.0/24';
  it.each<[string, RangeText[][]]>([
    ['no range set', []],
    ['an empty range set', [[]]],
    ['no subnet', [[{ subnet: '' }]]],
    ['a /31', [[{ subnet: '10.0.0.0/31' }]]],
    ['a /127', [[{ subnet: 'fd00::/127' }]]],
    ['a /33', [[{ subnet: '10.0.0.0/33' }]]],
    ['host bits', [[{ subnet: '10.0.0.1/24' }]]],
    ['a leading zero', [[{ subnet: '010.0.0.0/8' }]]],
    ['a zone', [[{ subnet: 'fd00::%eth0/64' }]]],
    ['an IPv4-mapped subnet', [[{ subnet: '::ffff:10.0.0.0/104' }]]],
    ['a start that is no address', [[{ subnet, rangeStart: '010.0.0.9' }]]],
    ['a start of the other family', [[{ subnet, rangeStart: 'fd00::1' }]]],
    ['a start outside', [[{ subnet, rangeStart: '10.0.1.9' }]]],
    ['an end outside', [[{ subnet, rangeEnd: '10.0.1.9' }]]],
    ['an end before the start', [[{ subnet, rangeStart: '10.0.0.9', rangeEnd: '10.0.0.5' }]]],
    ['a mix of families', [[{ subnet }, { subnet: 'fd00::/64' }]]],
    ['an overlap in a set', [[{ subnet }, { subnet: '10.0.0.0/25' }]]],
    ['an overlap of two sets', [[{ subnet }], [{ subnet: '10.0.0.0/25' }]]],
  ])('%s', (_, ranges) => {
    expect(add(ranges, 'container').msg).toBeTruthy();
    expect(resolveRangeSets(ranges).ok).toBe(false);
  });
});

describe.runIf(comparable)('Lessor is stricter than host-local', () => {
  const subnet = '10.0.0.0/24';
  it.each<[string, RangeText]>([
    ['about a gateway of the other family', { subnet, gateway: 'fd00::1' }],
    ['about a prefix length with a leading zero', { subnet: '10.0.0.0/08' }],
    ['about IPv4-mapped spellings', { subnet, rangeStart: '::ffff:10.0.0.9' }],
  ])('%s', (_, range) => {
    expect(add([[range]], 'container').ips).toHaveLength(1);
    expect(resolveRangeSets([[range]]).ok).toBe(false);
  });

  it('about network and broadcast addresses: they are not handed out', () => {
    const ranges = [[{ subnet: '10.0.0.0/29', rangeStart: '10.0.0.0', rangeEnd: '10.0.0.7' }]];
    const last = (leased: Leased[]) => leased.flat().map(({ address }) => address.split(/[./]/)[3]);
    expect(last(theirs(ranges, 9))).toEqual(['0', '2', '3', '4', '5', '6', '7']);
    expect(last(ours(ranges, 9))).toEqual(['2', '3', '4', '5', '6']);
  });

  it('about a gateway that lies in another range: it is not handed out', () => {
    const ranges = [
      [
        { subnet, rangeStart: '10.0.0.2', rangeEnd: '10.0.0.3', gateway: '10.0.0.9' },
        { subnet, rangeStart: '10.0.0.9', rangeEnd: '10.0.0.10', gateway: '10.0.0.2' },
      ],
    ];
    const addresses = (leased: Leased[]) => leased.flat().map(({ address }) => address);
    expect(addresses(theirs(ranges, 9))).toEqual(['10.0.0.2/24', '10.0.0.3/24', '10.0.0.9/24', '10.0.0.10/24']);
    expect(addresses(ours(ranges, 9))).toEqual(['10.0.0.3/24', '10.0.0.10/24']);
  });
});
