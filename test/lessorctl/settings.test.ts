/** Which service is meant, and in which order it is looked for. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type TargetOptions, targetOf } from '../../lessorctl/settings/target.ts';
import type { Shell } from '../../lessorctl/shell/shell.ts';

const FILE = '/home/operator/.config/lessor/lessorctl.yaml';
const API = 'https://abc123.execute-api.eu-central-1.amazonaws.com';

interface Given {
  readonly env?: Record<string, string>;
  readonly file?: string;
  readonly path?: string;
}

const meant = (options: TargetOptions, { env = {}, file, path = FILE }: Given = {}) => {
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere');
  const read = async (asked: string) => (asked === path ? file : undefined);
  return targetOf(options, { env, home: '/home/operator', read } as unknown as Shell);
};
afterEach(() => vi.unstubAllEnvs());

describe('the service', () => {
  it('is named by the option, else the environment, else the file', async () => {
    const file = 'endpoint: https://file.execute-api.eu-west-1.amazonaws.com\nvrf: filed\nprofile: filed';
    const env = {
      LESSOR_ENDPOINT: 'https://env.execute-api.eu-north-1.amazonaws.com',
      LESSOR_VRF: 'env',
      AWS_PROFILE: 'env',
    };
    expect(await meant({ endpoint: `${API}/prod/`, vrf: 'red', profile: 'mine' }, { env, file })).toEqual({
      endpoint: `${API}/prod`,
      region: 'eu-central-1',
      vrf: 'red',
      profile: 'mine',
      cluster: undefined,
      stack: undefined,
    });
    expect(await meant({}, { env, file })).toMatchObject({ region: 'eu-north-1', vrf: 'env', profile: 'env' });
    expect(await meant({}, { file })).toMatchObject({ region: 'eu-west-1', vrf: 'filed', profile: 'filed' });
    expect(await meant({ endpoint: API })).toMatchObject({ vrf: 'default', profile: undefined });
  });

  it('has the Region of its name, unless another one is asked for', async () => {
    expect(await meant({ endpoint: API }, { env: { AWS_REGION: 'us-east-1' } })).toMatchObject({
      region: 'eu-central-1',
    });
    expect(await meant({ endpoint: API, region: 'eu-west-3' })).toMatchObject({ region: 'eu-west-3' });
    const endpoint = 'https://ipam.example.com';
    expect(await meant({ endpoint }, { env: { AWS_REGION: 'us-east-1' } })).toMatchObject({ region: 'us-east-1' });
    expect(await meant({ endpoint }, { file: 'region: us-west-2', env: { AWS_REGION: 'us-east-1' } })).toMatchObject({
      region: 'us-west-2',
    });
    await expect(meant({ endpoint })).rejects.toThrow('the AWS Region of ipam.example.com is not known: give --region');
  });

  it('is that of a context, which has the rest from the file', async () => {
    const file = `endpoint: ${API}\nprofile: all\ncontexts:\n  prod: {endpoint: "https://prod.execute-api.eu-west-1.amazonaws.com", cluster: production}`;
    expect(await meant({ context: 'prod' }, { file })).toMatchObject({
      region: 'eu-west-1',
      profile: 'all',
      cluster: 'production',
    });
    expect(await meant({ context: 'lab' }, { file })).toMatchObject({ region: 'eu-central-1', cluster: undefined });
  });

  it('is read from the file that the environment names', async () => {
    const other = { env: { LESSORCTL_CONFIG: '/etc/ctl.yaml' }, path: '/etc/ctl.yaml' };
    expect(await meant({}, { ...other, file: `endpoint: ${API}` })).toMatchObject({ endpoint: API });
    await expect(meant({}, other)).rejects.toThrow('LESSORCTL_CONFIG /etc/ctl.yaml is not there');
    const xdg = { env: { XDG_CONFIG_HOME: '/x' }, path: '/x/lessor/lessorctl.yaml' };
    expect(await meant({}, { ...xdg, file: `endpoint: ${API}` })).toMatchObject({ endpoint: API });
  });

  it.each([
    ['http://example.com', 'is not https: only a loopback address may be http'],
    ['http://127.0.0.1.example.com', 'is not https'],
    ['ftp://example.com', 'is no URL of an API'],
    ['example.com', 'is no URL of an API'],
    ['https://user:secret@example.com', /^--endpoint has a user or a password in it: write it like/],
    ['https://example.com/?a=b', 'has more than scheme, host and path'],
  ])('is not asked at %s', async (endpoint, text) => {
    await expect(meant({ endpoint, region: 'eu-central-1' })).rejects.toThrow(text);
  });

  it.each(['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080'])(
    'is asked at %s',
    async (endpoint) => {
      expect(await meant({ endpoint, region: 'eu-central-1' })).toMatchObject({ endpoint });
    },
  );

  it.each([
    ['endpoint: [', 'is no YAML'],
    ['endpoint: 7', `${FILE}.endpoint: must be string`],
    ['endpont: x', `${FILE}: has no field endpont`],
    ['contexts: {prod: {url: x}}', `${FILE}.contexts.prod: has no field url`],
  ])('is not guessed from a file that is wrong: %s', async (file, text) => {
    await expect(meant({}, { file })).rejects.toThrow(text);
  });

  it('is said to be missing, with every way to name it', async () => {
    await expect(meant({})).rejects.toThrow(
      `it is not said which service is meant: give --endpoint or --stack, set LESSOR_ENDPOINT, or write "endpoint: https://…" into ${FILE}`,
    );
  });
});
