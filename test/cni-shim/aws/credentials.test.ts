import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { credentialSupply } from '../../../cni-shim/aws/credentials.ts';
import { credentialsOfProcess } from '../../../cni-shim/aws/process.ts';
import { parseProfiles } from '../../../cni-shim/aws/shared-files.ts';
import { nodeFiles } from '../../../cni-shim/machine/files.ts';
import type { CredentialChoice } from '../../../cni-shim/machine/node-configuration.ts';
import { machine, type Surroundings } from '../../../cni-shim/machine/surroundings.ts';
import { CONTAINER_TOKEN, MetadataService } from './metadata-service.ts';

const theirs = { accessKeyId: 'AKID-METADATA', secretAccessKey: 'metadata-secret', sessionToken: 'metadata-token' };
let home: string;
let metadata: MetadataService;
let now: number;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'lessor-home-'));
  mkdirSync(join(home, '.aws'));
  metadata = await MetadataService.start(theirs);
  now = Date.now();
});
afterEach(async () => {
  rmSync(home, { recursive: true, force: true });
  await metadata.stop();
});

const write = (name: string, text: string): string => {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
};
/** However slow this machine is, it waits for the answer. */
const patient: typeof fetch = (url, init) => fetch(url, { ...init, signal: null });
/** A new process each time. */
const supply = (env: Record<string, string> = {}, choice?: CredentialChoice, port: Partial<Surroundings> = {}) =>
  credentialSupply(
    {
      ...machine({ HOME: home, AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url, ...env }),
      fetch: patient,
      ...port,
      now: () => now,
      random: () => 0,
    },
    { dataDir: join(home, 'data'), choice },
  );
const get = (env?: Record<string, string>, choice?: CredentialChoice) => supply(env, choice).get({ fresh: false });
const keys = { AWS_ACCESS_KEY_ID: 'AKID-ENV', AWS_SECRET_ACCESS_KEY: 'env-secret' };
const ini = (id: string) => `aws_access_key_id = ${id}\naws_secret_access_key = s/${id}+=\n`;
const idOf = async (env?: Record<string, string>, choice?: CredentialChoice) =>
  (await get(env, choice)).credentials.accessKeyId;

