/** The compiled plugin and the real host-local, given the same configurations: the same results, field by field. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { supportedVersions } from '../../../cni-shim/cni/version.ts';
import { BesideHostLocal, HOST_LOCAL, missing, type Requested as RequestedAddresses } from '../beside-host-local.ts';
import { Node } from '../in-process.ts';
import { call } from '../plugin-process.ts';

const directory = mkdtempSync(join(tmpdir(), 'lessor-parity-'));
const resolvConf = join(directory, 'resolv.conf');
const emptyResolvConf = join(directory, 'empty.conf');
let plugins: BesideHostLocal;

beforeAll(async () => {
  plugins = await BesideHostLocal.start();
  writeFileSync(
    resolvConf,
    [
      '# written by hand',
      '; twice',
      'nameserver 192.0.2.53',
      '  nameserver\t2001:db8::53   # second',
      'domain cluster.local',
      'domain example.org',
      'search svc.cluster.local cluster.local',
      'search example.org',
      'options ndots:5 rotate',
      'sortlist 192.0.2.0',
      'nameserver',
      '',
    ].join('\n'),
  );
  writeFileSync(emptyResolvConf, '');
});
afterAll(async () => {
  await plugins?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const v4 = { subnet: '10.1.0.0/16' };
const v6 = { subnet: 'fd00:1::/64' };

/** ipam sections without `type`, the same for both plugins. */
const accepted: Record<string, Record<string, unknown>> = {
  'one subnet': { ranges: [[v4]] },
  'one subnet, old style': { ...v4 },
  'old style with range and gateway': {
    subnet: '10.1.0.0/16',
    rangeStart: '10.1.3.7',
    rangeEnd: '10.1.3.9',
    gateway: '10.1.255.254',
  },
  'old style before ranges': { subnet: '10.1.0.0/16', ranges: [[{ subnet: '10.2.0.0/16' }], [v6]] },
  'rangeStart at ipam without a subnet': { rangeStart: '10.9.0.9', ranges: [[v4]] },
  'a range within the subnet': { ranges: [[{ ...v4, rangeStart: '10.1.1.10', rangeEnd: '10.1.1.250' }]] },
  'another gateway': { ranges: [[{ ...v4, gateway: '10.1.0.254' }]] },
  'a gateway that is the first address of the range': {
    ranges: [[{ ...v4, rangeStart: '10.1.0.5', gateway: '10.1.0.5' }]],
  },
  'two ranges in one set': {
    ranges: [[{ ...v4, rangeStart: '10.1.0.10', rangeEnd: '10.1.0.20' }, { subnet: '10.2.0.0/24' }]],
  },
  'dual-stack': { ranges: [[v4], [v6]] },
  'IPv6 first': { ranges: [[v6], [v4]] },
  'IPv6 alone, with a range': { ranges: [[{ subnet: '2001:db8:0:1::/64', rangeStart: '2001:db8:0:1::ff00' }]] },
  'IPv6 in capitals and with zeros': { ranges: [[{ subnet: '2001:0DB8:0:0:0:0:0:0/64', gateway: '2001:DB8::00FF' }]] },
  'three sets': { ranges: [[v4], [v6], [{ subnet: '192.168.7.0/29' }]] },
  'the smallest subnet': { ranges: [[{ subnet: '192.0.2.4/30' }]] },
  'empty texts as if absent': { ranges: [[{ ...v4, rangeStart: '', rangeEnd: '', gateway: '' }]], resolvConf: '' },
  'null as if absent': { ranges: [[{ ...v4, rangeStart: null, gateway: null }]], routes: [{ dst: '::/0', gw: null }] },
  'keys in another case': { Ranges: [[{ Subnet: '10.1.0.0/16', rangestart: '10.1.9.1' }]] },
  'keys by convention': { ranges: [[v4]], name: 'x', args: { any: 'thing' }, 'example.com/note': 'x' },
  'ranges null beside a subnet': { ...v4, ranges: null },
  'a default route': { ranges: [[v4]], routes: [{ dst: '0.0.0.0/0' }] },
  'routes with gateways': {
    ranges: [[v4], [v6]],
    routes: [
      { dst: '192.168.0.0/16', gw: '10.1.0.7' },
      { dst: '::/0', gw: 'FD00:1:0::9' },
      { dst: '172.16.0.0/12', gw: '' },
    ],
  },
  'a route with host bits': { ranges: [[v4]], routes: [{ dst: '192.168.7.9/16' }, { dst: '2001:DB8:0::1/32' }] },
  'no routes': { ranges: [[v4]], routes: [] },
  'routes null': { ranges: [[v4]], routes: null },
  'a resolv.conf': { ranges: [[v4]], resolvConf },
  'an empty resolv.conf': { ranges: [[v4]], resolvConf: emptyResolvConf },
};

