import { describe, expect, test } from 'vitest';
import { parseInput, parseNetworkConfiguration } from '../../../cni-shim/cni/network-configuration.ts';
import { cniError } from '../../../cni-shim/cni/result.ts';

const subnet = '10.1.0.0/16';
const whole = (rest: Record<string, unknown>, ipam: Record<string, unknown> = {}) => ({
  cniVersion: '1.0.0',
  name: 'net',
  ipam: { type: 'lessor', ranges: [[{ subnet }]], ...ipam },
  ...rest,
});

function refused(stdin: string) {
  try {
    parseNetworkConfiguration('ADD', parseInput(stdin));
  } catch (error) {
    return cniError(error, '1.0.0');
  }
  throw new Error('was accepted');
}

describe('a network configuration', () => {
  test('keeps the ranges as they are written, the one in ipam itself first', () => {
    const { pool } = parseNetworkConfiguration(
      'ADD',
      whole({}, { subnet: '10.2.0.0/16', rangeStart: '10.2.0.9', ranges: [[{ subnet }]] }),
    );
    expect(pool).toEqual({
      vrf: 'default',
      name: 'net',
      ranges: [[{ subnet: '10.2.0.0/16', rangeStart: '10.2.0.9' }], [{ subnet }]],
    });
  });

  test('may tell where the API is', () => {
    const ipam = {
      endpoint: 'https://api.example.com',
      region: 'eu-west-1',
      config: '/etc/other.json',
      dataDir: '/run/cni',
    };
    expect(parseNetworkConfiguration('ADD', whole({}, ipam))).toMatchObject(ipam);
  });

  test.each<[string, string, object]>([
    ['nothing', '', { code: 6, msg: 'lessor: standard input holds nothing' }],
    ['no JSON', '{', { code: 6, msg: 'lessor: standard input holds what is not JSON' }],
    ['a list', '[]', { code: 6 }],
    [
      'a version to come',
      JSON.stringify(whole({ cniVersion: '1.2.0' })),
      {
        code: 1,
        msg: 'lessor: cniVersion "1.2.0" is not supported',
        details: 'use one of 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0',
      },
    ],
    [
      'a relative dataDir',
      JSON.stringify(whole({}, { dataDir: 'cni' })),
      { code: 7, msg: 'lessor: ipam.dataDir "cni" is not absolute' },
    ],
    [
      'a path with a NUL',
      JSON.stringify(whole({}, { resolvConf: '/etc/a\0b' })),
      { code: 7, msg: 'lessor: ipam.resolvConf "/etc/a\\u0000b" is no path' },
    ],
    [
      'values that are too long or too deep to be shown as a whole',
      JSON.stringify(whole({}, { pool: Array(500).fill('x') })),
      { code: 7, msg: expect.stringMatching(/^lessor: ipam\.pool \["x",.{195}… is no text$/) },
    ],
    ['half a version', JSON.stringify(whole({ cniVersion: '1.0' })), { code: 1 }],
    [
      'a version that is a number',
      JSON.stringify(whole({ cniVersion: 1 })),
      { code: 1, msg: 'lessor: cniVersion 1 is not supported' },
    ],
    ['no name', JSON.stringify(whole({ name: undefined })), { code: 7, msg: 'lessor: name is missing' }],
    [
      'a name with a slash',
      JSON.stringify(whole({ name: '../x' })),
      { code: 7, msg: 'lessor: name "../x" is no network name' },
    ],
    ['a name that is a number', JSON.stringify(whole({ name: 5 })), { code: 7, msg: 'lessor: name 5 is no text' }],
    ['no ipam', JSON.stringify(whole({ ipam: undefined })), { code: 7, msg: 'lessor: ipam is missing' }],
    ['ipam as a list', JSON.stringify(whole({ ipam: [] })), { code: 7, msg: 'lessor: ipam [] is no object' }],
    [
      'ranges of ranges',
      JSON.stringify(whole({}, { ranges: [[[]]] })),
      { code: 7, msg: 'lessor: ipam.ranges[0][0] [] is no object' },
    ],
    [
      'a subnet that is a number',
      JSON.stringify(whole({}, { ranges: [[{ subnet: 7 }]] })),
      { code: 7, msg: 'lessor: ipam.ranges[0][0].subnet 7 is no text' },
    ],
    [
      'host bits',
      JSON.stringify(whole({}, { ranges: [[{ subnet: '10.1.0.1/16' }]] })),
      { code: 7, details: expect.stringMatching(/^ipam\.ranges\[0\]\[0\]\.subnet "10\.1\.0\.1\/16"/) },
    ],
    [
      'a bad range in ipam itself',
      JSON.stringify(whole({}, { subnet: '10.1.0.0/31' })),
      { code: 7, details: expect.stringMatching(/^ipam\.subnet "10\.1\.0\.0\/31" is too small/) },
    ],
    [
      'a route without a destination',
      JSON.stringify(whole({}, { routes: [{}] })),
      { code: 7, msg: 'lessor: ipam.routes[0].dst null is no prefix' },
    ],
    [
      'a requested address that is none',
      JSON.stringify(whole({ args: { cni: { ips: ['10.1.0.9', 'x'] } } })),
      { code: 7, msg: 'lessor: args.cni.ips[1] "x" is no IP address' },
    ],
    [
      'a requested address that is empty',
      JSON.stringify(whole({ runtimeConfig: { ips: [''] } })),
      { code: 7, msg: 'lessor: runtimeConfig.ips[0] "" is no IP address' },
    ],
    [
      'a requested prefix that is none',
      JSON.stringify(whole({ runtimeConfig: { ips: ['10.1.0.9/33'] } })),
      { code: 7, msg: 'lessor: runtimeConfig.ips[0] "10.1.0.9/33" is no IP address' },
    ],
    [
      'requested addresses as text',
      JSON.stringify(whole({ args: { cni: { ips: '10.1.0.9' } } })),
      { code: 7, msg: 'lessor: args.cni.ips "10.1.0.9" is no list' },
    ],
    [
      'pool and pools',
      JSON.stringify(whole({}, { ranges: undefined, pool: 'a', pools: ['b'] })),
      { code: 7, msg: 'lessor: ipam.pool and ipam.pools are both given' },
    ],
    [
      'pools and ranges',
      JSON.stringify(whole({}, { pools: ['a'] })),
      { code: 7, msg: 'lessor: ipam.pools and ipam.ranges are both given' },
    ],
    [
      'pool and a subnet',
      JSON.stringify(whole({}, { ranges: undefined, pool: 'a', subnet, gateway: '10.1.0.1' })),
      { code: 7, msg: 'lessor: ipam.pool and ipam.subnet, ipam.gateway are both given' },
    ],
    [
      'a pool that is a list',
      JSON.stringify(whole({}, { ranges: undefined, pool: ['a'] })),
      { code: 7, msg: 'lessor: ipam.pool ["a"] is no text' },
    ],
    [
      'a pool that cannot be a name',
      JSON.stringify(whole({}, { ranges: undefined, pools: ['a', 'b c'] })),
      { code: 7, msg: 'lessor: ipam.pools[1] "b c" is no pool name' },
    ],
    [
      'no pool in pools',
      JSON.stringify(whole({}, { ranges: undefined, pools: [] })),
      { code: 7, msg: 'lessor: ipam.pools [] names no pool', details: expect.stringContaining('the service chooses') },
    ],
    [
      'an empty name in pools',
      JSON.stringify(whole({}, { ranges: undefined, pools: ['a', ''] })),
      { code: 7, msg: 'lessor: ipam.pools[1] is empty' },
    ],
    [
      'more pools than are taken',
      JSON.stringify(whole({}, { ranges: undefined, pools: Array(65).fill('a') })),
      { code: 7, msg: 'lessor: ipam.pools names 65 pools' },
    ],
    [
      'a part of a range alone',
      JSON.stringify(whole({}, { ranges: undefined, rangeStart: '10.1.0.9' })),
      { code: 7, msg: 'lessor: ipam.subnet is missing' },
    ],
    [
      'a VRF that cannot be a name',
      JSON.stringify(whole({}, { vrf: '-' })),
      { code: 7, msg: 'lessor: ipam.vrf "-" is no VRF name' },
    ],
    [
      'ranges of the runtime beside a pool',
      JSON.stringify(whole({ runtimeConfig: { ipRanges: [[{ subnet }]] } }, { ranges: undefined, pool: 'a' })),
      { code: 2, msg: 'lessor: runtimeConfig.ipRanges [[{"subnet":"10.1.0.0/16"}]] is not supported' },
    ],
    [
      'ranges of the runtime that overlap its own',
      JSON.stringify(whole({ runtimeConfig: { ipRanges: [[{ subnet }]] } }, { subnet: '10.9.0.0/16' })),
      {
        code: 7,
        details: expect.stringMatching(/^runtimeConfig\.ipRanges\[0\]\[0\] \(.*\) overlaps ipam\.ranges\[0\]\[0\] \(/),
      },
    ],
    [
      'an empty set of the runtime',
      JSON.stringify(whole({ runtimeConfig: { ipRanges: [[]] } })),
      { code: 7, details: expect.stringMatching(/^runtimeConfig\.ipRanges\[0\] is empty/) },
    ],
    [
      'ranges of the runtime and a name that leaves no room for theirs',
      JSON.stringify(whole({ name: 'n'.repeat(250), runtimeConfig: { ipRanges: [[{ subnet: '10.2.0.0/16' }]] } })),
      { code: 7, details: 'the pool is called after both: shorten it to 246 characters' },
    ],
    [
      'two sets of one family before 0.3.0',
      JSON.stringify(whole({ cniVersion: '0.2.0' }, { subnet: '10.2.0.0/16' })),
      {
        code: 7,
        msg: 'CNI version 0.2.0 does not support more than 1 address per family',
        details: expect.stringMatching(/^ipam gives 2 of IPv4: .*0\.3\.0/),
      },
    ],
    [
      'a release that is not known',
      JSON.stringify(whole({}, { release: 'DEL' })),
      { code: 7, msg: 'lessor: ipam.release "DEL" is not known', details: 'write "del", or leave it out' },
    ],
    [
      'a status that is not known',
      JSON.stringify(whole({}, { status: true })),
      { code: 7, msg: 'lessor: ipam.status true is not known', details: 'write "capacity", or leave it out' },
    ],
    [
      'exclusions and a pool',
      JSON.stringify(whole({}, { ranges: undefined, pool: 'a', exclude: ['10.1.0.9'] })),
      {
        code: 7,
        msg: 'lessor: ipam.pool and ipam.exclude are both given',
        details: 'a pool that is named has its ranges and exclusions already: leave one of the two out',
      },
    ],
    [
      'exclusions and no range',
      JSON.stringify(whole({}, { ranges: undefined, exclude: ['10.1.0.9'] })),
      { code: 7, msg: 'lessor: ipam.subnet is missing' },
    ],
    [
      'an exclusion that is a number',
      JSON.stringify(whole({}, { exclude: [7] })),
      { code: 7, msg: 'lessor: ipam.exclude[0] 7 is no text' },
    ],
    [
      'an empty exclusion',
      JSON.stringify(whole({}, { exclude: ['10.1.0.9', ''] })),
      { code: 7, msg: 'lessor: ipam.exclude[1] is empty' },
    ],
    [
      'exclusions as a text',
      JSON.stringify(whole({}, { exclude: '10.1.0.9' })),
      { code: 7, msg: 'lessor: ipam.exclude "10.1.0.9" is no list' },
    ],
    [
      'an exclusion with host bits',
      JSON.stringify(whole({}, { exclude: ['10.1.0.9/24'] })),
      { code: 7, details: expect.stringMatching(/^ipam\.exclude\[0\] "10\.1\.0\.9\/24" has host bits set/) },
    ],
    [
      'an exclusion beside the ranges',
      JSON.stringify(whole({}, { exclude: ['10.2.0.9'] })),
      { code: 7, details: expect.stringMatching(/^ipam\.exclude\[0\] "10\.2\.0\.9" holds no address of/) },
    ],
    [
      'more exclusions than are taken',
      JSON.stringify(whole({}, { exclude: Array(257).fill('10.1.0.9') })),
      { code: 7, msg: 'lessor: ipam.exclude has 257 entries' },
    ],
    [
      'a route whose mtu is a text',
      JSON.stringify(whole({}, { routes: [{ dst: '0.0.0.0/0', mtu: '1400' }] })),
      { code: 7, msg: 'lessor: ipam.routes[0].mtu "1400" is no whole number from 0 to 4294967295' },
    ],
    [
      'a route with a scope that does not exist',
      JSON.stringify(whole({}, { routes: [{ dst: '0.0.0.0/0', scope: 256 }] })),
      { code: 7, msg: 'lessor: ipam.routes[0].scope 256 is no whole number from 0 to 255' },
    ],
  ])('with %s is refused', (_, stdin, error) => {
    expect(refused(stdin)).toMatchObject(error);
  });

  test.each<[string, object, object]>([
    ['a pool', { pool: 'blue' }, { vrf: 'default', name: 'blue' }],
    ['pools', { pools: ['blue', 'green'] }, { vrf: 'default', name: 'net', names: ['blue', 'green'] }],
    ['neither ranges nor pools', {}, { vrf: 'default', name: 'net', names: [] }],
    ['a VRF', { vrf: 'red', pool: 'blue' }, { vrf: 'red', name: 'blue' }],
    ['a pool in an object of our own', { lessor: { pool: 'blue' } }, { vrf: 'default', name: 'blue' }],
    [
      'pools of a VRF in an object of our own',
      { lessor: { Pools: ['blue', 'green'], vrf: 'red' } },
      { vrf: 'red', name: 'net', names: ['blue', 'green'] },
    ],
    ['an object of our own with nothing in it', { lessor: {} }, { vrf: 'default', name: 'net', names: [] }],
    [
      'exclusions',
      { subnet, exclude: ['10.1.0.9', '10.1.4.0/24', '10.1.5.1-10.1.5.9'] },
      {
        vrf: 'default',
        name: 'net',
        ranges: [[{ subnet }]],
        exclude: ['10.1.0.9', '10.1.4.0/24', '10.1.5.1-10.1.5.9'],
      },
    ],
  ])('with %s means that', (_, ipam, pool) => {
    expect(parseNetworkConfiguration('ADD', whole({}, { ranges: undefined, ...ipam })).pool).toEqual(pool);
  });

  test('adds up the addresses that are requested, in one spelling and without prefix lengths', () => {
    const rest = {
      args: { cni: { ips: ['10.1.0.9', 'FD00:0::0009'] } },
      runtimeConfig: { ips: ['10.1.0.10/16', 'fd00::a'], IPRanges: [] },
    };
    expect(parseNetworkConfiguration('ADD', whole(rest)).addresses).toEqual([
      '10.1.0.9',
      'fd00::9',
      '10.1.0.10',
      'fd00::a',
    ]);
  });

  test('that is nested deeper than the stack is refused as well', () => {
    const deep = `${'['.repeat(1e5)}${']'.repeat(1e5)}`;
    const stdin = JSON.stringify(whole({}, { pool: 'DEEP', ranges: undefined })).replace('"DEEP"', deep);
    expect(refused(stdin)).toMatchObject({ code: 7, msg: 'lessor: ipam.pool […] is no text' });
  });

  test('without a version is one of 0.1.0, as is an empty one', () => {
    for (const cniVersion of [undefined, '', null])
      expect(parseNetworkConfiguration('ADD', whole({ cniVersion })).cniVersion).toBe('0.1.0');
  });

  test('puts the ranges of the runtime first, and calls their pool after them, however they are spelt', () => {
    const own = { subnet: '10.3.0.0/16', ranges: [[{ subnet }]] };
    const request = (...ipRanges: unknown[]) =>
      parseNetworkConfiguration('ADD', whole({ runtimeConfig: { ipRanges } }, own)).pool;
    const first = request([{ subnet: '10.2.0.0/16' }]);
    expect(first).toEqual({
      vrf: 'default',
      name: expect.stringMatching(/^net\.[0-9a-f]{8}$/),
      ranges: [[{ subnet: '10.2.0.0/16' }], [{ subnet: '10.3.0.0/16' }], [{ subnet }]],
    });
    expect(request([{ subnet: '10.2.0.0/16', gateway: '10.2.0.1', rangeStart: null }]).name).toBe(first.name);
    expect(request([{ subnet: '10.4.0.0/16' }]).name).not.toBe(first.name);
    expect(request().name).toBe('net');
    const alone = { runtimeConfig: { ipRanges: [[{ subnet: '10.2.0.0/16' }]] } };
    expect(parseNetworkConfiguration('ADD', whole(alone, { ranges: undefined })).pool).toEqual({
      vrf: 'default',
      name: first.name,
      ranges: [[{ subnet: '10.2.0.0/16' }]],
    });
  });

  test('keeps what a route says since 1.1.0, without sizes of 0', () => {
    const all = { mtu: 1400, advmss: 1360, priority: 100, table: 0, scope: 0 };
    const routes = [
      { dst: '0.0.0.0/0', ...all },
      { dst: '::/0', MTU: 0, advmss: 0, priority: 0, table: 4294967295, scope: 255 },
    ];
    expect(parseNetworkConfiguration('ADD', whole({}, { routes })).routes).toEqual([
      { dst: '0.0.0.0/0', ...all },
      { dst: '::/0', table: 4294967295, scope: 255 },
    ]);
  });

  test('with empty requests asks for nothing in particular', () => {
    const rest = { args: { cni: { ips: [] } }, runtimeConfig: { ips: [], ipRanges: null, portMappings: [{}] } };
    expect(parseNetworkConfiguration('ADD', whole(rest)).addresses).toEqual([]);
  });
});
