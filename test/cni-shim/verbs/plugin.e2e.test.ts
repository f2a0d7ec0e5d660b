/** The compiled executable as a process: many at once, killed, in a hostile place, with secrets to keep. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildPlugin, COMPILE_FLAGS, findBun } from '../../../cni-shim/build/build.ts';
import { MetadataService } from '../aws/metadata-service.ts';
import type { FakeApi } from '../fake-api.ts';
import { withFreshNode } from '../fresh-node.ts';
import { configuration, NETWORK, type Node } from '../in-process.ts';
import { call, start } from '../plugin-process.ts';

let executable: string;
let api: FakeApi;
let node: Node;

beforeAll(async () => {
  executable = (await buildPlugin()).path;
});
withFreshNode((fresh) => {
  ({ api, node } = fresh);
});

interface How {
  readonly env?: Record<string, string | undefined>;
  readonly stdin?: string;
  readonly cwd?: string;
}
const plugin = (verb: string, containerId: string, { env, stdin = configuration(), cwd }: How = {}) => ({
  executable,
  env: { ...node.env, CNI_COMMAND: verb, CNI_CONTAINERID: containerId, ...env },
  stdin,
  ...(cwd === undefined ? {} : { cwd }),
});
const run = (verb: string, containerId: string, how?: How) => call(plugin(verb, containerId, how));
const ids = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`);

describe('the executable', () => {
  test('adds and deletes, with one request each', async () => {
    const added = await run('ADD', 'c1');
    expect(added).toMatchObject({ exitCode: 0, stderr: '' });
    expect(added.printed.ips[0].address).toBe('10.244.1.10/16');
    expect(await run('DEL', 'c1')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(api.received.map(({ path }) => path)).toEqual(['/v1/leases', '/v1/releases']);
    expect(api.leases(NETWORK).size).toBe(0);
  });

  test('is built once, and again where somebody replaced it', async () => {
    expect(await buildPlugin()).toMatchObject({ path: executable, built: false });
    const out = join(node.directory, 'lessor');
    expect(await buildPlugin({ out })).toMatchObject({ path: out, built: true });
    writeFileSync(out, 'something else');
    expect(await buildPlugin({ out })).toMatchObject({ built: true, bytes: statSync(executable).size });
  });

  test.each([
    ['{"cniVersion":"0.4.0"}', '0.4.0'],
    ['{"cniVersion":"1.1.0"}', '1.1.0'],
    ['{"cniVersion":"0.1.0"}', '0.1.0'],
    ['{}', '1.1.0'],
    ['', '1.1.0'],
  ])('says for VERSION with %j which versions it speaks', async (stdin, cniVersion) => {
    const { exitCode, printed } = await call({ executable, env: { CNI_COMMAND: 'VERSION' }, stdin });
    expect(exitCode).toBe(0);
    expect(printed).toEqual({
      cniVersion,
      supportedVersions: ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
    });
  });

  test('prints a CNI error object and exits 1 where it is called wrongly', async () => {
    const called = await run('LIST', 'c1');
    expect(called).toMatchObject({ exitCode: 1, stderr: '' });
    expect(called.printed).toMatchObject({ code: 4, msg: expect.stringContaining('CNI_COMMAND "LIST"') });
    expect((await call({ executable, env: {}, stdin: '' })).printed).toMatchObject({ code: 4 });
  });
});

describe('many processes at once', () => {
  test('for 64 containers propose 64 slots and get 64 addresses with one request each', async () => {
    await run('ADD', 'warm');
    const added = await Promise.all(ids(64).map((id) => run('ADD', id)));
    expect(added.map(({ exitCode, stdout }) => (exitCode === 0 ? 'added' : stdout))).toEqual(Array(64).fill('added'));
    expect(new Set(added.map(({ printed }) => printed.ips[0].address)).size).toBe(64);
    const requests = api.allocations().slice(1);
    expect(requests).toHaveLength(64);
    expect(new Set(requests.map(({ proposal }) => `${proposal?.block}.${proposal?.slot}`)).size).toBe(64);
    const deleted = await Promise.all(ids(64).map((id) => run('DEL', id)));
    expect(deleted.map(({ exitCode }) => exitCode)).toEqual(Array(64).fill(0));
    expect(api.leases(NETWORK).size).toBe(1);
    expect(node.slots()).toHaveLength(1);
  });

  test('for 64 containers on a fresh node get 64 addresses as well', async () => {
    const added = await Promise.all(ids(64).map((id) => run('ADD', id)));
    expect(new Set(added.map(({ printed }) => printed.ips?.[0].address)).size).toBe(64);
    expect(node.slots()).toHaveLength(64);
  });

  test('8 for the same container share one nonce, one slot, one lease', async () => {
    await run('ADD', 'warm');
    const added = await Promise.all(Array.from({ length: 8 }, () => run('ADD', 'c1')));
    expect(added.map(({ exitCode }) => exitCode)).toEqual(Array(8).fill(0));
    expect(new Set(added.map(({ printed }) => printed.ips[0].address)).size).toBe(1);
    const requests = api.allocations().slice(1);
    expect(new Set(requests.map(({ nonce, proposal }) => `${nonce} ${proposal?.slot}`)).size).toBe(1);
    expect(api.leases(NETWORK).size).toBe(2);
    expect(node.slots()).toHaveLength(2);
  });
});

describe('a process that is killed', () => {
  test('between request and answer leaves what DEL needs to release the right lease', async () => {
    await run('ADD', 'warm');
    api.fate = () => 'lose-and-hang';
    const { process: child, ended } = start(plugin('ADD', 'victim'));
    await api.carriedOut(2);
    child.kill('SIGKILL');
    expect((await ended).exitCode).toBeNull();
    expect(api.leases(NETWORK).size).toBe(2);
    api.fate = () => 'answer';
    expect((await run('DEL', 'victim')).exitCode).toBe(0);
    const [, asked] = api.allocations();
    expect(api.releases()).toEqual([
      { attachment: asked?.attachment, nonce: asked?.nonce, slot: asked?.proposal, acknowledged: false },
    ]);
    expect(api.leases(NETWORK).size).toBe(1);
    expect([node.slots(), node.attachments()]).toEqual([['0000000000000001.0.0'], ['warm@eth0']]);
  });

  test('at any moment of its life loses and doubles nothing', async () => {
    await run('ADD', 'warm');
    const started = process.hrtime.bigint();
    await run('ADD', 'measured');
    const life = Number(process.hrtime.bigint() - started) / 1e6;
    for (let step = 0; step < 40; step++) {
      const { process: child, ended } = start(plugin('ADD', 'victim'));
      const timer = setTimeout(() => child.kill('SIGKILL'), (life * step) / 30);
      await ended;
      clearTimeout(timer);
      const repeated = await run('ADD', 'victim');
      expect(repeated.exitCode, repeated.stdout).toBe(0);
      const owners = [...api.leases(NETWORK).values()].map(({ owner }) => owner);
      expect(owners.filter((owner) => owner === 'victim@eth0')).toHaveLength(1);
      expect((await run('DEL', 'victim')).exitCode).toBe(0);
    }
    expect([...api.leases(NETWORK).values()].map(({ owner }) => owner).sort()).toEqual(['measured@eth0', 'warm@eth0']);
    expect(node.attachments()).toEqual(['measured@eth0', 'warm@eth0']);
  });
});

/** A working directory that runs code in, and changes the environment of, whoever reads the usual files there. */
function hostileDirectory(): { cwd: string; ran: string } {
  const cwd = mkdtempSync(join(tmpdir(), 'lessor-hostile-'));
  const ran = join(cwd, 'ran');
  const hostile = `require('node:fs').writeFileSync(${JSON.stringify(ran)}, 'yes');`;
  writeFileSync(join(cwd, 'preload.js'), hostile);
  writeFileSync(join(cwd, 'preload.ts'), hostile);
  writeFileSync(
    join(cwd, 'bunfig.toml'),
    'preload = ["./preload.ts", "./preload.js"]\n[run]\npreload = ["./preload.ts"]\n',
  );
  writeFileSync(join(cwd, 'package.json'), '{"name":"x","type":"module","main":"./preload.js"}');
  writeFileSync(join(cwd, 'tsconfig.json'), '{"compilerOptions":{"paths":{"*":["./preload.ts"]}}}');
  for (const name of ['.env', '.env.local', '.env.production'])
    writeFileSync(
      join(cwd, name),
      `LESSOR_CONFIG=/nonexistent/node.json\nAWS_ACCESS_KEY_ID=stranger\nCNI_COMMAND=CHECK\n`,
    );
  return { cwd, ran };
}

