import { describe, expect, test } from 'vitest';
import { readRequest } from '../../../cni-shim/cni/request.ts';
import { cniError } from '../../../cni-shim/cni/result.ts';
import type { Verb } from '../../../cni-shim/cni/version.ts';

const env = { CNI_CONTAINERID: 'c1', CNI_IFNAME: 'eth0', CNI_NETNS: '/var/run/netns/x' };
const input = (rest: Record<string, unknown> = {}) => ({
  cniVersion: '1.1.0',
  name: 'net',
  ipam: { type: 'lessor', ranges: [[{ subnet: '10.1.0.0/16' }]] },
  ...rest,
});

function refused(verb: Verb, rest: Record<string, unknown>) {
  try {
    readRequest(verb, env, input(rest));
  } catch (error) {
    return cniError(error, '1.1.0');
  }
  throw new Error('was accepted');
}

describe('a verb', () => {
  test.each<[Verb, string, string]>([
    ['CHECK', '0.3.1', '0.4.0'],
    ['GC', '1.0.0', '1.1.0'],
    ['STATUS', '1.0.0', '1.1.0'],
  ])('%s does not exist in %s yet, but in %s', (verb, cniVersion, since) => {
    expect(refused(verb, { cniVersion })).toMatchObject({
      code: 1,
      msg: `config version does not allow ${verb}`,
      details: `${verb} is of CNI ${since}, and this configuration's cniVersion is ${cniVersion}: use a later one`,
    });
    const prevResult = { ips: [] };
    expect(readRequest(verb, env, input({ cniVersion: since, prevResult })).network.cniVersion).toBe(since);
  });

  test.each(['GC', 'STATUS'] as const)('%s needs no container', (verb) => {
    expect(readRequest(verb, {}, input()).network.name).toBe('net');
  });
});

describe('a CHECK', () => {
  const previous = (cniVersion: string, prevResult: unknown) =>
    readRequest('CHECK', env, input({ cniVersion, prevResult })).previous;

  test.each(['0.4.0', '1.0.0', '1.1.0'])('of %s knows the addresses that the ADD printed, each once', (cniVersion) => {
    const ips = [
      { version: '4', address: '10.1.0.5/16', gateway: '10.1.0.1', interface: 2 },
      { address: 'FD00:1:0::5/64' },
      { address: '10.1.0.5/16' },
    ];
    expect(previous(cniVersion, { cniVersion, interfaces: [{ name: 'cni0' }], ips, routes: [], dns: {} })).toEqual([
      '10.1.0.5',
      'fd00:1::5',
    ]);
    expect(previous(cniVersion, { ips })).toHaveLength(2);
    expect(previous(cniVersion, { cniVersion, ips: null })).toEqual([]);
  });

  test('reads a result of an older version in its own shape', () => {
    const old = { cniVersion: '0.2.0', ip4: { ip: '10.1.0.5/16' }, ip6: { ip: 'fd00:1::5/64' } };
    expect(previous('1.0.0', old)).toEqual(['10.1.0.5', 'fd00:1::5']);
  });

  test.each<[string, unknown, number, string]>([
    ['no result', undefined, 7, 'prevResult is missing'],
    ['a result that is null', null, 7, 'prevResult is missing'],
    ['a result that is a list', [], 7, 'prevResult [] is no object'],
    ['addresses that are no list', { ips: {} }, 7, 'prevResult.ips {} is no list'],
    ['an address that is none', { ips: [{ address: 'x' }] }, 7, 'prevResult.ips[0].address "x" is no address with a'],
    [
      'an address without a length',
      { ips: [{ address: '10.1.0.5' }] },
      7,
      'prevResult.ips[0].address "10.1.0.5" is no',
    ],
    ['no address', { ips: [{}] }, 7, 'prevResult.ips[0].address null is no'],
    ['a result of an unknown version', { cniVersion: '7' }, 1, 'cniVersion "7" is not supported'],
    ['an old address that is none', { cniVersion: '0.2.0', ip6: { ip: 5 } }, 7, 'prevResult.ip6.ip 5 is no text'],
  ])('with %s is refused', (_, prevResult, code, message) => {
    expect(refused('CHECK', { prevResult })).toMatchObject({ code, msg: expect.stringContaining(message) });
  });
});

describe('a GC', () => {
  const one = { containerID: 'c1', ifname: 'eth0' };
  const two = { containerID: 'c2', ifname: 'net1' };
  const valid = (rest: Record<string, unknown>) => readRequest('GC', {}, input(rest)).valid;

  test('that names no attachments frees nothing; one whose list is empty says that none lives', () => {
    expect(valid({})).toBeUndefined();
    expect(valid({ 'cni.dev/valid-attachments': null })).toBeUndefined();
    expect(valid({ 'cni.dev/valid-attachments': [] })).toEqual([]);
  });

  test('knows both names of the list, and what either names lives', () => {
    const expected = [
      { containerId: 'c1', ifname: 'eth0' },
      { containerId: 'c2', ifname: 'net1' },
    ];
    expect(valid({ 'cni.dev/valid-attachments': [one, two] })).toEqual(expected);
    expect(valid({ 'cni.dev/attachments': [one, two] })).toEqual(expected);
    expect(valid({ 'cni.dev/valid-attachments': [one], 'cni.dev/attachments': [one, two] })).toEqual(expected);
  });

  test.each<[string, unknown, string]>([
    ['no list', 'all', 'cni.dev/valid-attachments "all" is no list'],
    ['an attachment that is none', ['c1'], 'cni.dev/valid-attachments[0] "c1" is no object'],
    [
      'a container without an id',
      [one, { ifname: 'eth0' }],
      'valid-attachments[1].containerID null is no container id',
    ],
    ['an interface that cannot be one', [{ ...one, ifname: '..' }], 'valid-attachments[0].ifname ".." is no interface'],
  ])('with %s is refused', (_, list, message) => {
    expect(refused('GC', { 'cni.dev/valid-attachments': list })).toMatchObject({
      code: 7,
      msg: expect.stringContaining(message),
    });
  });
});
