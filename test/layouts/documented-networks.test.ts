/** docs/kubernetes.md: each configuration has its test, and what is said of keys is what the plugin says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseNetworkConfiguration } from '../../cni-shim/cni/network-configuration.ts';
import { cniError } from '../../cni-shim/cni/result.ts';
import { networksIn, PAGE } from './documented-networks.ts';

/** `name of ipam`, once for each place in a test that takes it out of the page. */
function taken(directories: readonly string[]): string[] {
  const files = directories.flatMap((directory) => readdirSync(directory).map((name) => join(directory, name)));
  const texts = files.filter((name) => name.endsWith('.e2e.test.ts')).map((name) => readFileSync(name, 'utf8'));
  const places = texts.flatMap((text) => [...text.matchAll(/documentedNetwork\('([^']+)'(?:, '([^']+)')?\)/g)]);
  return places.map(([, name, ipam = 'lessor']) => `${name} of ${ipam}`).sort();
}

/** What is wrong with the page. */
const untested = (page: string) => {
  const written = networksIn(page).map(({ name, ipam }) => `${name} of ${ipam}`);
  return { written: written.sort(), taken: taken(['test/layouts', 'test/e2e']) };
};

describe('A configuration of docs/kubernetes.md', () => {
  it('is run by exactly one test', () => {
    const { written, taken } = untested(PAGE);
    expect(written.length).toBeGreaterThan(9);
    expect(taken).toEqual(written);
  });

  it('that no test runs is found', () => {
    const more = `${PAGE}\n\`\`\`json\n{"cniVersion": "1.0.0", "name": "new", "type": "bridge", "ipam": {"type": "lessor"}}\n\`\`\`\n`;
    const { written, taken } = untested(more);
    expect(written.filter((one) => !taken.includes(one))).toEqual(['new of lessor']);
  });
});

/** whereabouts, pkg/types/types.go: IPAMConfig, of which Name, Type, Gateway, PodName and PodNamespace are no keys that people write. */
const WHEREABOUTS = [
  ...['routes', 'datastore', 'addresses', 'ipRanges', 'exclude', 'dns', 'range', 'range_start', 'range_end', 'gateway'],
  ...['etcd_host', 'etcd_username', 'etcd_password', 'etcd_key_file', 'etcd_cert_file', 'etcd_ca_cert_file'],
  ...['leader_lease_duration', 'leader_renew_deadline', 'leader_retry_period', 'log_file', 'log_level'],
  ...['reconciler_cron_expression', 'enable_overlapping_ranges', 'sleep_for_race', 'kubernetes', 'configuration_path'],
  ...['network_name', 'node_slice_size', 'fast_ipam'],
];

describe('The table of whereabouts’ keys', () => {
  const [, table = ''] = /^\| whereabouts \| [^\n]+\n\| --- \| --- \|\n((?:\|[^\n]+\n)+)/m.exec(PAGE) ?? [];
  const rows = table
    .trim()
    .split('\n')
    .map((line) => line.slice(2, -2).split(' | '));
  const answers = rows.flatMap(([keys = '', answer = '']) =>
    [...keys.matchAll(/`([^`]+)`/g)].map(([, key = '']) => [key, answer] as const),
  );
  const refusal = (key: string, value: unknown) => {
    const ipam = { type: 'lessor', subnet: '10.60.0.0/22', [key]: value };
    try {
      parseNetworkConfiguration('ADD', { cniVersion: '1.0.0', name: 'storage', ipam });
    } catch (error) {
      return cniError(error, '1.0.0');
    }
    return undefined;
  };

  it('has each of them', () => {
    expect(answers.map(([key]) => key).sort()).toEqual([...WHEREABOUTS].sort());
  });

  it.each(answers)('says what is answered to %s', (key, answer) => {
    if (answer.startsWith('nothing')) {
      const written = { exclude: ['10.60.1.0/28'], gateway: '10.60.0.1', routes: [{ dst: '10.61.0.0/16' }] };
      expect(refusal(key, written[key as keyof typeof written])).toBeUndefined();
    } else
      expect(refusal(key, 'x')).toMatchObject({
        code: 7,
        msg: `lessor: ipam.${key} is not known`,
        details: expect.stringContaining(`"${key}": ${answer} (a key of `),
      });
  });

  it('is right about a prefix that is to be excluded', () => {
    expect(refusal('exclude', ['10.60.1.5/28'])).toMatchObject({ code: 7 });
  });
});

/** Cilium, pkg/ipam/types/types.go: IPAMSpec, which its plugin reads out of the `ipam` section. Go's JSON takes keys in any case. */
const CILIUM = [
  ...['pool', 'pools', 'podcidrs', 'min-allocate', 'max-allocate', 'pre-allocate', 'max-above-watermark'],
  ...['pod-cidr-allocation-threshold', 'pod-cidr-release-threshold', 'static-ip-tags', 'ipv6-pool'],
];

it('Cilium reads no key of the sections that are written for it as its own', () => {
  const ofCilium = networksIn(PAGE).filter(({ list }) => list.plugins.some(({ type }) => type === 'cilium-cni'));
  expect(ofCilium).toHaveLength(2);
  for (const { list } of ofCilium)
    for (const { ipam } of list.plugins)
      expect(Object.keys(ipam as object).filter((key) => CILIUM.includes(key.toLowerCase()))).toEqual([]);
});
