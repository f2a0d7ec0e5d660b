import { describe, expect, test } from 'vitest';
import { addResult, cniError } from '../../../cni-shim/cni/result.ts';
import { supportedVersions } from '../../../cni-shim/cni/version.ts';

const addresses = [
  { address: '10.1.0.5/16', gateway: '10.1.0.1' },
  { address: 'fd00:1::5/64', gateway: 'fd00:1::1' },
];
const tuned = { dst: '192.168.0.0/16', gw: '10.1.0.7', mtu: 1400, advmss: 1360, priority: 9, table: 0, scope: 253 };
const routes = [tuned, { dst: '::/0' }];
const dns = { nameservers: ['192.0.2.53'] };
const result = (cniVersion: (typeof supportedVersions)[number]) => addResult({ cniVersion, addresses, routes, dns });

describe('a result', () => {
  test.each(['0.1.0', '0.2.0'] as const)(
    'of %s has each family with the routes to it, as they were then',
    (version) => {
      expect(result(version)).toEqual({
        cniVersion: version,
        ip4: { ip: '10.1.0.5/16', gateway: '10.1.0.1', routes: [{ dst: '192.168.0.0/16', gw: '10.1.0.7' }] },
        ip6: { ip: 'fd00:1::5/64', gateway: 'fd00:1::1', routes: [{ dst: '::/0' }] },
        dns,
      });
    },
  );

  test.each(['0.3.0', '0.3.1', '0.4.0'] as const)('of %s says of each address which family it is of', (version) => {
    const [four, six] = addresses;
    expect(result(version)).toEqual({
      cniVersion: version,
      ips: [
        { version: '4', ...four },
        { version: '6', ...six },
      ],
      routes,
      dns,
    });
  });

  test.each(['1.0.0', '1.1.0'] as const)('of %s has addresses, routes and dns', (version) => {
    expect(result(version)).toEqual({ cniVersion: version, ips: addresses, routes, dns });
  });

  test('of one family drops the routes to the other before 0.3.0', () => {
    const [four] = addresses;
    expect(
      addResult({ cniVersion: '0.2.0', addresses: addresses.slice(0, 1), routes: [{ dst: '::/0' }], dns: {} }),
    ).toEqual({ cniVersion: '0.2.0', ip4: { ip: four?.address, gateway: four?.gateway }, dns: {} });
  });

  test.each(supportedVersions)('of two addresses of one family is an error before 0.3.0, and so with %s', (version) => {
    const three = [...addresses, { address: 'fd00:2::5/64', gateway: 'fd00:2::1' }];
    const make = () => addResult({ cniVersion: version, addresses: three, routes, dns });
    if (version > '0.3') return expect(make()).toMatchObject({ ips: [{}, {}, {}] });
    try {
      make();
    } catch (error) {
      return expect(cniError(error, version)).toEqual({
        cniVersion: version,
        code: 7,
        msg: `CNI version ${version} does not support more than 1 address per family`,
        details: 'ipam gives 2 of IPv6: use cniVersion 0.3.0 or a later one, or one range set of each family',
      });
    }
    throw new Error('was accepted');
  });
});