const refused: Record<string, Record<string, unknown>> = {
  'empty ranges': { ranges: [] },
  'an empty set': { ranges: [[]] },
  'an empty subnet in ipam': { subnet: '', ranges: [[v4]] },
  'no subnet': { ranges: [[{ rangeStart: '10.1.0.5' }]] },
  'a subnet that is none': { ranges: [[{ subnet: '10.1.0.0/33' }]] },
  'a subnet with a leading zero': { ranges: [[{ subnet: '010.1.0.0/16' }]] },
  'a subnet that is too small': { ranges: [[{ subnet: '10.1.0.0/31' }]] },
  'a start outside': { ranges: [[{ ...v4, rangeStart: '10.2.0.1' }]] },
  'an end outside': { ranges: [[{ ...v4, rangeEnd: '10.2.0.1' }]] },
  'a start of the other family': { ranges: [[{ ...v4, rangeStart: 'fd00::1' }]] },
  'mixed families in a set': { ranges: [[v4, v6]] },
  'overlapping sets': { ranges: [[v4], [{ subnet: '10.1.128.0/17' }]] },
  'an address that is none': { ranges: [[{ ...v4, gateway: 'x' }]] },
  'a route that is none': { ranges: [[v4]], routes: [{ dst: '10.0.0.1' }] },
  'a route gateway that is none': { ranges: [[v4]], routes: [{ dst: '10.0.0.0/8', gw: 'x' }] },
  'a resolv.conf that is missing': { ranges: [[v4]], resolvConf: '/nonexistent/resolv.conf' },
  'ranges of the wrong type': { ranges: 'all' },
};

/** What host-local overlooks. */
const stricter: Record<string, Record<string, unknown>> = {
  'an unknown key': { ranges: [[v4]], note: { any: 'thing' } },
  'an unknown key of a range': { ranges: [[{ ...v4, note: 'x' }]] },
  'an unknown key of a route': { ranges: [[v4]], routes: [{ dst: '0.0.0.0/0', note: 1 }] },
};

interface Requested extends RequestedAddresses {
  readonly ranges: unknown[][];
}

const request = (ranges: unknown[][], how: Omit<Requested, 'ranges'>): Requested => ({ ranges, ...how });
const twoRanges = [[{ ...v4, rangeStart: '10.1.0.10', rangeEnd: '10.1.0.20' }, { subnet: '10.2.0.0/24' }]];

const granted: Record<string, Requested> = {
  'an IPv4 address by CNI_ARGS': request([[v4]], { args: 'IP=10.1.0.5' }),
  'an IPv4 address by args': request([[v4]], { ips: ['10.1.0.5'] }),
  'an IPv4 address by runtimeConfig': request([[v4]], { runtime: ['10.1.0.5'] }),
  'an IPv4 address by CNI_ARGS, with a prefix length': request([[v4]], { args: 'IP=10.1.0.5/16' }),
  'an IPv4 address by args, with a prefix length': request([[v4]], { ips: ['10.1.0.5/16'] }),
  'an IPv4 address with its prefix length': request([[v4]], { runtime: ['10.1.0.5/16'] }),
  'an IPv4 address with another prefix length': request([[v4]], { runtime: ['10.1.0.5/24'] }),
  'an IPv6 address by CNI_ARGS': request([[v6]], { args: 'IgnoreUnknown=1;IP=fd00:1::5' }),
  'an IPv6 address by args, spelt otherwise': request([[v6]], { ips: ['FD00:0001:0::0005'] }),
  'an IPv6 address by runtimeConfig, with a prefix length': request([[v6]], { runtime: ['fd00:1::5/64'] }),
  'one of each family': request([[v4], [v6]], { ips: ['10.1.0.5', 'fd00:1::5'] }),
  'one of each family, not in the order of the sets': request([[v4], [v6]], { ips: ['fd00:1::5', '10.1.0.5'] }),
  'one of each family that are no pair': request([[v4], [v6]], { ips: ['10.1.0.5', 'fd00:1::77'] }),
  'one of each family by two ways': request([[v4], [v6]], { args: 'IP=10.1.0.5', runtime: ['fd00:1::5/64'] }),
  'three of three sets by three ways': request([[v6], [v4], [{ subnet: '192.168.7.0/24' }]], {
    args: 'IP=10.1.0.7',
    ips: ['192.168.7.9'],
    runtime: ['fd00:1::8'],
  }),
  'the same address by all three ways': request([[v4]], {
    args: 'IP=10.1.0.5',
    ips: ['10.1.0.5'],
    runtime: ['10.1.0.5/16', '10.1.0.5'],
  }),
  'an address of the second range of a set': request(twoRanges, { ips: ['10.2.0.9'] }),
  'the first and the last address of a range': request([[{ ...v4, rangeStart: '10.1.0.9', rangeEnd: '10.1.0.9' }]], {
    ips: ['10.1.0.9'],
  }),
  'nothing: an empty IP, an empty list and null': request([[v4]], { args: 'IP=', ips: [], runtime: null }),
};

