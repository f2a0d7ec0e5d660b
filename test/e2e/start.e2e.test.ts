/** `npm start` as a stranger uses it: it does the main job, says what is wrong in one line, and leaves nothing behind. */
import { cpSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { onPath, prerequisites } from '../../local/nodes/node-network.ts';
import { inLong, isLong } from '../support/long.ts';
import { type Ended, interrupt, killAlone, nothing, openPlace, type Place, root } from './npm-start.ts';

const podsAreReal = prerequisites().missing.length === 0;
const isRoot = process.getuid?.() === 0;
let place: Place;

beforeAll(() => buildPlugin());
beforeEach(() => {
  place = openPlace();
});
afterEach(() => place.remove());

/** All that the demonstration shows, whoever ran it and wherever. */
function showsAll({ status, stdout, stderr }: Ended, { withPods = podsAreReal } = {}): void {
  expect(stderr).not.toMatch(/✗/);
  const text = stdout.replaceAll(/\s+/g, ' ');
  expect(text).toContain('pool of 241 addresses: 3 leased, 0 in cooldown, 238 free');
  expect(text).toContain('pool of 241 addresses: 1 leased, 2 in cooldown, 238 free');
  if (withPods) expect(stdout.match(/ answers$/gm)).toHaveLength(6);
  else expect(text).toContain('Pods are left out, the plugin runs alone: network namespaces need');
  expect(text).toMatch(/who had 10\.244\.1\.\d+ \(GET .*db-1 node-b [\d:]+ UTC [\d:]+ UTC EC2: node terminated/);
  expect(text).toMatch(/In one sentence: .* is over\. ?$/);
  expect(status).toBe(0);
}

describe('the demonstration', () => {
  it('works twice at once, in 50 columns too, and leaves nothing', async () => {
    const wide = place.npmStart(['--once'], { environment: { COLUMNS: '' } });
    const narrow = place.npmStart(['--once'], { environment: { COLUMNS: '50' } });
    for (const [started, columns] of [
      [wide, 80],
      [narrow, 50],
    ] as const) {
      const ended = await started.ended;
      showsAll(ended);
      expect(ended.stdout.split('\n').filter((line) => line.length > columns)).toEqual([]);
      expect(ended.stdout).not.toMatch(/incarnation|recounted|cools/);
      expect(ended.stdout).not.toContain('\x1b');
      // A time of day has its zone.
      expect(ended.stdout.match(/\d\d:\d\d:\d\d(?! UTC)/g)).toBeNull();
    }
    await place.isLeft(nothing);
  });

  it('is told as JSON, one step a line; ip and iptables are found where the PATH leaves sbin out', async () => {
    const PATH = [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':');
    const { status, stdout } = await place.npmStart(['--once', '--json', '--port', '0'], { environment: { PATH } })
      .ended;
    const steps = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(steps.map(({ step }) => step).filter((step) => step !== 'ping')).toEqual([
      'start',
      'add',
      'add',
      'add',
      'leases',
      'del',
      'leases',
      'terminated',
      'evidence',
      'leases',
      'history',
      'end',
    ]);
    expect(steps.filter(({ step }) => step === 'add').every(({ result }) => 'ips' in (result as object))).toBe(true);
    expect(steps.find(({ step }) => step === 'evidence')).toMatchObject({
      death: { declaredBy: 'ec2/event+DescribeInstances', freed: 1 },
    });
    expect(steps.find(({ step }) => step === 'history')).toMatchObject({
      leases: [{ pod: { namespace: 'demo', name: 'db-1' }, to: expect.any(String) }],
    });
    expect(steps.filter(({ answers }) => answers === true)).toHaveLength(podsAreReal ? 6 : 0);
    expect(status).toBe(0);
  });

  it.runIf(isRoot).each(isLong ? [undefined, '/root'] : ['/root'])(
    'works for an ordinary user whose HOME is %s',
    async (HOME) => {
      const nobody = { uid: 65534, gid: 65534 };
      showsAll(await place.npmStart(['--once', '--port', '0'], { ...nobody, environment: { HOME } }).ended, {
        withPods: false,
      });
      await place.isLeft(nothing);
    },
  );
});

describe('npm start', () => {
  it('stays up until it is interrupted, to be tried by hand, and then ends all that it started', async () => {
    const started = place.npmStart(['--port', '0']);
    const [, directory = ''] = await started.appears(/^ +cd (\S+)$/m);
    const [, page = ''] = await started.appears(/^ +(http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32})$/m);
    expect((await fetch(page)).status).toBe(200);
    const [, lines = ''] = await started.appears(
      /docs\/operators\.md\n([\s\S]*?)\n.*by curl[\s\S]*sh api \/v1\/deaths/,
    );
    const typed = lines.split('\n').map((line) => place.run('sh', ['-c', `cd ${directory} && ${line}`]).ended);
    for (const ended of typed) expect(await ended).toMatchObject({ status: 0, stderr: '' });
    expect(typed.length).toBeGreaterThan(3);
    const cni = (verb: string) => place.run('sh', [join(directory, 'cni'), verb, 'mine']).ended;
    expect(await cni('ADD')).toMatchObject({ status: 0, stdout: expect.stringContaining('"address":"10.244.1.') });
    if (onPath('curl')) {
      const { stdout } = await place.run('sh', [join(directory, 'api'), '/v1/pools/my-bridge-network/leases']).ended;
      expect(JSON.parse(stdout).leases).toContainEqual(
        expect.objectContaining({ state: 'held', attachment: expect.objectContaining({ containerId: 'mine' }) }),
      );
    }
    expect((await cni('DEL')).status).toBe(0);
    interrupt(started, 'SIGINT');
    expect(await started.ended).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/✓ ending what was started/),
    });
    await place.isLeft(nothing);
  }, 180_000);

  const moments = [
    ['preparing two nodes', 'SIGINT'],
    ['DynamoDB Local', 'SIGTERM'],
    ['Three pods start', 'SIGHUP'],
  ] as const;
  it.each(moments.slice(0, inLong(moments.length, 1)))(
    'ends cleanly when it is interrupted at "%s" (%s)',
    async (moment, signal) => {
      const started = place.npmStart(['--port', '0']);
      await started.appears(new RegExp(moment));
      interrupt(started, signal);
      expect((await started.ended).status).not.toBe(0);
      await place.isLeft(nothing);
    },
  );

  it.each(isLong ? ['', ' 2>&1'] : [' 2>&1'])(
    'ends cleanly when nobody reads its output any more (%s| head -1)',
    async (both) => {
      const piped = `set -o pipefail; npm start --silent -- --port 0${both} | head -1`;
      const { status, stdout, stderr } = await place.run('bash', ['-c', piped]).ended;
      expect([status, stdout.trim().split('\n')]).toEqual([0, [expect.stringMatching(/./)]]);
      expect(stderr).not.toMatch(/EPIPE|✗| {4}at /);
      await place.isLeft(nothing);
    },
  );

  // A minute and more: `npm run test:long`.
  it.runIf(isLong)('removes what a killed one left, and leaves alone what another one uses', async () => {
    const other = place.npmStart(['--port', '0']);
    await other.appears(/sh api/);
    const others = place.leftBehind();
    const killed = place.npmStart(['--port', '0']);
    await killed.appears(/sh api/);
    killAlone(killed);
    await killed.ended;
    expect(place.leftBehind().files.length).toBeGreaterThan(others.files.length);
    showsAll(await place.npmStart(['--once', '--port', '0']).ended);
    await place.isLeft(others);
    const [, endpoint = ''] = await other.appears(/(http:\/\/127\.0\.0\.1:\d+)/);
    expect((await fetch(`${endpoint}/v1/pools`)).status).toBe(403);
    interrupt(other, 'SIGTERM');
    await other.ended;
    await place.isLeft(nothing);
  });
});

