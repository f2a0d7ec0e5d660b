/** What differs from version to version, and ranges of the runtime: the compiled plugin beside the real host-local. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { supportedVersions } from '../../../cni-shim/cni/version.ts';
import { BesideHostLocal, missing, sharedVersions } from '../beside-host-local.ts';

let plugins: BesideHostLocal;
beforeAll(async () => {
  plugins = await BesideHostLocal.start();
});
afterAll(() => plugins?.stop());

const v4 = { subnet: '10.1.0.0/16' };
const v6 = { subnet: 'fd00:1::/64' };
const routes = [
  { dst: '0.0.0.0/0' },
  { dst: '::/0', gw: 'fd00:1::1' },
  { dst: '192.168.0.0/16', gw: '10.1.0.7' },
  { dst: '172.16.0.0/12', gw: 'fd00:1::7' },
];

describe.skipIf(missing !== '')(`the plugin beside host-local${missing}`, () => {
  test.each([undefined, '', ...sharedVersions])('with cniVersion %j splits routes as it does', async (cniVersion) => {
    for (const ranges of [[[v4], [v6]], [[v4]], [[v6]], [[v6], [v4]]]) {
      const { hostLocal, lessor } = await plugins.both({ verb: 'ADD', cniVersion, ipam: { ranges, routes } });
      expect(hostLocal.exitCode, hostLocal.stdout).toBe(0);
      expect(lessor.printed).toEqual(hostLocal.printed);
    }
  });

  test.each([undefined, '0.1.0', '0.2.0'])('with cniVersion %j refuses two of one family', async (cniVersion) => {
    for (const ranges of [
      [[v4], [{ subnet: '10.2.0.0/16' }]],
      [[v6], [v4], [{ subnet: 'fd00:2::/64' }]],
    ]) {
      const { hostLocal, lessor } = await plugins.both({ verb: 'ADD', cniVersion, ipam: { ranges } });
      expect([hostLocal.exitCode, lessor.exitCode]).toEqual([1, 1]);
      const clear = 'does not support more than 1 address per family';
      expect(hostLocal.printed.msg).toContain(clear);
      expect(lessor.printed).toMatchObject({ cniVersion: cniVersion ?? '0.1.0', code: 7 });
      expect(lessor.printed.msg).toContain(clear);
    }
  });

  test.each(['0.0.1', '0.3.2', '1.0', 'latest', '2.0.0'])(
    'refuses cniVersion %s as it does, code 1',
    async (version) => {
      const { hostLocal, lessor } = await plugins.both({ verb: 'ADD', cniVersion: version, ipam: { ranges: [[v4]] } });
      expect([hostLocal.printed.code, lessor.printed.code]).toEqual([1, 1]);
      expect(lessor.printed.cniVersion).toBe(version);
    },
  );
});

describe.skipIf(missing !== '')(`ranges of the runtime beside host-local${missing}`, () => {
  const given: Record<string, [ipam: Record<string, unknown>, ipRanges: unknown]> = {
    alone: [{}, [[v4]]],
    'of both families': [{ routes }, [[v4], [v6]]],
    'before those of ipam': [{ ranges: [[v6]] }, [[v4]]],
    'with everything that a range may say': [
      {},
      [[{ ...v4, rangeStart: '10.1.3.9', rangeEnd: '10.1.3.20', gateway: '10.1.3.1' }, { subnet: '10.2.0.0/24' }]],
    ],
    'beside a rangeStart without a subnet': [{ rangeStart: '10.9.0.9' }, [[v4]]],
    none: [{ ranges: [[v4]] }, []],
    null: [{ ranges: [[v4]] }, null],
  };
  describe.each(supportedVersions)('with cniVersion %s', (cniVersion) => {
    test.each(Object.entries(given))('%s', async (_, [ipam, ipRanges]) => {
      const comparison = { verb: 'ADD', ipam, requested: { ipRanges } } as const;
      const { hostLocal, lessor } = await plugins.bothOf(cniVersion, comparison);
      expect(hostLocal.exitCode, hostLocal.stdout).toBe(0);
      expect(lessor.printed).toEqual(hostLocal.printed);
    });

    test.skipIf(cniVersion < '0.3.0')('come before the one at the top of ipam, which comes before ranges', async () => {
      const ipam = { subnet: '10.3.0.0/16', ranges: [[v4]] };
      const requested = { ipRanges: [[{ subnet: '10.2.0.0/16' }]] };
      const { hostLocal, lessor } = await plugins.bothOf(cniVersion, { verb: 'ADD', ipam, requested });
      expect(hostLocal.printed.ips).toHaveLength(3);
      expect(lessor.printed).toEqual(hostLocal.printed);
    });
  });

  test.each<[string, Record<string, unknown>, unknown]>([
    ['a set without a range', {}, [[]]],
    ['a range without a subnet', {}, [[{ rangeStart: '10.1.0.5' }]]],
    ['ranges that are in no set', {}, [v4]],
    ['an object', {}, { subnet: '10.1.0.0/16' }],
    ['a subnet that is none', {}, [[{ subnet: '10.1.0.0' }]]],
    ['a start outside', {}, [[{ ...v4, rangeStart: '10.2.0.1' }]]],
    ['ranges that are in ipam as well', { ranges: [[v4]] }, [[v4]]],
  ])('are refused as there where they are %s', async (_, ipam, ipRanges) => {
    const { hostLocal, lessor } = await plugins.both({
      verb: 'ADD',
      cniVersion: '1.0.0',
      ipam,
      requested: { ipRanges },
    });
    expect([hostLocal.exitCode, lessor.exitCode]).toEqual([1, 1]);
    expect(`${lessor.printed.msg} ${lessor.printed.details}`).toContain('runtimeConfig.ipRanges');
    expect(lessor.printed.code).toBe(7);
  });
});

describe('with cniVersion 1.1.0, which host-local of that release does not know,', () => {
  test('the plugin gives addresses without versions, and routes with all that they say', async () => {
    const tuned = [
      { dst: '0.0.0.0/0', mtu: 1400, advmss: 1360, priority: 100, table: 1000, scope: 0 },
      { dst: '::/0', gw: 'fd00:1::1', mtu: 0 },
    ];
    const { lessor } = await plugins.both({
      verb: 'ADD',
      cniVersion: '1.1.0',
      ipam: { ranges: [[v4], [v6]], routes: tuned },
    });
    expect(lessor).toMatchObject({ exitCode: 0, stderr: '' });
    expect(lessor.printed).toEqual({
      cniVersion: '1.1.0',
      ips: [
        { address: '10.1.0.2/16', gateway: '10.1.0.1' },
        { address: 'fd00:1::2/64', gateway: 'fd00:1::1' },
      ],
      routes: [
        { dst: '0.0.0.0/0', mtu: 1400, advmss: 1360, priority: 100, table: 1000, scope: 0 },
        { dst: '::/0', gw: 'fd00:1::1' },
      ],
      dns: {},
    });
  });
});
