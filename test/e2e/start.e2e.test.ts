/** `npm start` as a stranger uses it: it does the main job, says what is wrong in one line, and leaves nothing behind. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prerequisites } from '../../local/nodes/node-network.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('npm start', () => {
  let temporary: string;

  beforeEach(() => {
    temporary = mkdtempSync(join(tmpdir(), 'start-'));
  });
  afterEach(() => rmSync(temporary, { recursive: true, force: true }));

  const start = (options: string[], environment: NodeJS.ProcessEnv = {}) => {
    const env = { ...process.env, ...environment, TMPDIR: temporary, NO_COLOR: '1' };
    const child = spawn('npm', ['start', '--silent', '--', ...options], { cwd: root, env, detached: true });
    return { child, ended: outputOf(child) };
  };
  const leftBehind = () => ({
    files: readdirSync(temporary).filter((name) => !name.startsWith('tsx-') && !name.startsWith('node-compile-cache')),
    namespaces: (spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout ?? '').match(/^lessor-\S+/gm) ?? [],
    processes: spawnSync('pgrep', ['-f', temporary], { encoding: 'utf8' }).stdout,
  });
  const nothing = { files: [], namespaces: [], processes: '' };

  it('does the whole main job with --once, as often as it is asked, and leaves nothing', async () => {
    for (const _ of [1, 2]) {
      const { status, stdout, stderr } = await start(['--once', '--port', '0']).ended;
      expect(stderr).not.toMatch(/✗/);
      expect(stdout).toMatch(/3 held, 0 cooling, 238 free of 241/);
      expect(stdout).toMatch(/1 held, 2 cooling, 238 free of 241/);
      if (prerequisites().missing.length === 0) expect(stdout.match(/ answers$/gm)).toHaveLength(6);
      else expect(stdout).toMatch(/Pods are left out, the plugin runs alone: network namespaces need/);
      expect(status).toBe(0);
      expect(leftBehind()).toEqual(nothing);
    }
  });

  it('stays up until it is interrupted, and then ends all that it started', async () => {
    const { child, ended } = start(['--port', '0']);
    await appears(child, /The API is at (http\S+);/);
    interrupt(child, 'SIGINT');
    expect((await ended).stdout).toMatch(/Ending what was started/);
    expect(leftBehind()).toEqual(nothing);
  });

  it('ends cleanly when it is interrupted while it starts', async () => {
    const { child, ended } = start(['--port', '0']);
    await appears(child, /DynamoDB Local/);
    child.kill('SIGTERM');
    expect((await ended).status).not.toBe(0);
    expect(leftBehind()).toEqual(nothing);
  });

  it('names the port that is taken, and the remedy', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as AddressInfo;
    const { status, stderr } = await start(['--once', '--port', String(port)]).ended;
    server.close();
    expect(stderr).toMatch(new RegExp(`✗ .*${port}.*--port`));
    expect(stderr).not.toMatch(/ {4}at /);
    expect(status).not.toBe(0);
  });

  it('says how to get Java where there is none', async () => {
    const words = ['--import', 'tsx', 'local/start.ts', '--once', '--port', '0'];
    const env = { ...process.env, PATH: temporary, JAVA_HOME: '', TMPDIR: temporary, NO_COLOR: '1' };
    const { status, stderr } = await outputOf(spawn(process.execPath, words, { cwd: root, env }));
    expect(stderr).toMatch(/✗ .*Java.*17/);
    expect(stderr).not.toMatch(/ {4}at /);
    expect(status).not.toBe(0);
  });

  it.each([[['--frobnicate']], [['--port', 'many']], [['--port', '70000']], [['extra']]])(
    'refuses %j with a usage error',
    async (options) => {
      const { status, stderr } = await start(options).ended;
      expect(stderr).toContain(options.at(-1));
      expect(stderr).not.toMatch(/ {4}at /);
      expect(status).toBe(21);
    },
  );

  it('lists its options', async () => {
    expect(await start(['--help']).ended).toMatchObject({ status: 0, stdout: expect.stringMatching(/--once/) });
  });
});

function outputOf(child: ChildProcess): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const read = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
      read[stream] += chunk;
    });
  }
  return new Promise((done) => child.once('close', (status) => done({ status, ...read })));
}

/** As a terminal does it: every process of the group gets the signal. */
function interrupt({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(-pid, signal);
}

function appears(child: ChildProcess, pattern: RegExp): Promise<void> {
  let text = '';
  return new Promise((done, failed) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: string) => {
        text += chunk;
        if (pattern.test(text)) done();
      });
    }
    child.once('close', () => failed(new Error(`it ended before ${pattern} was seen:\n${text}`)));
  });
}
