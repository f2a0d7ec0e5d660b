/**
 * Mount and process namespaces beside the network namespace of one node of a test: a container runtime in them leaves nothing
 * on this machine, and everything that it started ends with them.
 */
import { spawn } from 'node:child_process';
import { onPath } from '../../local/nodes/node-network.ts';

export interface Ended {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  /** @returns when it has ended */
  kill(signal: 'KILL' | 'TERM'): Promise<void>;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

export interface NodeNamespaces {
  /** Runs a command inside, with nothing but `env` in its environment. */
  call(words: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended>;
  /** What it printed. @throws Error with what it said, where it failed */
  run(...words: string[]): Promise<string>;
  /** Starts inside what goes on running. @param log the file to which all that it prints is added */
  start(log: string, ...words: string[]): Promise<Running>;
  /** Ends every process inside. */
  close(): Promise<void>;
}

export const missingForNamespaces = (): string[] =>
  ['unshare', 'nsenter'].every(onPath) ? [] : ['util-linux (apt-get install util-linux)'];

/**
 * @param namespace the node's network namespace
 * @param setUp shell commands that mount what is to be different inside
 */
export async function openNodeNamespaces(namespace: string, setUp: readonly string[]): Promise<NodeNamespaces> {
  // While it waits for cat, sh reaps whoever became its child when a parent ended; were cat the last command, sh would be cat.
  const init = `${[...setUp, 'echo ready', 'cat >/dev/null'].join(' && ')}; exit`;
  const unshare = ['unshare', '--mount', '--pid', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const holder = spawn('nsenter', [`--net=/var/run/netns/${namespace}`, ...unshare, 'sh', '-c', init], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const over = new Promise<void>((done) => holder.once('close', () => done()));
  await new Promise<void>((ready, failed) => {
    holder.stdout.once('data', () => ready());
    holder.once('error', failed).once('close', (code) => failed(new Error(`the namespaces ended with ${code}`)));
  });

  const inside = (name: string, file: string) => `--${name}=/proc/${holder.pid}/ns/${file}`;
  const enter = [inside('mount', 'mnt'), inside('net', 'net'), inside('pid', 'pid_for_children')];
  const PATH = process.env.PATH;
  const call = (words: readonly string[], env: NodeJS.ProcessEnv = { PATH }) =>
    ended('nsenter', [...enter, ...words], env);
  const run = async (...words: string[]) => {
    const { ok, stdout, stderr } = await call(words);
    if (!ok) throw new Error(`${words.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  return {
    call,
    run,
    async start(log, ...words) {
      const started = spawn('nsenter', [...enter, 'sh', '-c', `echo $$; exec "$@" >>'${log}' 2>&1`, 'sh', ...words], {
        env: { PATH },
        cwd: '/',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const end = new Promise<void>((done) => started.once('close', () => done()));
      const pid = await new Promise<string>((ready, failed) => {
        started.stdout.once('data', (line) => ready(String(line).trim()));
        started.once('error', failed).once('close', () => failed(new Error(`${words.join(' ')} did not start`)));
      });
      return {
        async kill(signal) {
          await call(['sh', '-c', `kill -${signal} ${pid}`]);
          await end;
        },
        ended: end,
      };
    },
    async close() {
      holder.stdin.end();
      await over;
    },
  };
}

function ended(file: string, words: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn(file, words, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const read = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      read[stream] += chunk;
    });
  }
  return new Promise((done, failed) => {
    child.once('error', failed).once('close', (code) => done({ ok: code === 0, ...read }));
  });
}
