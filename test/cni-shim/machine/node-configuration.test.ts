import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type NetworkConfiguration, parseNetworkConfiguration } from '../../../cni-shim/cni/network-configuration.ts';
import { nodeFiles } from '../../../cni-shim/machine/files.ts';
import { loadNodeConfiguration } from '../../../cni-shim/machine/node-configuration.ts';

const directory = mkdtempSync(join(tmpdir(), 'lessor-node-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const network = (ipam: Partial<NetworkConfiguration> = {}) =>
  parseNetworkConfiguration('ADD', {
    cniVersion: '1.0.0',
    name: 'net',
    ipam: { ranges: [[{ subnet: '10.1.0.0/16' }]], ...ipam },
  });
let files = 0;
const file = (content: unknown): string => {
  const path = join(directory, `node-${files++}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const load = (ipam: Partial<NetworkConfiguration>, env: Record<string, string> = {}) =>
  loadNodeConfiguration(network(ipam), { env, files: nodeFiles });

const gateway = 'https://abc123.execute-api.eu-central-1.amazonaws.com';

describe("a node's configuration", () => {
  test('is read from the file that the environment names', () => {
    const content = {
      endpoint: 'https://api.example.com/prod',
      region: 'eu-west-1',
      dataDir: '/data',
      credentials: { profile: 'p', file: '/f' },
      labels: { kind: 'gpu', 'example.com/rack': '' },
    };
    const { endpoint, ...rest } = load({}, { LESSOR_CONFIG: file(content) });
    expect(endpoint.href).toBe('https://api.example.com/prod');
    const { region, dataDir, credentials, labels } = content;
    expect(rest).toEqual({ region, dataDir, credentials, labels });
  });

  test('is read from the file that the network names, before that of the environment', () => {
    const config = file({ endpoint: gateway });
    expect(load({ config }, { LESSOR_CONFIG: file({ endpoint: 'https://other.example.com' }) }).endpoint.href).toBe(
      `${gateway}/`,
    );
  });

  test('gives way to endpoint and region of the network', () => {
    const config = file({ endpoint: 'https://other.example.com', region: 'us-east-1' });
    const { endpoint, region } = load({ config, endpoint: 'http://127.0.0.1:8470', region: 'local' });
    expect([endpoint.href, region]).toEqual(['http://127.0.0.1:8470/', 'local']);
  });

  test.each([
    [gateway, 'eu-central-1'],
    ['https://abc123-vpce-1.execute-api.us-gov-west-1.amazonaws.com/prod', 'us-gov-west-1'],
    ['https://vpce-1-abc.execute-api.eu-west-3.vpce.amazonaws.com', 'eu-west-3'],
    ['https://abc123.execute-api.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ])('takes the region from %s', (endpoint, region) => {
    expect(load({ endpoint }, { AWS_REGION: 'us-east-1' }).region).toBe(region);
  });

  test('takes the region of the environment where the host does not tell it', () => {
    expect(load({ endpoint: 'https://api.example.com' }, { AWS_DEFAULT_REGION: 'eu-north-1' }).region).toBe(
      'eu-north-1',
    );
    expect(() => load({ endpoint: 'https://api.example.com' })).toThrow(
      /no region .* host api\.example\.com.*node\.json/,
    );
  });

  test("keeps its state below host-local's directory where the network names one, out of host-local's way", () => {
    expect(load({ endpoint: gateway, dataDir: '/run/cni' }).dataDir).toBe('/run/cni/.lessor');
    expect(load({ endpoint: gateway }).dataDir).toBe('/var/lib/cni/lessor');
  });

  test.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /node-\d+\.json is not JSON/],
    ['a list', [], /node-\d+\.json \[\] is no object/],
    ['no endpoint', {}, /no endpoint is configured in ipam or in .*node-\d+\.json: write the URL/],
    ['an endpoint that is no URL', { endpoint: 'api' }, /endpoint "api" in .*node-\d+\.json is no http\(s\) URL/],
    ['another protocol', { endpoint: 'ftp://h' }, /endpoint "ftp:\/\/h"/],
    ['a relative dataDir', { endpoint: gateway, dataDir: 'state' }, /dataDir "state" in .* is not absolute: write it/],
    ['a query', { endpoint: 'https://h/?a=b' }, /more than host and path/],
    ['a misspelt key', { endpont: gateway }, /unknown endpont: the keys are endpoint, region/],
    ['a misspelt key below', { endpoint: gateway, credentials: { profil: 'x' } }, /credentials in .* unknown profil/],
    ['a number', { endpoint: 7 }, /endpoint in .*node-\d+\.json 7 is no text/],
    ['labels as a list', { endpoint: gateway, labels: ['gpu'] }, /labels in .*node-\d+\.json \["gpu"\] is no object/],
    ['a label that is a number', { endpoint: gateway, labels: { slots: 4 } }, /labels in .*: slots 4 is no text/],
    ['a label without a name', { endpoint: gateway, labels: { '': 'x' } }, /labels in .*: "" is empty or too long/],
    ['a long value', { endpoint: gateway, labels: { kind: 'x'.repeat(254) } }, /"kind" is empty or too long.* 253/],
    ['credentials as text', { endpoint: gateway, credentials: 'x' }, /credentials in .* "x" is no object/],
  ])('with %s is refused, naming file and field', (_, content, message) => {
    expect(() => load({ config: file(content) })).toThrow(message);
  });

  test.each(['ftp://u:SECRET@h', 'https://u:SECRET@h', 'u:SECRET@[h'])(
    'shows no password of the endpoint %s',
    (endpoint) => {
      expect(() => load({ config: file({ endpoint }) })).toThrow(/endpoint/);
      expect(() => load({ config: file({ endpoint }) })).not.toThrow(/SECRET/);
    },
  );

  test('that is named must exist', () => {
    expect(() => load({ config: '/nonexistent.json' })).toThrow(/\/nonexistent\.json does not exist: create it/);
  });
});
