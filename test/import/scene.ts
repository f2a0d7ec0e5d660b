/** Nodes that import, with the service's own use cases behind them; what the kernel has of other pods is as the test says. */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { runCommand } from '../../cni-shim/commands/command-line.ts';
import type { Files } from '../../cni-shim/machine/files.ts';
import { poolInput } from '../../core/contract/pool.ts';
import { createPool } from '../../functions/use-cases/pools/create-pool.ts';
import { configuration, Node, PATIENT } from '../cni-shim/in-process.ts';
import { api } from '../cni-shim/served-node.ts';
import { type Sent, serviceFor } from '../cni-shim/service.ts';
import { type World, world } from '../functions/world.ts';
import { processDatabases } from '../support/libsql-database.ts';
import { machineUnderNode } from '../support/machine-under-node.ts';
import type { Allocated } from './exports.ts';
import { hostLocalFiles } from './exports.ts';

export const NETWORK = 'pods';
export const POOL = 'moved';

export interface Row {
  readonly outcome: string;
  readonly why?: string;
  readonly addresses: readonly string[];
  readonly containerId?: string;
  readonly ifname?: string;
  readonly pod?: { readonly namespace: string; readonly name: string };
  readonly standing?: string;
}

export interface ImportOutput {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly rows: readonly Row[];
}

/** What lives in a namespace: its file, and the control group of the process in there. */
export interface Living {
  readonly netns: string;
  readonly group?: string;
}

export type ImportingNode = ReturnType<typeof importingNode>;

/** A pool as an operator makes it. */
export async function poolFor(here: World, pool: object): Promise<string> {
  const input = z.parse(poolInput, { name: POOL, ranges: [[{ subnet: '10.44.0.0/16' }]], ...pool });
  const { pool: made } = await createPool(here.environment(), input, false);
  return made.id;
}

/** @param living what lives in a namespace of this node, with the namespace's file */
export function importingNode(here: World, id: string, living: () => Readonly<Record<string, Living>> = () => ({})) {
  const node = new Node(api);
  node.limits = PATIENT;
  node.bootId = `boot of ${id}`;
  node.machineId = `machine-${id}`;
  const service = serviceFor(here.environment(), id);
  const around = () => ({
    fetch: service.fetch,
    now: () => here.clock.now,
    sleep: async (milliseconds: number) => {
      here.clock.now += milliseconds;
    },
  });
  const files = kernelOf(machineUnderNode().files, living);
  const stdin = configuration({ ranges: undefined, routes: undefined, pool: POOL }, { name: NETWORK });
  const lessor = (...argv: string[]) => lessorReading(undefined, ...argv);
  /** @param input what it reads on standard input */
  async function lessorReading(input: string | undefined, ...argv: string[]) {
    const said = { out: '', err: '' };
    const terminal = {
      print: (text: string) => {
        said.out += text;
      },
      complain: (text: string) => {
        said.err += text;
      },
    };
    const machinery = { ...machineUnderNode({ ...node.env, NODE_NAME: id }), ...node.here, ...around(), files };
    const { openDatabase, end } = processDatabases(machinery.openDatabase);
    try {
      const exitCode = await runCommand(argv, {
        ...{ surroundings: { ...machinery, openDatabase }, terminal },
        ...(input === undefined ? {} : { input: () => input }),
      });
      return { exitCode, ...said };
    } finally {
      end();
    }
  }
  const file = (name: string) => join(node.directory, name);
  return {
    id,
    node,
    service,
    lessor,
    lessorReading,
    /** The path of a file with that text. */
    written(name: string, text: string, at?: number): string {
      mkdirSync(join(file(name), '..'), { recursive: true });
      writeFileSync(file(name), text);
      if (at !== undefined) utimesSync(file(name), at / 1000, at / 1000);
      return file(name);
    },
    /** A directory of host-local's. */
    hostLocal(allocated: readonly Allocated[], more: Readonly<Record<string, string>> = {}): string {
      rmSync(file('networks'), { recursive: true, force: true });
      for (const [name, text] of Object.entries({ ...hostLocalFiles(allocated), ...more }))
        this.written(`networks/${name}`, text);
      return file('networks');
    },
    async imports(kind: string, source: string, ...more: string[]): Promise<ImportOutput> {
      const ran = await lessor('import', kind, source, '--network', NETWORK, '--pool', POOL, '--json', ...more);
      const { counts = {}, allocations: rows = [] } = ran.out === '' ? {} : JSON.parse(ran.out);
      return { ...ran, counts, rows };
    },
    call: (verb: string, container: string, ifname = 'eth0') =>
      node.call(verb, container, { stdin, env: { CNI_IFNAME: ifname }, surroundings: around() }),
    check: (container: string, address: string) => {
      const rest = { name: NETWORK, cniVersion: '1.0.0', prevResult: { cniVersion: '1.0.0', ips: [{ address }] } };
      const asked = configuration({ ranges: undefined, routes: undefined, pool: POOL }, rest);
      return node.call('CHECK', container, { stdin: asked, surroundings: around() });
    },
    sent: (path: string): Sent[] => service.sent.filter((one) => one.path === path),
    remove: () => node.remove(),
  };
}