describe('npm start says in one line', () => {
  const oneLine = ({ stderr }: Ended): string => {
    const [line = '', ...others] = stderr.split('\n').filter((one) => !/^[…✓]|^$/.test(one));
    expect(others).toEqual([]);
    return line;
  };

  it('that the port is taken, and the remedy', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as AddressInfo;
    const ended = await place.npmStart(['--once', '--port', String(port)]).ended;
    server.close();
    expect(oneLine(ended)).toMatch(new RegExp(`^✗ .*${port}.*--port`));
    expect(ended.status).toBe(30);
  });

  it('how to get Java where there is none', async () => {
    const environment = { PATH: place.temporary, JAVA_HOME: '' };
    const ended = await place.run(process.execPath, ['local/entry.mjs', '--once', '--port', '0'], { environment })
      .ended;
    expect(oneLine(ended)).toMatch(/^✗ .*Java.*17/);
    expect(ended.status).toBe(30);
  });

  it('that npm ci comes first', async () => {
    const clone = join(place.temporary, 'clone', 'local');
    mkdirSync(clone, { recursive: true });
    cpSync(join(root, 'local', 'entry.mjs'), join(clone, 'entry.mjs'));
    const ended = await place.run(process.execPath, [join(clone, 'entry.mjs'), '--once']).ended;
    expect(oneLine(ended)).toBe('✗ The packages are not installed (tsx is missing): run npm ci, then npm start');
    expect(ended.status).toBe(30);
  });

  it('which Node it needs', async () => {
    const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } })`;
    const words = ['--import', `data:text/javascript,${encodeURIComponent(older)}`, 'local/entry.mjs'];
    const ended = await place.run(process.execPath, words).ended;
    expect(oneLine(ended)).toMatch(/^✗ Lessor needs Node 20 or newer, and this is Node 18\.20\.4 \(/);
    expect(ended.status).toBe(30);
  });

  it('which option is wrong', async () => {
    const ended = await place.npmStart(['--frobnicate']).ended;
    expect(oneLine(ended)).toBe("✗ Unknown option '--frobnicate': npm start -- --help lists the options");
    expect(ended.status).toBe(21);
  });
});

it.each(['-h', '--help'])('npm start -- %s lists the options and the exit codes', async (word) => {
  const { status, stdout } = await place.npmStart([word]).ended;
  expect(stdout).toMatch(/--once[\s\S]*Exit codes:/);
  expect(status).toBe(0);
});
