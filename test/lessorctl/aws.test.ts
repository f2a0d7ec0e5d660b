/** What the AWS SDK is asked: credentials of profiles, and the output of a stack. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keysOfChain } from '../../lessorctl/api/credentials.ts';
import { targetOf } from '../../lessorctl/settings/target.ts';
import type { Shell } from '../../lessorctl/shell/shell.ts';

let directory: string;
let server: Server | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lessorctl-aws-'));
  vi.stubEnv('AWS_CONFIG_FILE', join(directory, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(directory, 'credentials'));
  for (const name of [
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'AWS_PROFILE',
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
  ])
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => {
  vi.unstubAllEnvs();
  server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

const writeConfig = (text: string) => writeFileSync(join(directory, 'config'), text);

/** An endpoint of AWS that answers so; resolves to its URL, and what it was asked. */
async function awsAt(xml: string, status = 200): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.on('end', () => {
      asked.push(body);
      response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
    });
  });
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe('credentials', () => {
  it('come from the process of a profile', async () => {
    const keys = JSON.stringify({
      Version: 1,
      AccessKeyId: 'AKIDPROCESS',
      SecretAccessKey: 'secret',
      SessionToken: 'token',
    });
    writeFileSync(join(directory, 'keys.json'), keys);
    writeConfig(`[profile ops]\ncredential_process = cat ${join(directory, 'keys.json')}\n`);
    expect(await keysOfChain('ops', 'eu-central-1')()).toMatchObject({
      accessKeyId: 'AKIDPROCESS',
      sessionToken: 'token',
    });
  });

  it('come from a role that a profile assumes, with the keys of another one', async () => {
    const { url, asked } =
      await awsAt(`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
      <Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
      <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`);
    vi.stubEnv('AWS_ENDPOINT_URL_STS', url);
    writeConfig(
      '[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = secret\n\n[profile ops]\nrole_arn = arn:aws:iam::111122223333:role/operator\nsource_profile = base\n',
    );
    expect(await keysOfChain('ops', 'eu-central-1')()).toMatchObject({ accessKeyId: 'AKIDROLE' });
    expect(asked[0]).toContain('Action=AssumeRole');
  });

  it('that are nowhere are missed in a sentence', async () => {
    await expect(keysOfChain(undefined, 'eu-central-1')()).rejects.toMatchObject({
      code: 'node.credentials',
      message: expect.stringMatching(/^there are no usable AWS credentials \(.*\): log in \(aws sso login\)/),
    });
  });
});

describe('a stack', () => {
  const output = (
    key: string,
    value: string,
  ) => `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>
    <StackName>Lessor</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime><Outputs><member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member></Outputs>
    </member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
  const meant = (env: Record<string, string> = {}) =>
    targetOf({ stack: 'Lessor', profile: 'ops' }, {
      env,
      home: '/home/operator',
      read: async () => undefined,
    } as unknown as Shell);

  beforeEach(() =>
    writeConfig('[profile ops]\nregion = eu-west-1\naws_access_key_id = AKID\naws_secret_access_key = secret\n'),
  );

  it('has the endpoint as its output, in the Region of the profile', async () => {
    const { url, asked } = await awsAt(output('ApiEndpoint', 'https://abc.execute-api.eu-west-1.amazonaws.com/'));
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDFORMATION', url);
    expect(await meant()).toMatchObject({
      endpoint: 'https://abc.execute-api.eu-west-1.amazonaws.com',
      region: 'eu-west-1',
    });
    expect(asked[0]).toContain('StackName=Lessor');
  });

  it('goes before the endpoint of the environment, since it was named', async () => {
    const { url } = await awsAt(output('ApiEndpoint', 'https://abc.execute-api.eu-west-1.amazonaws.com'));
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDFORMATION', url);
    expect(await meant({ LESSOR_ENDPOINT: 'https://other.example.com' })).toMatchObject({
      endpoint: expect.stringContaining('abc'),
    });
  });

  it('of something else is said to be one', async () => {
    const { url } = await awsAt(output('Other', 'x'));
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDFORMATION', url);
    await expect(meant()).rejects.toThrow(
      'stack Lessor in eu-west-1 has no output ApiEndpoint: is it the stack of Lessor?',
    );
  });

  it('that is not there is said so in a sentence', async () => {
    const { url } = await awsAt(
      '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id Lessor does not exist</Message></Error></ErrorResponse>',
      400,
    );
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDFORMATION', url);
    await expect(meant()).rejects.toThrow(
      'stack Lessor in eu-west-1 cannot be read (Stack with id Lessor does not exist): give --endpoint instead',
    );
  });
});
