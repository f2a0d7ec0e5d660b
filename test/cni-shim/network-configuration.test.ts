import { describe, expect, test } from 'vitest';
import { parseInput, parseNetworkConfiguration } from '../../cni-shim/network-configuration.ts';
import { cniError } from '../../cni-shim/result.ts';

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
      whole({}, { subnet: '10.2.0.0/16', rangeStart: '10.2.0.9', ranges: [[{ subnet, note: 1 }]] }),
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
      'no version',
      JSON.stringify(whole({ cniVersion: undefined })),
      { code: 1, msg: 'lessor: cniVersion "0.1.0" is not supported', details: 'use one of 0.3.1, 0.4.0, 1.0.0' },
    ],
    [
      'a version to come',
      JSON.stringify(whole({ cniVersion: '1.1.0' })),
      { code: 1, msg: expect.stringContaining('"1.1.0"') },
    ],
    ['a version that is a number', JSON.stringify(whole({ cniVersion: 1 })), { code: 1 }],
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
      { code: 7, details: expect.stringContaining('(ranges[0] is the one written directly in ipam)') },
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
      'ranges from the runtime',
      JSON.stringify(whole({ runtimeConfig: { ipRanges: [[{ subnet }]] } })),
      { code: 2, msg: expect.stringContaining('runtimeConfig.ipRanges [[') },
    ],
  ])('with %s is refused', (_, stdin, error) => {
    expect(refused(stdin)).toMatchObject(error);
  });

  test.each<[string, object, object]>([
    ['a pool', { pool: 'blue' }, { vrf: 'default', name: 'blue' }],
    ['pools', { pools: ['blue', 'green'] }, { vrf: 'default', name: 'net', names: ['blue', 'green'] }],
    ['neither ranges nor pools', {}, { vrf: 'default', name: 'net', names: [] }],
    ['a VRF', { vrf: 'red', pool: 'blue' }, { vrf: 'red', name: 'blue' }],
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

  test('of a DEL may request what is no address: nothing is handed out', () => {
    expect(parseNetworkConfiguration('DEL', whole({ args: { cni: { ips: ['x'] } } })).addresses).toEqual([]);
  });

  test('with empty requests asks for nothing in particular', () => {
    const rest = { args: { cni: { ips: [] } }, runtimeConfig: { ips: [], ipRanges: null, portMappings: [{}] } };
    expect(parseNetworkConfiguration('ADD', whole(rest)).addresses).toEqual([]);
  });
});
