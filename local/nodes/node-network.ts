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

const PREFIX = 'lessor-';
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
  const cniDirectory = CNI_DIRECTORIES.find((directory) => existsSync(join(directory, 'bridge')));
  if (cniDirectory === undefined)
    missing.push('the reference CNI plugins (apt-get install containernetworking-plugins)');
  return { cniDirectory: missing.length === 0 ? cniDirectory : undefined, missing };
}

/** Namespaces of one run, with names that no other run has. */
export class NodeNetwork {
  readonly #prefix = `${PREFIX}${process.pid.toString(36)}`;
  readonly #namespaces: string[] = [];
  readonly #stops: (() => void)[] = [];
  readonly #endpoint: { host: string; port: number };
  readonly #directory: string;

  /** @param directory for the sockets through which the nodes reach the API */
  constructor(endpoint: string, directory: string) {
    removeAbandoned();
    const { hostname, port } = new URL(endpoint);
    this.#endpoint = { host: hostname, port: Number(port) };
    this.#directory = directory;
  }

  /** A node: a namespace in which the API answers at the same loopback address as outside. */
  async addNode(name: string): Promise<string> {
    const namespace = this.#add(name);
    const socket = join(this.#directory, `${name}.sock`);
    const server = net.createServer((client) => splice(client, net.connect(this.#endpoint)));
    await new Promise<void>((done) => server.listen(socket, done));
    const relay = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', RELAY], {
      env: {
        ...process.env,
        RELAY_SOCKET: socket,
        RELAY_PORT: String(this.#endpoint.port),
        RELAY_HOST: this.#endpoint.host,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#stops.push(() => {
      relay.kill('SIGKILL');
      server.close();
      rmSync(socket, { force: true });
    });
    await new Promise<void>((ready, failed) => {
      relay.stdout.once('data', () => ready());
      relay.once('exit', (code) =>
        failed(new LessorError('service.fault', `the relay of node ${name} ended with ${code}`)),
      );
    });
    return namespace;
  }

  /** A pod: an empty namespace; the path is what CNI calls CNI_NETNS. */
  addPod(name: string): { namespace: string; path: string } {
    const namespace = this.#add(name);
    return { namespace, path: `/var/run/netns/${namespace}` };
  }

  /** Connects the bridges of two nodes; both must exist by now. */
  wire(a: string, b: string, bridge: string): void {
    ip('-n', a, 'link', 'add', 'wire0', 'type', 'veth', 'peer', 'name', 'wire0', 'netns', b);
    for (const node of [a, b]) ip('-n', node, 'link', 'set', 'wire0', 'master', bridge, 'up');
  }

  /** Whether a pod reaches an address: by ping where it is installed, else by a TCP connection that is refused or answered. */
  reaches(namespace: string, address: string): boolean {
    const inside = ['netns', 'exec', namespace];
    const command = onPath('ping') ? ['ping', '-c', '1', '-W', '5', address] : [process.execPath, '-e', PROBE, address];
    return spawnSync('ip', [...inside, ...command], { stdio: 'ignore', timeout: 15_000 }).status === 0;
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const namespace of this.#namespaces.splice(0))
      spawnSync('ip', ['netns', 'delete', namespace], { stdio: 'ignore' });
  }

  #add(name: string): string {
    const namespace = `${this.#prefix}-${name}`;
    ip('netns', 'add', namespace);
    this.#namespaces.push(namespace);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    return namespace;
  }
}

/** Namespaces of a run that was killed: their names hold its process id. */
function removeAbandoned(): void {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  for (const [, namespace = '', id = ''] of stdout.matchAll(new RegExp(`^(${PREFIX}([0-9a-z]+)-\\S+)`, 'gm'))) {
    if (!existsSync(`/proc/${Number.parseInt(id, 36)}`))
      spawnSync('ip', ['netns', 'delete', namespace], { stdio: 'ignore' });
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