/** The real files, but for what proc(5) and the directory of namespaces would show of these pods. */
function kernelOf(real: Files, living: () => Readonly<Record<string, Living>>): Files {
  const all = () => Object.entries(living());
  const processOf = (path: string) => all()[Number(/^\/proc\/(\d+)\//.exec(path)?.[1] ?? 0) - 2];
  const inode = (netns: string) => `4:${netns}`;
  return {
    ...real,
    list: (directory) => {
      if (directory === '/proc') return ['1', ...all().map((_, index) => String(index + 2)), 'self'];
      if (directory === '/var/run/netns') return all().map(([, { netns }]) => netns);
      return directory === '/run/netns' ? [] : real.list(directory);
    },
    identity: (path) => {
      if (path === '/proc/1/ns/net') return inode('host');
      if (path === '/var/run/netns') return '4:1';
      if (path.startsWith('/proc/')) return processOf(path) && inode(processOf(path)?.[1].netns ?? '');
      const netns = all().find(([, one]) => path === `/var/run/netns/${one.netns}`);
      return netns ? inode(netns[1].netns) : real.identity(path);
    },
    read: (path) => {
      const [address, one] = processOf(path) ?? [];
      if (address === undefined) return real.read(path);
      if (path.endsWith('/cgroup')) return `0::/kubepods.slice/cri-containerd-${one?.group}.scope\n`;
      if (path.endsWith('/fib_trie')) return address.includes(':') ? '' : fibTrie(address);
      return path.endsWith('/if_inet6') && address.includes(':') ? ifInet6(address) : '';
    },
  };
}

const fibTrie = (address: string): string => `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
Local:
  +-- 0.0.0.0/0 2 0 2
     |-- 127.0.0.1
        /32 host LOCAL
     |-- ${address}
        /32 host LOCAL
     |-- 10.44.255.255
        /32 link BROADCAST
`;

function ifInet6(address: string): string {
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string) => text.split(':').filter(Boolean);
  const missing = 8 - groups(head).length - groups(tail).length;
  const whole = [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail)];
  return `${whole.map((group) => group.padStart(4, '0')).join('')} 02 40 00 80     eth0\n`;
}

/** Every slot that is held in the pool: by address its container. */
export async function heldIn(here: World, pool: string): Promise<Map<string, string>> {
  const { listLeases } = await import('../../functions/use-cases/questions/list-leases.ts');
  const held = new Map<string, string>();
  let cursor: string | undefined;
  do {
    const call = { caller: 'user/ann', remainingMs: () => 10_000 };
    const page = await listLeases(here.environment(), call, { vrf: 'default', name: pool, cursor });
    for (const lease of page.leases)
      if (lease.state === 'held')
        for (const address of lease.addresses)
          held.set(address.split('/')[0] ?? '', `${lease.node} ${lease.attachment.containerId}`);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return held;
}

export const newWorld = (): World => world();