describe('credentials come from', () => {
  test('the environment first', async () => {
    write('.aws/credentials', `[default]\n${ini('AKID-FILE')}`);
    expect(await get({ ...keys, AWS_SESSION_TOKEN: 't' })).toEqual({
      credentials: { accessKeyId: 'AKID-ENV', secretAccessKey: 'env-secret', sessionToken: 't' },
      cached: false,
    });
    expect((await get(keys)).credentials).not.toHaveProperty('sessionToken');
  });

  test('then the shared credentials file, in the profile that the environment names', async () => {
    write('.aws/credentials', `[default]\n${ini('AKID-DEFAULT')}[other]\n${ini('AKID-OTHER')}aws_session_token=o\n`);
    expect(await idOf()).toBe('AKID-DEFAULT');
    expect((await get({ AWS_PROFILE: 'other' })).credentials).toEqual({
      accessKeyId: 'AKID-OTHER',
      secretAccessKey: 's/AKID-OTHER+=',
      sessionToken: 'o',
    });
    const elsewhere = write('elsewhere', `[default]\n${ini('AKID-ELSEWHERE')}`);
    expect(await idOf({ AWS_SHARED_CREDENTIALS_FILE: elsewhere })).toBe('AKID-ELSEWHERE');
  });

  test('a shared file that somebody else keeps fresh, as it is now', async () => {
    const file = write('kept-fresh', `[default]\n${ini('AKID-BEFORE')}`);
    const process = supply({}, { file });
    expect((await process.get({ fresh: false })).credentials.accessKeyId).toBe('AKID-BEFORE');
    write('kept-fresh', `[default]\n${ini('AKID-AFTER')}`);
    expect((await process.get({ fresh: false })).credentials.accessKeyId).toBe('AKID-AFTER');
  });

  test('and the config file, where a profile has another heading', async () => {
    write('.aws/config', `[profile other]\n${ini('AKID-CONFIG')}`);
    expect(await idOf({ AWS_PROFILE: 'other' })).toBe('AKID-CONFIG');
  });

  test('none of files in a home that this user may not look into, unless they are named', async () => {
    const files = {
      ...nodeFiles,
      read(path: string) {
        if (path.startsWith('/closed/'))
          throw Object.assign(new Error('closed'), { code: 'EACCES', syscall: 'open', path });
        return nodeFiles.read(path);
      },
    };
    const from = (env: Record<string, string>) => supply({ HOME: '/closed', ...env }, undefined, { files });
    const file = write('named', `[default]\n${ini('AKID-NAMED')}`);
    const { credentials } = await from({ AWS_SHARED_CREDENTIALS_FILE: file }).get({ fresh: false });
    expect(credentials.accessKeyId).toBe('AKID-NAMED');
    const named = from({ AWS_SHARED_CREDENTIALS_FILE: '/closed/credentials' });
    await expect(named.get({ fresh: false })).rejects.toMatchObject({ code: 'EACCES' });
  });

  test('then the container endpoint, with the token from its file', async () => {
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.url}/container`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: write('token', `${CONTAINER_TOKEN}\n`),
    };
    expect((await get(env)).credentials).toMatchObject(theirs);
    await expect(get({ ...env, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/nonexistent' })).resolves.toMatchObject({
      cached: true,
    });
  });

  test('and last the instance metadata service', async () => {
    expect((await get()).credentials).toMatchObject(theirs);
  });

  test('the profile or file of the node configuration before all of these', async () => {
    const file = write('mine', `[default]\n${ini('AKID-MINE')}[p]\n${ini('AKID-P')}`);
    expect(await idOf(keys, { file })).toBe('AKID-MINE');
    expect(await idOf(keys, { file, profile: 'p' })).toBe('AKID-P');
    await expect(get(keys, { file, profile: 'q' })).rejects.toMatchObject({
      code: 'node.credentials',
      message: expect.stringContaining(`profile q in ${file}`),
    });
  });
});

describe('a credential process', () => {
  const printing = (output: unknown) => {
    const file = write('output.json', JSON.stringify(output));
    const counter = join(home, 'ran');
    return {
      command: `echo ran >> '${counter}'; cat '${file}'`,
      ran: () => readFileSync(counter, 'utf8').split('\n').length - 1,
    };
  };
  const answer = { Version: 1, AccessKeyId: 'AKID-PROCESS', SecretAccessKey: 'process-secret', SessionToken: 'pt' };

  test('is run once while its credentials last', async () => {
    const { command, ran } = printing({ ...answer, Expiration: new Date(now + 3_600_000).toISOString() });
    write('.aws/config', `[default]\ncredential_process = ${command}\n`);
    expect((await get()).credentials).toMatchObject({ accessKeyId: 'AKID-PROCESS', sessionToken: 'pt' });
    expect(await get()).toMatchObject({ credentials: { accessKeyId: 'AKID-PROCESS' }, cached: true });
    expect(ran()).toBe(1);
  });

  test('is run every time where it names no end', async () => {
    const { command, ran } = printing(answer);
    write('.aws/config', `[default]\ncredential_process = ${command}\n`);
    await get();
    await get();
    expect(ran()).toBe(2);
  });

  test.each([
    [
      'fails',
      'echo a-secret; echo a-secret >&2; exit 3',
      /credential_process of profile default failed with 3: run its command by hand/,
    ],
    ['prints something else', 'echo a-secret', /did not print credentials/],
  ])('that %s is named without anything that it printed', async (_, command, message) => {
    write('.aws/config', `[default]\ncredential_process = ${command}\n`);
    const error = await get().catch((thrown: Error) => thrown as Error);
    expect(String(error)).toMatch(message);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('a-secret\\n');
    expect(String(error)).not.toContain('a-secret');
  });

  test('that takes too long ends, with everything that it started', async () => {
    const started = join(home, 'started');
    write('started', '');
    const startedPid = () => readFileSync(started, 'utf8').trim();
    // A machine that is too busy to start anything in that time has left nothing to look for.
    for (let milliseconds = 500; startedPid() === ''; milliseconds *= 2)
      await expect(
        credentialsOfProcess(`sleep 600 & echo $! > '${started}'; wait`, 'default', milliseconds),
      ).rejects.toThrow(
        `credential_process of profile default took longer than ${milliseconds / 1000} s: run its command by hand`,
      );
    const pid = startedPid();
    // One that has ended has no command line, though nobody may have reaped it yet.
    await vi.waitFor(() =>
      expect(existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toBeFalsy(),
    );
  });

  test('that never stops printing is stopped', async () => {
    await expect(credentialsOfProcess('yes', 'default', 60_000)).rejects.toThrow('did not print credentials');
  });
});

describe('what was fetched', () => {
  test('is kept for the next process, readable by the owner only, and used until five minutes before its end', async () => {
    await get();
    const path = join(home, 'data', 'credentials.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    now += metadata.lifeMs - 6 * 60_000;
    expect((await get()).cached).toBe(true);
    expect(metadata.given).toBe(1);
    now += 2 * 60_000;
    expect((await get()).cached).toBe(false);
    expect(metadata.given).toBe(2);
  });

  test('is passed over where fresh ones are wanted', async () => {
    await get();
    metadata.identity = { ...theirs, accessKeyId: 'AKID-NEW' };
    const { credentials, cached } = await supply().get({ fresh: true });
    expect([credentials.accessKeyId, cached]).toEqual(['AKID-NEW', false]);
    expect((await get()).credentials.accessKeyId).toBe('AKID-NEW');
  });

  test('from one source does not answer for another', async () => {
    await get();
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.url}/container`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: CONTAINER_TOKEN,
    };
    expect((await get(env)).cached).toBe(false);
    expect(await idOf(keys)).toBe('AKID-ENV');
  });

  test.each(['', '{', '[]', '{"source":"instance"}'])('is fetched again where the file holds %j', async (text) => {
    mkdirSync(join(home, 'data'));
    write('data/credentials.json', text);
    expect((await get()).credentials).toMatchObject(theirs);
  });
});

