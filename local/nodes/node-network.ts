/**
 * Nodes and pods as network namespaces: each node has one of its own, in which the real `bridge` plugin is run as the
 * kubelet's runtime would run it; a veth pair between the nodes' bridges is the wire, so that pods of two nodes
 * are neighbours on one flat layer 2.
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { LessorError } from '../../core/contract/problems.ts';
import { isAbandoned, nameOfRun } from '../run-directory.ts';

const CNI_DIRECTORIES = ['/usr/lib/cni', '/opt/cni/bin'];

export interface Prerequisites {
  /** Where the reference plugins are; undefined where namespaces cannot be used here. */
  readonly cniDirectory: string | undefined;
  /** What is missing and how to get it. */
  readonly missing: readonly string[];
}

export function prerequisites(): Prerequisites {
  const missing: string[] = [];
  if (process.platform !== 'linux') missing.push('Linux');
  else if (process.getuid?.() !== 0) missing.push('root (sudo)');
  if (!onPath('ip')) missing.push('iproute2 (apt-get install iproute2)');
  // The bridge plugin calls it for `ipMasq`.
  if (!onPath('iptables')) missing.push('iptables (apt-get install iptables)');
  const cniDirectory = CNI_DIRECTORIES.find((directory) => existsSync(join(directory, 'bridge')));
  if (cniDirectory === undefined)
    missing.push('the reference CNI plugins (apt-get install containernetworking-plugins)');
  return { cniDirectory: missing.length === 0 ? cniDirectory : undefined, missing };
}

/** Namespaces of one run, with names that no other run has. */
export interface NodeNetwork {
  /** A node: a namespace in which the API answers at the same loopback address as outside. */
  addNode(name: string): Promise<string>;
  /** A pod: an empty namespace; the path is what CNI calls CNI_NETNS. */
  addPod(name: string): { namespace: string; path: string };
  /** Connects the bridges of two nodes; both must exist by now. */
  wire(a: string, b: string, bridge: string): void;
  /** Whether a pod reaches an address: by ping where it is installed, else by a TCP connection that is refused or answered. */
  reaches(namespace: string, address: string): boolean;
  stop(): void;
}

/** @param directory for the sockets through which the nodes reach the API */
export function openNodeNetwork(endpoint: string, directory: string): NodeNetwork {
  removeAbandoned();
  const { hostname: host, port } = new URL(endpoint);
  const namespaces: string[] = [];
  const stops: (() => void)[] = [];
  let stopped = false;

  const add = (name: string): string => {
    // Whoever is interrupted goes on for a moment: what began after the end would never be removed.
    if (stopped) throw new LessorError('service.unavailable', `node or pod ${name} comes too late: all is ended`);
    const namespace = nameOfRun(name);
    ip('netns', 'add', namespace);
    namespaces.push(namespace);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    return namespace;
  };

  return {
    addNode: async (name) => {
      const namespace = add(name);
      const api = { host, port: Number(port) };
      await startRelay({ name, namespace }, api, join(directory, `${name}.sock`), stops);
      return namespace;
    },
    addPod: (name) => {
      const namespace = add(name);
      return { namespace, path: `/var/run/netns/${namespace}` };
    },
    wire: (a, b, bridge) => {
      ip('-n', a, 'link', 'add', 'wire0', 'type', 'veth', 'peer', 'name', 'wire0', 'netns', b);
      for (const node of [a, b]) ip('-n', node, 'link', 'set', 'wire0', 'master', bridge, 'up');
    },
    reaches: (namespace, address) => {
      const inside = ['netns', 'exec', namespace];
      const command = onPath('ping')
        ? ['ping', '-c', '1', '-W', '5', address]
        : [process.execPath, '-e', PROBE, address];
      return spawnSync('ip', [...inside, ...command], { stdio: 'ignore', timeout: 15_000 }).status === 0;
    },
    stop: () => {
      stopped = true;
      for (const stop of stops.splice(0)) stop();
      for (const namespace of namespaces.splice(0))
        spawnSync('ip', ['netns', 'delete', namespace], { stdio: 'ignore' });
    },
  };
}

/**
 * Makes the API answer inside the node's namespace: what comes to its address there goes through the socket to the API.
 * @param stops what ends it is added as soon as it has begun
 * @throws LessorError if it ends before it relays
 */
async function startRelay(
  node: { readonly name: string; readonly namespace: string },
  api: { readonly host: string; readonly port: number },
  socket: string,
  stops: (() => void)[],
): Promise<void> {
  const server = net.createServer((client) => splice(client, net.connect(api)));
  await new Promise<void>((done) => server.listen(socket, done));
  const relay = spawn('ip', ['netns', 'exec', node.namespace, process.execPath, '-e', RELAY], {
    env: { ...process.env, RELAY_SOCKET: socket, RELAY_PORT: String(api.port), RELAY_HOST: api.host },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  stops.push(() => {
    relay.kill('SIGKILL');
    server.close();
    rmSync(socket, { force: true });
  });
  await new Promise<void>((done, failed) => {
    relay.stdout.once('data', () => done());
    relay.once('exit', (code) =>
      failed(new LessorError('service.fault', `the relay of node ${node.name} ended with ${code}`)),
    );
  });
}

/** Namespaces of a run that was killed. */
function removeAbandoned(): void {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  for (const line of (stdout ?? '').split('\n')) {
    const [namespace = ''] = line.split(' ');
    if (isAbandoned(namespace)) spawnSync('ip', ['netns', 'delete', namespace], { stdio: 'ignore' });
  }
}

/** Runs inside a node's namespace until its standard input closes, so that it cannot outlive its starter. */
const RELAY = `
const net = require('node:net');
const { RELAY_SOCKET, RELAY_PORT, RELAY_HOST } = process.env;
net.createServer((client) => {
  const up = net.connect(RELAY_SOCKET);
  for (const [from, to] of [[client, up], [up, client]]) from.on('error', () => to.destroy()).pipe(to);
}).listen(Number(RELAY_PORT), RELAY_HOST, () => process.stdout.write('ready'));
process.stdin.on('end', () => process.exit()).resume();
`;

const PROBE = `
const socket = require('node:net').connect({ host: process.argv[1], port: 9, timeout: 5000 });
socket.on('error', (error) => process.exit(error.code === 'ECONNREFUSED' ? 0 : 1)).on('timeout', () => process.exit(1));
socket.on('connect', () => process.exit(0));
`;

function splice(a: net.Socket, b: net.Socket): void {
  a.on('error', () => b.destroy()).pipe(b);
  b.on('error', () => a.destroy()).pipe(a);
}

/** Runs `ip`; what it prints. @throws LessorError with what it said, where it fails */
export function ip(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync('ip', words, { encoding: 'utf8' });
  if (status !== 0) throw new LessorError('service.fault', `ip ${words.join(' ')} failed: ${stderr.trim()}`);
  return stdout;
}

/**
 * Adds, for this process and all that it starts, where Debian has `ip` and `iptables`: `su` without `-`, cron and ssh
 * with a command leave these directories out.
 */
export function alsoSearchSbin(): void {
  const path = (process.env.PATH ?? '').split(':').filter(Boolean);
  process.env.PATH = [...new Set([...path, '/usr/sbin', '/sbin'])].join(':');
}

/** Whether a command of this name can be run. */
export function onPath(command: string): boolean {
  return (process.env.PATH ?? '').split(':').some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