const denied: Record<string, Requested> = {
  'an address outside': request([[v4]], { ips: ['10.2.0.5'] }),
  'an address below rangeStart': request([[{ ...v4, rangeStart: '10.1.0.9' }]], { ips: ['10.1.0.8'] }),
  'an address of a family without a set': request([[v4]], { ips: ['fd00:1::5'] }),
  'the gateway': request([[v4]], { ips: ['10.1.0.1'] }),
  'the network address': request([[v4]], { ips: ['10.1.0.0'] }),
  'two addresses of one set': request([[v4], [v6]], { ips: ['10.1.0.5', '10.1.0.6'] }),
  'two addresses of one set by two ways': request([[v4]], { args: 'IP=10.1.0.5', ips: ['10.1.0.6'] }),
  'one address that can be had and one that cannot': request([[v4], [v6]], { ips: ['10.1.0.5', 'fd00:2::5'] }),
  'a prefix length that is too long by CNI_ARGS': request([[v4]], { args: 'IP=10.1.0.5/33' }),
  'what is no address by CNI_ARGS': request([[v4]], { args: 'IP=x' }),
  'a prefix length that is too long by args': request([[v6]], { ips: ['fd00:1::5/129'] }),
  'an empty address by args': request([[v4]], { ips: [''] }),
  'null by args': request([[v4]], { ips: [null] }),
  'a number by args': request([[v4]], { ips: [5] }),
  'text in place of a list by args': request([[v4]], { ips: '10.1.0.5' }),
  'an address with a leading zero': request([[v4]], { ips: ['10.1.0.05'] }),
  'an address with a zone': request([[v6]], { ips: ['fd00:1::5%eth0'] }),
  'an empty address by runtimeConfig': request([[v4]], { runtime: [''] }),
  'a prefix length that is too long by runtimeConfig': request([[v4]], { runtime: ['10.1.0.5/33'] }),
  'what is no address by runtimeConfig': request([[v4]], { runtime: ['10.1.0.5-10.1.0.6'] }),
};

/** host-local refuses these before 0.3.0: two addresses of one family. */
const twoOfAFamily = new Set(['old style before ranges', 'three sets', 'three of three sets by three ways']);
const knows = (cniVersion: string, name: string) => cniVersion >= '0.3.0' || !twoOfAFamily.has(name);