describe('an endpoint that gives no credentials', () => {
  test('is asked again where it is only busy', async () => {
    metadata.failures.push(503, 429);
    expect((await get()).credentials).toMatchObject(theirs);
  });

  test('is asked once more where it says nothing', async () => {
    const silentFor = async (times: number) => {
      metadata.asked = 0;
      metadata.failures.push(...Array.from({ length: times }, () => 'silence' as const));
      // The silence is real; only the answers after it are waited for however long they take.
      const impatient: typeof fetch = (url, init) => (metadata.failures.length > 0 ? fetch : patient)(url, init);
      return supply({}, undefined, { fetch: impatient }).get({ fresh: true });
    };
    expect((await silentFor(1)).credentials).toMatchObject(theirs);
    await expect(silentFor(2)).rejects.toThrow(
      `the instance metadata service ${metadata.url} does not answer within 1 s (2 tries): on EC2 give the instance a role`,
    );
    expect(metadata.asked).toBe(2);
  });

  test('is named with what to do', async () => {
    metadata.failures.push(404);
    await expect(get()).rejects.toThrow(
      `the instance metadata service ${metadata.url} answered 404: on EC2 give the instance a role`,
    );
    const closed = { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1' };
    await expect(get(closed)).rejects.toThrow(
      'the instance metadata service http://127.0.0.1:1 does not answer: nobody is there',
    );
  });

  test('is not asked where the environment turns it off', async () => {
    await expect(get({ AWS_EC2_METADATA_DISABLED: 'TRUE' })).rejects.toThrow('no AWS credentials were found');
    expect(metadata.given).toBe(0);
  });

  test('is not asked where the token would go over a network in the clear', async () => {
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://198.51.100.7/c',
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'secret',
    };
    await expect(get(env)).rejects.toThrow(
      /AWS_CONTAINER_CREDENTIALS_FULL_URI "http:\/\/198\.51\.100\.7\/c" may not be asked/,
    );
  });
});

describe('a profile', () => {
  test('that needs a role or a single sign-on is refused, not passed over', async () => {
    write('.aws/config', '[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = y\n');
    await expect(get()).rejects.toThrow('profile default needs role_arn, which the plugin does not follow');
  });

  test('is read with comments, odd spacing, nested settings and repeated sections', () => {
    const text =
      '# a\n; b\nlost = 1\n[ one ]\r\nA=1 # why\nb\t=\t2=3\n s3 =\n  c = 9\n[profile  two]\nd=4\n[one]\ne=5\n';
    expect(parseProfiles(text)).toEqual(
      new Map([
        [
          'one',
          new Map([
            ['a', '1'],
            ['b', '2=3'],
            ['e', '5'],
          ]),
        ],
        ['profile two', new Map([['d', '4']])],
      ]),
    );
  });

  test('in a file that may not be read is an error, not an absence', async () => {
    const path = write('.aws/credentials', `[default]\n${ini('AKID-FILE')}`);
    chmodSync(path, 0o600);
    rmSync(path);
    mkdirSync(path);
    await expect(get()).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
