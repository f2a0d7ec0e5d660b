/** The commands of the compiled executable, as processes, against an API that answers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPlugin } from '../../../cni-shim/build/build.ts';
import { FakeApi } from '../fake-api.ts';
import { configuration, NETWORK, Node } from '../in-process.ts';
import { call } from '../plugin-process.ts';

let executable: string;
let api: FakeApi;
let node: Node;
let namespaces: string;
const agents: ChildProcess[] = [];

beforeAll(async () => {
  executable = (await buildPlugin()).path;
});
beforeEach(async () => {
  api = await FakeApi.start();
  node = new Node(api);
  namespaces = join(node.directory, 'netns');
  mkdirSync(namespaces);
});
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.kill('SIGKILL');
  node.remove();
  await api.stop();
});

/** A file stands for the container's namespace: the plugin looks at what its path leads to. */
const namespace = (containerId: string) => join(namespaces, containerId);
async function plugin(verb: string, containerId: string, stdin = configuration()) {
  if (verb === 'ADD') writeFileSync(namespace(containerId), '');
  const env = { ...node.env, CNI_COMMAND: verb, CNI_CONTAINERID: containerId, CNI_NETNS: namespace(containerId) };
  return await call({ executable, env, stdin });
}
async function add(containerId: string): Promise<string> {
  const added = await plugin('ADD', containerId);
  if (added.exitCode !== 0) throw new Error(added.stdout);
  return added.printed.ips[0].address;
}
const withoutPlugin = () => Object.fromEntries(Object.entries(node.env).filter(([name]) => !name.startsWith('CNI_')));

