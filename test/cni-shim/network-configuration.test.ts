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
    const { ranges } = parseNetworkConfiguration(
      'ADD',
      whole({}, { subnet: '10.2.0.0/16', rangeStart: '10.2.0.9', ranges: [[{ subnet, note: 1 }]] }),
    );
    expect(ranges).toEqual([[{ subnet: '10.2.0.0/16', rangeStart: '10.2.0.9' }], [{ subnet }]]);
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
      'a requested address',
      JSON.stringify(whole({ args: { cni: { ips: ['10.1.0.9'] } } })),
      { code: 2, msg: 'lessor: args.cni.ips ["10.1.0.9"] is not supported' },
    ],
    [
      'an address requested by the runtime',
      JSON.stringify(whole({ runtimeConfig: { ips: ['10.1.0.9/16'] } })),
      { code: 2, msg: 'lessor: runtimeConfig.ips ["10.1.0.9/16"] is not supported' },
    ],
    [
      'ranges from the runtime',
      JSON.stringify(whole({ runtimeConfig: { ipRanges: [[{ subnet }]] } })),
      { code: 2, msg: expect.stringContaining('runtimeConfig.ipRanges [[') },
    ],
  ])('with %s is refused', (_, stdin, error) => {
    expect(refused(stdin)).toMatchObject(error);
  });

  test('of a DEL may request addresses: nothing is handed out', () => {
    expect(parseNetworkConfiguration('DEL', whole({ args: { cni: { ips: ['10.1.0.9'] } } })).name).toBe('net');
  });

  test('with empty requests asks for nothing in particular', () => {
    const rest = { args: { cni: { ips: [] } }, runtimeConfig: { ips: [], ipRanges: null, portMappings: [{}] } };
    expect(parseNetworkConfiguration('ADD', whole(rest)).name).toBe('net');
  });
});
