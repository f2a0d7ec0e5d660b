import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { logCall } from '../../../cni-shim/log/call-log.ts';
import { FakeApi } from '../fake-api.ts';
import { configuration, NETWORK, Node } from '../in-process.ts';

let api: FakeApi;
let node: Node;
beforeAll(async () => {
  api = await FakeApi.start();
});
afterAll(() => api.stop());
beforeEach(() => {
  node = new Node(api);
});
afterEach(() => {
  node.remove();
  api.fate = () => 'answer';
});

const logFile = () => join(node.dataDir, 'lessor.log');
const lines = (path = logFile()) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const args = 'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-1';

describe('the log of calls', () => {
  test('has a line for each: what it was about, what came of it, what it took', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const TRACEPARENT = `00-${traceId}-00f067aa0ba902b7-01`;
    const added = await node.add('c1', { env: { CNI_ARGS: args, TRACEPARENT } });
    await node.del('c1');
    const about = { network: NETWORK, container: 'c1', ifname: 'eth0', ms: expect.any(Number), attempts: 1 };
    const addresses = [added.printed.ips[0].address];
    const time = expect.stringMatching(/^20\d\d-.*Z$/);
    const pod = { namespace: 'shop', name: 'web-1' };
    expect(lines()).toEqual([
      { ...about, time, verb: 'ADD', pod, addresses, trace: traceId },
      { ...about, time, verb: 'DEL', addresses },
    ]);
    expect(statSync(logFile()).mode & 0o777).toBe(0o600);
  });

  test('says of a failure which code and message were printed, how often was asked, and the last request id', async () => {
    let sent = 0;
    const denied = { status: 403, body: '{}' };
    api.fate = () => ({
      // What may be repeated is repeated as long as there is time. The third answer ends it, however slow the machine is.
      ...(++sent < 3 ? { status: 503, body: 'x'.repeat(10_000) } : denied),
      headers: { 'apigw-requestid': `request-${sent}` },
    });
    const { printed } = await node.add('c1');
    const [line] = lines();
    expect(line).toMatchObject({ verb: 'ADD', code: 103, attempts: 3, requestId: 'request-3' });
    expect(line?.msg).toBe(`${printed.msg}: ${printed.details}`);
  });

  test('has calls that were refused before anything was asked', async () => {
    await node.add('c1', { stdin: '{' });
    await node.add('../c1', { env: { CNI_IFNAME: 'a/b' } });
    await node.del('c2', { stdin: configuration({ dataDir: 'relative' }) });
    expect(lines()).toMatchObject([
      { verb: 'ADD', container: 'c1', code: 6, attempts: 0 },
      { verb: 'ADD', code: 4 },
      { verb: 'DEL', container: 'c2', code: 7 },
    ]);
    expect(lines()[1]).not.toHaveProperty('container');
  });

  test('holds no secret, whatever the API quotes', async () => {
    const { secretAccessKey, sessionToken = '' } = api.identity;
    api.fate = () => ({ status: 403, body: `{"message":"${sessionToken} ${secretAccessKey}"}` });
    await node.add('c1');
    const text = readFileSync(logFile(), 'utf8');
    for (const secret of [secretAccessKey, sessionToken, 'Signature']) expect(text).not.toContain(secret);
  });

  test('sends the trace on beside what is signed, so that the request is still accepted', async () => {
    const headers: Record<string, string>[] = [];
    const env = { TRACEPARENT: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', BAGGAGE: 'a=b' };
    const watching: typeof fetch = (url, init) => {
      headers.push(init?.headers as Record<string, string>);
      return fetch(url, init);
    };
    expect((await node.add('c1', { env, surroundings: { fetch: watching } })).exitCode).toBe(0);
    expect(headers).toMatchObject([{ traceparent: env.TRACEPARENT, baggage: 'a=b' }]);
    expect(headers[0]?.authorization).not.toMatch(/traceparent|baggage/);
  });

  test.each([false, ''])('is not written where the node says %j', async (off) => {
    node.writeConfig({ logFile: off });
    await node.add('c1');
    expect(existsSync(logFile())).toBe(false);
  });

  test('is written where the node says, in directories that come to be', async () => {
    const path = join(node.directory, 'deep', 'down', 'calls.log');
    node.writeConfig({ logFile: path });
    await node.add('c1');
    expect(lines(path)).toHaveLength(1);
    expect(statSync(join(node.directory, 'deep')).mode & 0o777).toBe(0o700);
  });

  test('must be named by an absolute path', async () => {
    node.writeConfig({ logFile: 'lessor.log' });
    const { printed } = await node.add('c1');
    expect(printed).toMatchObject({ code: 7, msg: expect.stringContaining('logFile "lessor.log"') });
  });

  test('is no reason for a call to fail', async () => {
    mkdirSync(logFile(), { recursive: true });
    expect((await node.add('c1')).exitCode).toBe(0);
    expect((await node.del('c1')).exitCode).toBe(0);
  });
});

describe('a log that is full', () => {
  const record = (verb: string) => ({ time: '', verb, ms: 0, attempts: 0 });
  const path = () => join(node.directory, 'full.log');

  test('is put aside with the line that filled it, for its user only, in the place of the one before', () => {
    for (let line = 0; line < 7; line++) logCall(path(), record(`V${line}`), 100);
    const verbs = (file: string) => lines(file).map(({ verb }) => verb);
    expect([verbs(`${path()}.1`), verbs(path())]).toEqual([['V3', 'V4', 'V5'], ['V6']]);
    for (const file of [path(), `${path()}.1`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${path()}.lock`)).toBe(false);
  });

  test('is put aside by a later call where the process that was at it was killed', () => {
    writeFileSync(`${path()}.lock`, '');
    for (const verb of ['A', 'B', 'C']) logCall(path(), record(verb), 100);
    expect([lines(path()).length, existsSync(`${path()}.1`)]).toEqual([3, false]);
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(`${path()}.lock`, longAgo, longAgo);
    for (const verb of ['D', 'E', 'F']) logCall(path(), record(verb), 100);
    expect(lines(`${path()}.1`).map(({ verb }) => verb)).toEqual(['A', 'B', 'C', 'D', 'E']);
    expect(lines(path()).map(({ verb }) => verb)).toEqual(['F']);
  });

  test('keeps a message short', () => {
    logCall(path(), { ...record('A'), msg: 'x'.repeat(100_000) });
    expect(statSync(path()).size).toBeLessThan(1200);
  });

  test('grows where it cannot be put aside', () => {
    mkdirSync(join(`${path()}.1`, 'in the way'), { recursive: true });
    for (const verb of ['A', 'B', 'C', 'D']) logCall(path(), record(verb), 100);
    expect(lines(path())).toHaveLength(4);
  });
});