describe.skipIf(missing !== '')(`the plugin beside host-local${missing}`, () => {
  describe.each(supportedVersions)('with cniVersion %s', (cniVersion) => {
    const known = Object.entries(accepted).filter(([name]) => knows(cniVersion, name));
    test.each(known)('gives the same result for %s', async (_, ipam) => {
      const { hostLocal, lessor } = await plugins.bothOf(cniVersion, { verb: 'ADD', ipam });
      expect(hostLocal.exitCode, hostLocal.stdout).toBe(0);
      expect(lessor.printed).toEqual(hostLocal.printed);
      expect(lessor).toMatchObject({ exitCode: 0, stderr: '' });
    });
  });

  test.each(Object.entries(refused))('refuses %s as well, with an error that names the field', async (name, ipam) => {
    const { hostLocal, lessor } = await plugins.both({ verb: 'ADD', cniVersion: '1.0.0', ipam });
    expect(hostLocal.exitCode).toBe(1);
    expect(lessor).toMatchObject({ exitCode: 1, stderr: '' });
    expect(lessor.printed, name).toEqual({
      cniVersion: '1.0.0',
      code: 7,
      msg: expect.any(String),
      details: expect.any(String),
    });
    expect(`${lessor.printed.msg} ${lessor.printed.details}`).toMatch(/ipam/);
  });

  test.each(Object.entries(stricter))('refuses %s, which host-local overlooks, and names the key', async (_, ipam) => {
    const { hostLocal, lessor } = await plugins.both({ verb: 'ADD', cniVersion: '1.0.0', ipam });
    expect(hostLocal.exitCode, hostLocal.stdout).toBe(0);
    expect(lessor).toMatchObject({ exitCode: 1, stderr: '' });
    expect(lessor.printed).toMatchObject({ code: 7, msg: expect.stringMatching(/note is not known$/) });
  });

  describe.each(supportedVersions)('where addresses are requested, with cniVersion %s', (cniVersion) => {
    const known = Object.entries(granted).filter(([name]) => knows(cniVersion, name));
    test.each(known)('gives the same result for %s', async (_, { ranges, ...requested }) => {
      const { hostLocal, lessor } = await plugins.bothOf(cniVersion, { verb: 'ADD', ipam: { ranges }, requested });
      expect(hostLocal.exitCode, hostLocal.stdout).toBe(0);
      expect(lessor.printed).toEqual(hostLocal.printed);
      expect(lessor).toMatchObject({ exitCode: 0, stderr: '' });
    });
  });

  test.each(Object.entries(denied))('refuses to give %s as well', async (_, { ranges, ...requested }) => {
    const { hostLocal, lessor } = await plugins.both({ verb: 'ADD', cniVersion: '1.0.0', ipam: { ranges }, requested });
    // It crashes on null.
    expect([1, 2], hostLocal.stdout).toContain(hostLocal.exitCode);
    expect(lessor).toMatchObject({ exitCode: 1, stderr: '' });
    expect([4, 7]).toContain(lessor.printed.code);
    const { args, ips, runtime } = requested;
    // What is no address is found before anybody is asked, and names the field; the rest is for the service to say.
    const fields = [args && 'CNI_ARGS IP', ips && 'args.cni.ips', runtime && 'runtimeConfig.ips'].filter(Boolean);
    const text = `${lessor.printed.msg} ${lessor.printed.details}`;
    expect(fields.some((field) => text.includes(String(field))) || text.includes('cannot hand out')).toBe(true);
  });

  test('refuses an address that another container holds as well', async () => {
    const node = new Node(plugins.api);
    try {
      const name = plugins.networkName();
      const stdin = (type: string) =>
        JSON.stringify({
          cniVersion: '1.0.0',
          name,
          ipam: { type, ranges: [[v4]], dataDir: node.directory },
          args: { cni: { ips: ['10.1.0.5'] } },
        });
      const codes: (number | null)[][] = [];
      for (const CNI_CONTAINERID of ['c1', 'c2']) {
        const env = { ...node.env, CNI_COMMAND: 'ADD', CNI_CONTAINERID };
        const hostLocal = await call({ executable: HOST_LOCAL, env, stdin: stdin('host-local') });
        const lessor = await call({ executable: plugins.executable, env, stdin: stdin('lessor') });
        codes.push([hostLocal.exitCode, lessor.exitCode]);
        if (CNI_CONTAINERID === 'c2') expect(lessor.printed.code).toBe(11);
      }
      expect(codes).toEqual([
        [0, 0],
        [1, 1],
      ]);
    } finally {
      node.remove();
    }
  });

  test('needs no valid ranges on DEL, which host-local does, and no resolv.conf either', async () => {
    const broken = await plugins.both({ verb: 'DEL', cniVersion: '1.0.0', ipam: { ranges: [[{ subnet: 'x' }]] } });
    expect([broken.hostLocal.exitCode, broken.lessor.exitCode]).toEqual([1, 0]);
    const gone = await plugins.both({
      verb: 'DEL',
      cniVersion: '1.0.0',
      ipam: { ranges: [[v4]], resolvConf: '/nonexistent' },
    });
    expect([gone.hostLocal.exitCode, gone.lessor.exitCode]).toEqual([0, 0]);
    expect([gone.hostLocal.stdout, gone.lessor.stdout]).toEqual(['', '']);
  });
});
