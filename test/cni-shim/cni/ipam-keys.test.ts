/** Keys of the ipam section: what is not known is an error, and what other IPAM plugins call otherwise is translated. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseNetworkConfiguration } from '../../../cni-shim/cni/network-configuration.ts';
import { cniError } from '../../../cni-shim/cni/result.ts';

const subnet = '10.1.0.0/16';
const parse = (ipam: Record<string, unknown>, rest: Record<string, unknown> = {}) =>
  parseNetworkConfiguration('ADD', { cniVersion: '1.0.0', name: 'net', ipam: { type: 'lessor', ...ipam }, ...rest });

function refused(ipam: Record<string, unknown>) {
  try {
    parse(ipam);
  } catch (error) {
    return cniError(error, '1.0.0');
  }
  throw new Error('was accepted');
}

test('what nerdctl notes of a range is overlooked beside start and end, and refused without them', () => {
  const range = { subnet, rangeStart: '10.1.4.1', rangeEnd: '10.1.4.255', ipRange: '10.1.4.0/24' };
  const { ipRange, ...read } = range;
  expect(parse({ ranges: [[range]] }).pool).toMatchObject({ ranges: [[read]] });
  expect(refused({ ranges: [[{ subnet, ipRange }]] })).toMatchObject({
    code: 7,
    msg: 'lessor: ipam.ranges[0][0].ipRange is without rangeStart and rangeEnd',
  });
});

describe('a key that is not known', () => {
  test.each<[Record<string, unknown>, string, RegExp]>([
    [{ rnages: [[{ subnet }]] }, 'ipam.rnages', /did you mean "ranges"\?/],
    [{ subnets: [subnet] }, 'ipam.subnets', /did you mean "subnet"\?/],
    [{ subnet, 'range-start': '10.1.0.9' }, 'ipam.range-start', /did you mean "rangeStart"\?/],
    [{ subnet, gatway: '10.1.0.9' }, 'ipam.gatway', /did you mean "gateway"\?/],
    [{ vfr: 'red' }, 'ipam.vfr', /did you mean "vrf"\?/],
    [{ pool: 'a', excludes: [] }, 'ipam.excludes', /did you mean "exclude"\?/],
    [{ subnet, note: 'x' }, 'ipam.note', /the keys are subnet, rangeStart, .*resolvConf.*config/],
    [{ subnet, ipMasq: true }, 'ipam.ipMasq', /the keys are/],
    [{ subnet, nothing: null }, 'ipam.nothing', /the keys are/],
    [{ ranges: [[{ subnet, rangeStrat: '10.1.0.9' }]] }, 'ipam.ranges[0][0].rangeStrat', /"rangeStart"\?/],
    [{ ranges: [[{ subnet, exclude: [] }]] }, 'ipam.ranges[0][0].exclude', /into ipam itself, beside "ranges"/],
    [{ subnet, routes: [{ dst: '0.0.0.0/0', gateway: '10.1.0.1' }] }, 'ipam.routes[0].gateway', /dst, gw, mtu/],
    [{ lessor: { subnet } }, 'ipam.lessor.subnet', /the keys are pool, pools, vrf/],
  ])('as in %j is an error that names it', (ipam, key, details) => {
    expect(refused(ipam)).toMatchObject({
      code: 7,
      msg: `lessor: ${key} is not known`,
      details: expect.stringMatching(details),
    });
  });

  test.each<[string, string, string[], RegExp]>([
    ['whereabouts', 'range', ['"192.0.2.0/24"'], /write "subnet": .* "rangeStart" and "rangeEnd"/],
    ['whereabouts', 'range_start', ['"192.0.2.9"'], /write "rangeStart"/],
    ['whereabouts', 'range_end', ['"192.0.2.99"'], /write "rangeEnd"/],
    ['whereabouts', 'ipRanges', ['[{"range": "192.0.2.0/24"}]'], /write "ranges": \[\[/],
    ['whereabouts', 'network_name', ['"x"'], /"vrf"/],
    ['whereabouts', 'enable_overlapping_ranges', ['true', 'false'], /"vrf"/],
    ['whereabouts', 'node_slice_size', ['"/28"'], /blocks belong to nodes/],
    ['whereabouts', 'leader_lease_duration', ['1500'], /leave it out/],
    ['whereabouts', 'leader_renew_deadline', ['1000'], /leave it out/],
    ['whereabouts', 'leader_retry_period', ['500'], /leave it out/],
    ['whereabouts', 'sleep_for_race', ['0'], /leave it out/],
    ['whereabouts', 'reconciler_cron_expression', ['"30 4 * * *"'], /agent/],
    ['whereabouts', 'datastore', ['"kubernetes"'], /node configuration/],
    ['whereabouts', 'kubernetes', ['{"kubeconfig": "/x"}'], /node configuration/],
    ['whereabouts', 'configuration_path', ['"/x"'], /node configuration/],
    ['whereabouts', 'etcd_host', ['"x:2379"'], /node configuration/],
    ['whereabouts', 'etcd_ca_cert_file', ['"/x"'], /node configuration/],
    ['whereabouts', 'log_file', ['"/x"'], /"logFile"/],
    ['whereabouts and Spiderpool', 'log_level', ['"debug"'], /"logFile"/],
    ['static and whereabouts', 'addresses', ['[{"address": "192.0.2.5/24"}]'], /"runtimeConfig": \{"ips"/],
    ['static and whereabouts', 'dns', ['{"nameservers": ["192.0.2.53"]}'], /"resolvConf"/],
    ['Spiderpool', 'ippools', ['["a"]'], /write "pool", or "pools"/],
    ['Spiderpool', 'default_ipv4_ippool', ['["a"]'], /write "pool", or "pools"/],
    ['Spiderpool', 'default_ipv6_ippool', ['["a"]'], /write "pool", or "pools"/],
    ['Spiderpool', 'clean_gateway', ['true'], /"routes"/],
    ['Spiderpool', 'match_master_subnet', ['true'], /"pool"/],
    ['Spiderpool', 'ipam_unix_socket_path', ['"/x"'], /node configuration/],
    ['Spiderpool', 'log_file_max_size', ['100'], /"logFile"/],
    ['nv-ipam', 'poolName', ['"a"', '"a,b"'], /write "pool"/],
    ['nv-ipam', 'poolType', ['"cidrpool"'], /leave it out/],
    ['nv-ipam', 'forcePoolName', ['true'], /leave it out/],
    ['nv-ipam', 'kubeconfig', ['"/x"'], /node configuration/],
    ['nv-ipam', 'daemonSocket', ['"unix:///x"'], /node configuration/],
    ['nv-ipam', 'confDir', ['"/x"'], /node configuration/],
    ['nv-ipam', 'logLevel', ['"info"'], /"logFile"/],
  ])('and is one of %s, %s, is answered with what to write', (plugin, key, values, details) => {
    for (const value of values)
      for (const beside of [{}, { subnet }]) {
        const error = refused({ ...beside, [key]: JSON.parse(value) });
        expect(error).toMatchObject({ code: 7, msg: `lessor: ipam.${key} is not known` });
        expect(error.details).toMatch(details);
        expect(error.details).toContain(`(a key of ${plugin})`);
      }
  });

  test('is told with the others: a whole configuration of whereabouts is refused at once', () => {
    const whereabouts = {
      range: '192.0.2.0/24',
      range_start: '192.0.2.9',
      etcd_host: 'x',
      log_file: '/x',
      log_level: 'debug',
      kubernetes: {},
    };
    const { msg, details } = refused(whereabouts);
    const keys = Object.keys(whereabouts).map((key) => `ipam.${key}`);
    expect(msg).toBe(`lessor: ${keys.join(', ')} are not known`);
    expect(details).toContain('"etcd_host", "kubernetes": leave it out');
  });

  test('may be as long and as many as it likes', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`${n}${'x'.repeat(1000)}`, 1]));
    const { msg, details } = refused(many);
    expect(msg).toMatch(/, 492 more are not known$/);
    expect(msg.length + details.length).toBeLessThan(2000);
  });

  test('is whatever is none of the known ones, in whichever case', () => {
    const ofPools = [
      'subnet',
      'rangestart',
      'rangeend',
      'gateway',
      'ranges',
      'exclude',
      'pool',
      'pools',
      'vrf',
      'lessor',
    ];
    const others = ['routes', 'resolvconf', 'datadir', 'endpoint', 'region', 'config', 'release', 'status'];
    const known = [...ofPools, ...others, 'type', 'name', 'args', 'capabilities'];
    const key = fc
      .string({ minLength: 1 })
      .filter((text) => !text.includes('.') && !known.includes(text.toLowerCase()));
    fc.assert(
      fc.property(key, fc.jsonValue(), (name, value) => {
        const section = Object.fromEntries([['subnet', subnet] as const, [name, value] as const]);
        expect(refused(section)).toMatchObject({ code: 7 });
      }),
    );
  });
});

describe('a key that others may write anywhere', () => {
  test.each([
    ['type', 'other'],
    ['name', 'net'],
    ['args', { cni: {} }],
    ['capabilities', { ips: true }],
    ['cni.dev/valid-attachments', []],
    ['example.com/note', 'x'],
    ['io.kubernetes.cri.pod-annotations', {}],
  ])('%s is overlooked', (key, value) => {
    expect(parse({ subnet, [key]: value }).pool.ranges).toEqual([[{ subnet }]]);
  });
});

describe('a key without a value', () => {
  test.each([
    ['ranges', { ranges: null }],
    ['Subnet', { Subnet: null }],
    ['gateway', { gateway: null }],
    ['pool', { pool: null }],
    ['pool', { pool: '' }],
    ['pools', { pools: null }],
    ['exclude', { exclude: null }],
    ['lessor', { lessor: null }],
    ['lessor.pool', { lessor: { pool: null } }],
    ['lessor.pools', { lessor: { pools: null, vrf: 'red' } }],
  ])('%s is refused where the service would choose another pool than was meant: %j', (key, ipam) => {
    expect(refused(ipam)).toMatchObject({ code: 7, msg: `lessor: ipam.${key} is empty` });
  });

  test('is as good as absent where the configuration says which pool, as host-local reads it', () => {
    expect(parse({ subnet, ranges: null, gateway: null, pool: null }).pool.ranges).toEqual([[{ subnet }]]);
    expect(parse({ subnet: null, ranges: [[{ subnet }]] }).pool.ranges).toEqual([[{ subnet }]]);
    expect(parse({ pool: 'blue', ranges: null }).pool).toEqual({ vrf: 'default', name: 'blue' });
    const runtimeConfig = { ipRanges: [[{ subnet }]] };
    expect(parse({ ranges: null }, { runtimeConfig }).pool.ranges).toEqual([[{ subnet }]]);
    expect(parse({ vrf: null, routes: null }).pool).toEqual({ vrf: 'default', name: 'net', names: [] });
  });
});

describe('the object of our own', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ lessor: { pool: 'a' }, pool: 'a' }, 'ipam.lessor and ipam.pool are both given'],
    [{ lessor: { pool: 'a' }, pools: ['b'] }, 'ipam.lessor and ipam.pools are both given'],
    [{ lessor: { pool: 'a' }, vrf: 'red' }, 'ipam.lessor and ipam.vrf are both given'],
    [{ lessor: { pool: 'a', pools: ['b'] } }, 'ipam.lessor.pool and ipam.lessor.pools are both given'],
    [{ lessor: { pool: 'a' }, subnet }, 'ipam.lessor.pool and ipam.subnet are both given'],
    [{ lessor: { pool: 7 } }, 'ipam.lessor.pool 7 is no text'],
    [{ lessor: { pools: ['a', ''] } }, 'ipam.lessor.pools[1] is empty'],
    [{ lessor: 'blue' }, 'ipam.lessor "blue" is no object'],
  ])('as in %j is refused', (ipam, msg) => {
    expect(refused(ipam)).toMatchObject({ code: 7, msg: `lessor: ${msg}` });
  });
});

test('Keys that say how a network is treated are read', () => {
  expect(parse({ subnet, release: 'del', status: 'capacity' })).toMatchObject({ release: 'del', status: 'capacity' });
  expect(parse({ subnet })).not.toHaveProperty('release');
  expect(parse({ subnet })).not.toHaveProperty('status');
});

describe('DEL, GC and a STATUS that does not ask for capacity overlook', () => {
  /** Which ADD refuses for itself. */
  const bad: Record<string, Record<string, unknown>> = {
    'keys that are not known': { rnages: 1, range: subnet },
    'an invalid route': { subnet, routes: [{ dst: 'x' }] },
    'a range with host bits': { ranges: [[{ subnet: '10.1.0.7/16' }]] },
    'ranges that are no list': { ranges: 'all' },
    'ranges that are null': { ranges: null },
    'pool and pools': { pool: 'a', pools: ['b'] },
    'a resolvConf that is no path': { subnet, resolvConf: 7 },
    'a release that is not known': { subnet, release: 1 },
  };
  const access = { dataDir: '/run/x', endpoint: 'https://api.example.com', region: 'eu-west-1', config: '/etc/x.json' };
  const whole = (ipam: Record<string, unknown>) => ({
    cniVersion: '1.1.0',
    name: 'net',
    ipam: { type: 'lessor', ...access, ...ipam },
  });

  test.each(Object.entries(bad))('%s, and read what they need', (_, ipam) => {
    const input = { ...whole(ipam), args: 'x', runtimeConfig: { ips: ['x'], ipRanges: 'x' } };
    for (const verb of ['DEL', 'GC', 'STATUS'] as const)
      expect(parseNetworkConfiguration(verb, input)).toMatchObject({ name: 'net', cniVersion: '1.1.0', ...access });
  });

  test.each(Object.entries(bad))('%s, which ADD, CHECK and a STATUS of capacity refuse', (_, ipam) => {
    const configuration = whole(ipam);
    for (const verb of ['ADD', 'CHECK'] as const)
      expect(() => parseNetworkConfiguration(verb, configuration)).toThrow('ipam');
    const capacity = { ...configuration, ipam: { ...configuration.ipam, status: 'capacity' } };
    expect(() => parseNetworkConfiguration('STATUS', capacity)).toThrow('ipam');
  });

  test('more addresses than the version knows: nothing is handed out', () => {
    const two = { cniVersion: '0.2.0', name: 'net', ipam: { subnet, ranges: [[{ subnet: '10.2.0.0/16' }]] } };
    expect(parseNetworkConfiguration('DEL', two).cniVersion).toBe('0.2.0');
  });

  test.each<[string, Record<string, unknown>]>([
    ['no name', { name: undefined }],
    ['no ipam', { ipam: undefined }],
    ['a version to come', { cniVersion: '9.0.0' }],
    ['a dataDir that is not absolute', { ipam: { dataDir: 'x' } }],
    ['an endpoint that is no text', { ipam: { endpoint: 7 } }],
    ['a path of the node configuration that is none', { ipam: { config: 'a\0b' } }],
  ])('but not %s, without which they would look in a wrong place', (_, rest) => {
    for (const verb of ['DEL', 'GC', 'STATUS'] as const)
      expect(() => parseNetworkConfiguration(verb, { ...whole({ subnet }), ...rest })).toThrow();
  });
});