describe('a hostile working directory', () => {
  test('changes nothing: neither bunfig.toml nor .env nor a package there is looked at', async () => {
    const { cwd, ran } = hostileDirectory();
    try {
      const { LESSOR_CONFIG, ...withoutConfig } = node.env;
      const named = configuration({ config: LESSOR_CONFIG });
      const { AWS_ACCESS_KEY_ID, ...withoutKey } = withoutConfig;
      const added = await call({
        executable,
        env: { ...withoutConfig, CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1' },
        stdin: named,
        cwd,
      });
      expect(added).toMatchObject({ exitCode: 0, stderr: '' });
      // With part of the environment missing, a loaded .env would fill the gap.
      const refused = await call({
        executable,
        env: { ...withoutKey, CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c2', HOME: cwd, AWS_EC2_METADATA_DISABLED: 'true' },
        stdin: named,
        cwd,
      });
      expect(refused.printed).toMatchObject({
        code: 103,
        msg: expect.stringContaining('no AWS credentials were found'),
      });
      expect(existsSync(ran)).toBe(false);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});

describe('the same directory', () => {
  test('does run code in an executable that is compiled without our flags', async () => {
    const { cwd, ran } = hostileDirectory();
    try {
      writeFileSync(join(cwd, 'plain.cjs'), 'process.exit(0);');
      const flags = COMPILE_FLAGS.filter((flag) => !flag.includes('autoload'));
      const stdio = 'ignore';
      execFileSync(findBun().path, ['build', 'plain.cjs', ...flags, '--outfile=plain'], { cwd: cwd, env: {}, stdio });
      rmSync(ran, { force: true });
      await call({ executable: join(cwd, 'plain'), env: {}, stdin: '', cwd });
      expect(existsSync(ran)).toBe(true);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});

describe('credentials', () => {
  const secrets = () => [api.identity.secretAccessKey, api.identity.sessionToken ?? '', 'Signature='];
  /** Every file below the node's directory with its text and mode. */
  const everyFile = () =>
    readdirSync(node.directory, { recursive: true, withFileTypes: true })
      .filter((found) => found.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => ({ path, mode: statSync(path).mode & 0o777, text: readFileSync(path, 'utf8') }));

  test('of an instance are asked for once, kept in one file of 0600, and seen nowhere else', async () => {
    const metadata = await MetadataService.start(api.identity);
    try {
      const env = {
        AWS_ACCESS_KEY_ID: undefined,
        AWS_SECRET_ACCESS_KEY: undefined,
        AWS_SESSION_TOKEN: undefined,
        HOME: node.directory,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
      };
      const outputs = [
        await run('ADD', 'c1', { env }),
        await run('ADD', 'c2', { env }),
        await run('DEL', 'c1', { env }),
      ];
      expect(outputs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
      expect(metadata.given).toBe(1);
      api.fate = () => ({
        status: 403,
        body: `{"message":"The Canonical String ... x-amz-security-token:${api.identity.sessionToken}"}`,
      });
      outputs.push(await run('ADD', 'c3', { env }));
      api.fate = () => ({ status: 400, body: api.identity.secretAccessKey });
      outputs.push(await run('DEL', 'c2', { env }));
      expect(outputs.slice(3).map(({ printed }) => printed.code)).toEqual([103, 7]);
      for (const secret of secrets()) {
        for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain(secret);
      }
      const holding = everyFile().filter(({ text }) => secrets().some((secret) => text.includes(secret)));
      expect(holding.map(({ path, mode }) => ({ path, mode }))).toEqual([
        { path: join(node.dataDir, 'credentials.json'), mode: 0o600 },
      ]);
    } finally {
      await metadata.stop();
    }
  });

  test('and everything else that the plugin keeps is for its user only', async () => {
    await run('ADD', 'c1');
    const { mode: directoryMode } = statSync(dirname(node.journalPath));
    expect(directoryMode & 0o777).toBe(0o700);
    const kept = everyFile().filter(({ path }) => path.startsWith(node.dataDir));
    expect(kept.map(({ path }) => basename(path))).toEqual(expect.arrayContaining(['lessor.log', 'node.db']));
    expect(kept.filter(({ mode }) => mode !== 0o600)).toEqual([]);
  });
});

describe('a directory that cannot be written', () => {
  test('is named in the error, and nothing was asked of the service', async () => {
    mkdirSync(node.dataDir);
    writeFileSync(dirname(node.journalPath), 'a file in the way');
    chmodSync(node.dataDir, 0o700);
    const { exitCode, printed } = await run('ADD', 'c1');
    expect(exitCode).toBe(1);
    expect(printed).toMatchObject({ code: 5, msg: expect.stringContaining(dirname(node.journalPath)) });
    expect(api.received).toEqual([]);
  });
});