interface Ran {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}
async function lessor(...argv: string[]): Promise<Ran> {
  const child = spawn(executable, argv, { env: withoutPlugin(), stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const exitCode = await new Promise<number | null>((ended) => child.once('close', ended));
  return { exitCode, ...said };
}
const held = () => [...api.leases(NETWORK).values()].map(({ owner }) => owner.split('@')[0]).sort();

test('lessor version says package.json’s version, and a wrong command what there is', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  expect(await lessor('version')).toEqual({ exitCode: 0, out: `lessor ${version}\n`, err: '' });
  expect(await lessor('versoin')).toMatchObject({
    exitCode: 21,
    out: '',
    err: expect.stringContaining('agent, status'),
  });
});

describe('lessor agent', () => {
  interface Running {
    readonly process: ChildProcess;
    readonly address: string;
    readonly lines: Record<string, unknown>[];
    readonly ended: Promise<number | null>;
    /** The first line that says so, whether it is there or comes. */
    said(message: string): Promise<Record<string, unknown>>;
  }

  async function start(...argv: string[]): Promise<Running> {
    const child = spawn(executable, ['agent', '--listen', '127.0.0.1:0', ...argv], {
      env: { ...withoutPlugin(), NODE_NAME: 'worker-7' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    agents.push(child);
    const ended = new Promise<number | null>((done) => child.once('exit', done));
    const lines: Record<string, unknown>[] = [];
    let wake = () => {};
    createInterface(child.stdout).on('line', (text) => {
      lines.push(JSON.parse(text));
      wake();
    });
    const said = async (message: string) => {
      for (;;) {
        const line = lines.find((one) => one.message === message);
        if (line !== undefined) return line;
        await new Promise<void>((woken) => {
          wake = woken;
        });
      }
    };
    const { listen } = await said('the agent runs');
    return { process: child, address: `http://${listen}`, lines, ended, said };
  }

  test.each(['SIGTERM', 'SIGINT'] as const)('serves health and metrics until %s ends it', async (signal) => {
    const address = await add('a');
    const agent = await start();
    await api.carriedOut(3);
    expect(await (await fetch(`${agent.address}/healthz`)).text()).toBe('ok\n');
    const metrics = await fetch(`${agent.address}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await metrics.text()).toContain(`lessor_attachments{network="${NETWORK}"} 1`);
    expect((await fetch(`${agent.address}/`)).status).toBe(404);
    expect((await fetch(`${agent.address}/metrics`, { method: 'POST' })).status).toBe(405);
    expect(api.received[1]).toMatchObject({ path: '/v1/nodes/self', body: { name: 'worker-7' } });
    agent.process.kill(signal);
    expect(await agent.ended).toBe(0);
    expect(agent.lines.at(-1)).toMatchObject({ level: 'info', message: 'the agent stopped' });
    expect((await plugin('ADD', 'a')).printed.ips[0].address).toBe(address);
  });

  test('releases the address of a container that is gone', async () => {
    await add('a');
    await add('b');
    rmSync(namespace('a'));
    const agent = await start('--grace', '0');
    expect(await agent.said('a container ended without a DEL')).toMatchObject({ containerId: 'a', why: 'namespace' });
    await agent.said('told the service what happened meanwhile');
    expect(held()).toEqual(['b']);
    expect(node.attachments()).toEqual(['b@eth0']);
  });

  test('ends at once where it waits for an answer', async () => {
    api.fate = () => 'hang';
    const agent = await start();
    await api.arrived(1);
    expect(await (await fetch(`${agent.address}/healthz`)).text()).toBe('ok\n');
    agent.process.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
  });

  test('says what is wrong with where it is to listen, and ends', async () => {
    const agent = await start();
    const taken = agent.address.slice('http://'.length);
    expect(await lessor('agent', '--listen', taken)).toMatchObject({
      exitCode: 21,
      err: `lessor: cannot listen on ${taken} (EADDRINUSE): name another address with --listen\n`,
    });
    expect(await lessor('agent', '--listen', 'somewhere')).toMatchObject({
      exitCode: 21,
      err: expect.stringContaining('--listen "somewhere" is no address'),
    });
  });
});

describe('lessor status', () => {
  test('shows attachments, blocks and the last failures, and sends nothing', async () => {
    const address = await add('a'.repeat(64));
    api.fate = () => ({ status: 403, body: '{"message":"Forbidden"}' });
    expect((await plugin('ADD', 'b')).exitCode).toBe(1);
    const { length } = api.received;
    const { exitCode, out, err } = await lessor('status');
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).toContain(`API   ${api.endpoint}`);
    expect(out).toContain('no outage is known');
    expect(out).toMatch(new RegExp(`${NETWORK} +aaaaaaaaaaaaa +eth0 +- +${address} +acknowledged\n`));
    expect(out).toMatch(new RegExp(`${NETWORK} +b +eth0 +- +- +refused \\(auth.denied\\) at `));
    expect(out).toMatch(/ADD +b +103 +lessor: .*answered 403/);
    expect(api.received).toHaveLength(length);
  });

  test('prints the same as JSON', async () => {
    const address = await add('a');
    const { out } = await lessor('status', '--json');
    const printed = JSON.parse(out);
    expect(printed).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      endpoint: api.endpoint,
      journals: [
        {
          path: node.journalPath,
          attachments: [
            { network: NETWORK, containerId: 'a', ifname: 'eth0', addresses: [address], state: 'acknowledged' },
          ],
          toReport: 0,
          toRelease: 0,
          blocks: [],
        },
      ],
      failures: [],
    });
    expect(printed).not.toHaveProperty('check');
  });

  test('asks the API with --check, and its exit code says what is wrong', async () => {
    expect(await lessor('status', '--check')).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/Check +answered within \d+ ms\n/),
    });
    expect(api.received.map(({ path }) => path)).toEqual(['/v1/nodes/self']);
    api.declaredDead = true;
    expect((await lessor('status', '--check')).out).toContain('declared dead although it runs');
    api.fate = () => ({ status: 403, body: '{"message":"Forbidden"}' });
    expect((await lessor('status', '--check', '--json')).exitCode).toBe(11);
    await api.stop();
    const away = await lessor('status', '--check');
    expect(away).toMatchObject({
      exitCode: 30,
      out: expect.stringMatching(/Check +failed after \d+ ms: .*cannot be reached/),
    });
    api = await FakeApi.start();
  });

  test('says so where nothing is kept yet', async () => {
    expect((await lessor('status')).out).toContain('There is no journal yet.');
  });

  test('never shows a secret', async () => {
    api.fate = () => ({ status: 403, body: `{"message":"${node.env.AWS_SESSION_TOKEN}"}` });
    await plugin('ADD', 'a');
    const shown = JSON.stringify([await lessor('status', '--check'), await lessor('status', '--check', '--json')]);
    expect(shown).toContain('answered 403');
    expect(shown).not.toMatch(/that.must.never/);
  });
});

describe('lessor reconcile', () => {
  test('shows with --dry-run what it would release and why, and then does it', async () => {
    for (const container of ['living', 'lost', 'dead']) await add(container);
    node.loseEntry('lost');
    rmSync(namespace('dead'));
    const dry = await lessor('reconcile', '--dry-run');
    expect(dry).toMatchObject({ exitCode: 0, err: '' });
    expect(dry.out).toMatch(/WOULD BE RELEASED SINCE/);
    expect(dry.out).toMatch(new RegExp(`${NETWORK} +dead +eth0 +its network namespace is gone\n`));
    expect(dry.out).toMatch(new RegExp(`${NETWORK} +lost +eth0 +unjournaled\n`));
    expect(held()).toEqual(['dead', 'living', 'lost']);
    expect(node.attachments()).toEqual(['dead@eth0', 'living@eth0']);

    const done = await lessor('reconcile', '--json', '--grace', '0');
    expect(done.exitCode).toBe(0);
    expect(JSON.parse(done.out)).toMatchObject({
      dryRun: false,
      leases: 2,
      releasedLater: 1,
      ended: [{ attachment: { containerId: 'dead' }, why: 'namespace' }],
      released: [{ attachment: { containerId: 'lost' }, reason: 'unjournaled' }],
      failures: [],
    });
    expect(held()).toEqual(['living']);
    expect((await lessor('reconcile')).out).toContain('No lease was without a reason.');
  });

  test('releases nothing where the table cannot be read, and its exit code says why', async () => {
    await add('lost');
    node.loseEntry('lost');
    api.fate = () => ({ status: 403, body: '{"message":"Forbidden"}' });
    expect(await lessor('reconcile')).toMatchObject({
      exitCode: 11,
      out: '',
      err: expect.stringContaining('answered 403'),
    });
    api.fate = ({ path }) => (path === '/v1/releases' ? { status: 403, body: '{"message":"Forbidden"}' } : 'answer');
    const failed = await lessor('reconcile');
    expect(failed.exitCode).toBe(11);
    expect(failed.out).toMatch(/lost +eth0 +.*answered 403/);
    expect(held()).toEqual(['lost']);
  });
});
