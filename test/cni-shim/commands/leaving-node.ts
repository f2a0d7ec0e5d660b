/** A node that a test has leave, with the service's own use cases behind it. */
import { join } from 'node:path';
import { runCommand } from '../../../cni-shim/commands/command-line.ts';
import type { OpenDatabase } from '../../../cni-shim/machine/database.ts';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { type World, world } from '../../functions/world.ts';
import { libsqlDatabase, processDatabases } from '../../support/libsql-database.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import type { FakeApi } from '../fake-api.ts';
import { configuration, Node } from '../in-process.ts';
import { type Sent, type Service, serviceFor } from '../service.ts';

const api = {
  endpoint: 'http://lessor.test',
  identity: { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' },
} as unknown as FakeApi;
export const POOL = 'a'.repeat(16);
const BLOCKS = 8;

/** What becomes of requests to that path. */
export const to =
  (path: string, fate: 'unreachable' | 'answer lost') =>
  (sent: Sent): typeof fate | undefined =>
    sent.path === path ? fate : undefined;
export const reached = () => undefined;

export type LeavingNode = Awaited<ReturnType<typeof leavingNode>>;

/** Node i-1, and a pool of 8 blocks of 4 addresses that nodes own. */
export async function leavingNode() {
  const here: World = world();
  await ownedPool(here, { blocks: BLOCKS, blockSize: 4, cooldownSeconds: 0, name: 'green' });
  const node = new Node(api);
  const behind = { service: serviceFor(here.environment(), 'i-1') };
  const around = () => ({
    fetch: behind.service.fetch,
    now: () => here.clock.now,
    sleep: async (milliseconds: number) => {
      here.clock.now += milliseconds;
    },
  });
  const network = (rest: object) => configuration({ ranges: undefined, pool: 'green', routes: undefined, ...rest });
  const call = (verb: string, container: string, stdin = network({})) =>
    node.call(verb, container, { stdin, surroundings: around() });
  const records = (dataDir = node.dataDir) =>
    openRecords({ ...machineUnderNode(), ...node.here, ...around() }, dataDir);
  const block = (text: string) => here.store.blocks.read({ pool: POOL, block: blockFromText(text) });

  /** @throws Error where it fails */
  async function succeeds(verb: string, container: string, stdin?: string): Promise<void> {
    const { exitCode, stdout } = await call(verb, container, stdin);
    if (exitCode !== 0) throw new Error(stdout);
  }

  async function lessorOn(databases: OpenDatabase, ...argv: string[]) {
    const said = { out: '', err: '' };
    const terminal = {
      print: (text: string) => {
        said.out += text;
      },
      complain: (text: string) => {
        said.err += text;
      },
    };
    const machinery = { ...machineUnderNode(node.env), ...node.here, ...around() };
    const { openDatabase, end } = processDatabases(databases);
    try {
      const exitCode = await runCommand(argv, { surroundings: { ...machinery, openDatabase }, terminal });
      return { exitCode, ...said };
    } finally {
      end();
    }
  }

  return {
    here,
    node,
    get service(): Service {
      return behind.service;
    },
    set service(other: Service) {
      behind.service = other;
    },
    call,
    records,
    block,
    lessorOn,
    lessor: (...argv: string[]) => lessorOn(libsqlDatabase, ...argv),
    added: (container: string, stdin?: string) => succeeds('ADD', container, stdin),
    deleted: (container: string, stdin?: string) => succeeds('DEL', container, stdin),
    /** Of a network that has a data directory of its own. */
    apart: () => network({ dataDir: join(node.directory, 'apart') }),
    apartDir: () => join(node.directory, 'apart', '.lessor'),
    isLeaving: (dataDir?: string) => records(dataDir).leaving.isLeaving(),
    life: () => here.store.nodes.readNode('i-1'),
    sentTo: (path: string) => behind.service.sent.filter((one) => one.path === path),
    /** Blocks that have an owner. */
    async blocksOwned() {
      const states = await Promise.all(Array.from({ length: BLOCKS }, (_, index) => block(index.toString(16))));
      return states.filter((state) => state?.owner !== undefined).length;
    },
    /** Adds the container: the block of its address. */
    async blockOf(container: string): Promise<string> {
      await succeeds('ADD', container);
      const { slot } = node.entry(container)?.acknowledged ?? {};
      if (slot === undefined) throw new Error('not acknowledged');
      return slot.block;
    },
  };
}
