/** `lessor leave`, with the service's own use cases behind it. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../../../cni-shim/commands/command-line.ts';
import type { Database, OpenDatabase } from '../../../cni-shim/machine/database.ts';
import { wasDeclaredDead } from '../../../cni-shim/node/declared-dead.ts';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { routes } from '../../../core/contract/routes.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { goodbye } from '../../../functions/use-cases/nodes/goodbye.ts';
import { reclaim } from '../../../functions/use-cases/reclaim/reclaim.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { callOf, type World, world } from '../../functions/world.ts';
import { libsqlDatabase, processDatabases } from '../../support/libsql-database.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import type { FakeApi } from '../fake-api.ts';
import { configuration, Node } from '../in-process.ts';
import { type Sent, type Service, serviceFor } from '../service.ts';

const api = {
  endpoint: 'http://lessor.test',
  identity: { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' },
} as unknown as FakeApi;
const POOL = 'a'.repeat(16);

let here: World;
let node: Node;
let service: Service;

beforeEach(async () => {
  here = world();
  await ownedPool(here, { blocks: 8, blockSize: 4, cooldownSeconds: 0, name: 'green' });
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
});
afterEach(() => node.remove());

const around = () => ({
  fetch: service.fetch,
  now: () => here.clock.now,
  sleep: async (milliseconds: number) => {
    here.clock.now += milliseconds;
  },
});
const own = configuration({ ranges: undefined, pool: 'green', routes: undefined });
/** Of a network that has a data directory of its own. */
const apart = () =>
  configuration({ ranges: undefined, pool: 'green', routes: undefined, dataDir: join(node.directory, 'apart') });
const apartDir = () => join(node.directory, 'apart', '.lessor');

const call = (verb: string, container: string, stdin = own) =>
  node.call(verb, container, { stdin, surroundings: around() });
async function added(container: string, stdin = own): Promise<string> {
  const called = await call('ADD', container, stdin);
  if (called.exitCode !== 0) throw new Error(called.stdout);
  return called.printed.ips[0].address;
}
async function deleted(container: string, stdin = own): Promise<void> {
  expect(await call('DEL', container, stdin)).toMatchObject({ exitCode: 0 });
}

const lessor = (...argv: string[]) => lessorOn(libsqlDatabase, ...argv);
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
const records = (dataDir = node.dataDir) => openRecords({ ...machineUnderNode(), ...node.here, ...around() }, dataDir);
const isLeaving = (dataDir?: string) => records(dataDir).leaving.isLeaving();
const life = () => here.store.nodes.readNode('i-1');
const sentTo = (path: string) => service.sent.filter((one) => one.path === path);
const to =
  (path: string, fate: 'unreachable' | 'answer lost') =>
  (sent: Sent): typeof fate | undefined =>
    sent.path === path ? fate : undefined;
const reached = () => undefined;
const block = (text: string) => here.store.blocks.read({ pool: POOL, block: blockFromText(text) });
const blocksOwned = async () => {
  const states = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((index) => block(String(index))));
  return states.filter((state) => state?.owner !== undefined).length;
};
async function blockOf(container: string): Promise<string> {
  await added(container);
  const { slot } = node.entry(container)?.acknowledged ?? {};
  if (slot === undefined) throw new Error('not acknowledged');
  return slot.block;
}

describe('a node on which containers live', () => {
  test('does not leave, and nothing is changed', async () => {
    await added('a');
    await added('b');
    const before = service.sent.length;
    expect(await lessor('leave')).toEqual({
      exitCode: 37,
      out: '',
      err: 'lessor: 2 attachments have an address on this node: drain the node first, and repeat; lessor status lists them, and lessor reconcile frees what ended without a DEL\n',
    });
    expect((await lessor('leave', '--dry-run')).exitCode).toBe(37);
    expect(service.sent).toHaveLength(before);
    expect(isLeaving()).toBe(false);
    await added('c');
  });

  test('in another data directory does not leave either', async () => {
    await added('a');
    await added('b', apart());
    await deleted('a');
    expect(await lessor('leave', '--data-dir', apartDir())).toMatchObject({
      exitCode: 37,
      err: expect.stringContaining('1 attachment has'),
    });
    expect([isLeaving(), isLeaving(apartDir())]).toEqual([false, false]);
  });

  test('of which a journal has it that is not named does not say goodbye', async () => {
    await added('a');
    await added('b', apart());
    await deleted('a');
    expect(await lessor('leave')).toMatchObject({
      exitCode: 37,
      err: expect.stringContaining('1 lease of this node of which no journal here knows'),
    });
    expect(sentTo(routes.goodbye.path)).toEqual([]);
    expect(await lessor('leave', '--stay')).toMatchObject({ exitCode: 0, out: 'Containers may begin here again.\n' });
    await added('c');
  });

  test('and whose journal was lost in this boot does not leave', async () => {
    await added('a');
    records().setMeta('lost', JSON.stringify({ boot: node.bootId, at: 0, aside: '/x' }));
    await deleted('a');
    expect(await lessor('leave')).toMatchObject({
      exitCode: 37,
      err: expect.stringContaining('was lost in this boot'),
    });
    expect(isLeaving()).toBe(false);
  });
});

describe('a drained node', () => {
  test('gives its blocks back, its life is over, and it may begin another one', async () => {
    const first = await blockOf('a');
    await deleted('a');
    expect(await block(first)).toMatchObject({ state: 'claimed' });
    const { exitCode, out } = await lessor('leave');
    expect(exitCode).toBe(0);
    expect(out).toBe(`Releases made afterwards          0
Leases released without a reason  0
Blocks given back                 1
Life that is over                 1

POOL   BLOCK  GENERATION
green  ${first}      1

The node has left.
`);
    expect(await life()).toMatchObject({ alive: false, incarnation: 1 });
    expect(await here.store.nodes.listDeaths()).toMatchObject([
      { node: 'i-1', incarnation: 1, reason: 'said goodbye', declaredBy: 'i-1' },
    ]);
    expect(isLeaving()).toBe(false);
    expect(records().caches()).toEqual([]);
    await reclaim(here.environment());
    expect(await blocksOwned()).toBe(0);

    await added('b');
    expect(await life()).toMatchObject({ alive: true, incarnation: 2 });
    expect(node.entry('b')).toMatchObject({ incarnation: 2 });
    await reclaim(here.environment());
    expect(await call('CHECK', 'b')).not.toMatchObject({ printed: { code: 105 } });
    expect(await blocksOwned()).toBe(1);
  });

  test('leaves twice, and one that the service does not know leaves too', async () => {
    await added('a');
    await deleted('a');
    expect((await lessor('leave')).exitCode).toBe(0);
    expect(JSON.parse((await lessor('leave', '--json')).out)).toMatchObject({
      dryRun: false,
      blocks: [],
      life: { boot: 'boot-1', incarnation: 1 },
    });
    service = serviceFor(world().environment(), 'i-1');
    expect(JSON.parse((await lessor('leave', '--json')).out)).not.toHaveProperty('life');
  });

  test('of two data directories leaves with both', async () => {
    await added('a');
    await added('b', apart());
    await deleted('a');
    await deleted('b', apart());
    expect(JSON.parse((await lessor('leave', '--data-dir', apartDir(), '--json')).out).blocks).toHaveLength(2);
    expect(sentTo(routes.goodbye.path)).toHaveLength(1);
    expect([isLeaving(), isLeaving(apartDir())]).toEqual([false, false]);
    expect(await blocksOwned()).toBe(0);
  });

  test('shows what it would do, and sends only reads', async () => {
    await added('a');
    await deleted('a');
    const rows = () =>
      ['meta', 'lease', 'slot', 'outbox', 'pool', 'returned_block'].map((name) => node.rows(`SELECT * FROM ${name}`));
    const before = rows();
    const sent = service.sent.length;
    const { exitCode, out } = await lessor('leave', '--dry-run');
    expect(exitCode).toBe(0);
    expect(out).toContain('Life that would be over');
    expect(out).toContain('The node stays as it is.');
    expect(service.sent.slice(sent).map(({ method, path }) => [method, path])).toEqual([
      ['GET', routes.ownLeases.path],
    ]);
    expect(rows()).toEqual(before);
    expect(await life()).toMatchObject({ alive: true });
  });

  test('releases what an earlier boot left', async () => {
    await added('a');
    node.bootId = 'boot-2';
    expect((await lessor('leave')).exitCode).toBe(0);
    expect(sentTo(routes.release.path)).toHaveLength(1);
    expect(await life()).toMatchObject({ alive: false, incarnation: 1 });
    await reclaim(here.environment());
    expect(await blocksOwned()).toBe(0);
  });

  test('that the service takes for another node does not say goodbye', async () => {
    await added('a');
    await deleted('a');
    service = serviceFor(here.environment(), 'i-2');
    expect(await lessor('leave')).toMatchObject({ exitCode: 21, err: expect.stringContaining('i-2') });
    expect(sentTo(routes.goodbye.path)).toEqual([]);
  });
});

describe('a node that is leaving', () => {
  const steps = [routes.heartbeat.path, routes.ownLeases.path, routes.goodbye.path];
  test.each(steps.flatMap((path) => (['unreachable', 'answer lost'] as const).map((fate) => [path, fate] as const)))(
    'stays so where %s is %s: no container begins, and a repeat finishes',
    async (path, fate) => {
      await added('a');
      await deleted('a');
      service.fate = to(path, fate);
      expect((await lessor('leave')).exitCode).toBe(30);
      expect(isLeaving()).toBe(true);
      service.fate = reached;
      const { exitCode, printed } = await call('ADD', 'b');
      expect(exitCode).toBe(1);
      expect(printed).toMatchObject({
        code: 11,
        msg: 'lessor: this node is leaving: no container begins here',
        details: expect.stringContaining('lessor leave --stay'),
      });
      expect(node.entries()).toEqual([]);
      await deleted('b');
      expect((await lessor('leave')).exitCode).toBe(0);
      await added('b');
      expect(await life()).toMatchObject({ alive: true, incarnation: 2 });
    },
  );

  test('flushes its outbox first', async () => {
    await added('a');
    service.fate = to(routes.release.path, 'unreachable');
    await deleted('a');
    expect(records().outbox.toRelease()).toHaveLength(1);
    expect((await lessor('leave')).exitCode).toBe(30);
    expect(sentTo(routes.goodbye.path)).toEqual([]);
    service.fate = reached;
    expect(JSON.parse((await lessor('leave', '--json')).out)).toMatchObject({ releasedLater: 1 });
    expect(await blocksOwned()).toBe(0);
  });

  test('leaves although a block could not be given back: it is taken back with its life', async () => {
    await added('a');
    await deleted('a');
    service.fate = to(routes.giveBack.path, 'unreachable');
    expect((await lessor('leave')).exitCode).toBe(0);
    expect(await blocksOwned()).toBe(1);
    await reclaim(here.environment());
    expect(await blocksOwned()).toBe(0);
  });

  test('stays where somebody changes their mind before the goodbye', async () => {
    await added('a');
    await deleted('a');
    service.fate = to(routes.ownLeases.path, 'unreachable');
    await lessor('leave');
    service.fate = reached;
    expect((await lessor('leave', '--stay', '--dry-run')).out).toBe('Containers could begin here again.\n');
    expect(isLeaving()).toBe(true);
    expect((await lessor('leave', '--stay')).out).toBe('Containers may begin here again.\n');
    expect((await lessor('leave', '--stay')).out).toBe('The node was not leaving.\n');
    await added('b');
    expect(await life()).toMatchObject({ alive: true, incarnation: 1 });
  });

  test('does not stay once the goodbye was sent: it may be late', async () => {
    await added('a');
    await deleted('a');
    service.fate = to(routes.goodbye.path, 'unreachable');
    await lessor('leave');
    const [late] = sentTo(routes.goodbye.path);
    service.fate = reached;
    expect(await lessor('leave', '--stay')).toMatchObject({
      exitCode: 46,
      err: expect.stringContaining('may arrive at any time'),
    });
    expect((await call('ADD', 'b')).exitCode).toBe(1);
    expect((await lessor('leave')).exitCode).toBe(0);
    await added('b');
    expect(await goodbye(here.environment(), callOf('i-1'), late?.body)).toEqual({ ended: false });
    await reclaim(here.environment());
    expect(await life()).toMatchObject({ alive: true, incarnation: 2 });
    expect(await blocksOwned()).toBe(1);
  });

  test('of two data directories, killed between the two, takes containers again once it is in a later life', async () => {
    await added('a');
    await added('b', apart());
    await deleted('a');
    await deleted('b', apart());
    service.fate = to(routes.goodbye.path, 'answer lost');
    await lessor('leave', '--data-dir', apartDir());
    service.fate = reached;
    // Killed after the first of the two.
    expect(records().leaving.finish(1)).toBe(true);
    expect((await call('ADD', 'c', apart())).exitCode).toBe(1);
    await added('c');
    expect((await lessor('leave', '--data-dir', apartDir())).exitCode).toBe(37);
    expect(await lessor('leave', '--stay', '--data-dir', apartDir())).toMatchObject({ exitCode: 0 });
    await added('d', apart());
  });

  test('does so until it boots again', async () => {
    await added('a');
    await deleted('a');
    service.fate = to(routes.goodbye.path, 'answer lost');
    await lessor('leave');
    service.fate = reached;
    node.bootId = 'boot-2';
    await added('b');
    expect(await life()).toMatchObject({ alive: true, incarnation: 2 });
  });
});

test('killed before and after any step in the database it goes on where it is repeated', async () => {
  let survived = 0;
  for (let isOver = false; !isOver; survived += 1) {
    await added('a');
    await deleted('a');
    const before = await life();
    let left = survived;
    const dying: OpenDatabase = (path) => {
      const database = libsqlDatabase(path);
      const mortal = <A extends unknown[], R>(act: (...args: A) => R) => {
        return (...args: A): R => {
          if (left-- <= 0) throw new Error('killed');
          return act(...args);
        };
      };
      // What a process leaves halfway the next one rolls back.
      const close = () => {
        if (left < 0) rollBack(database);
        database.close();
      };
      return { ...database, run: mortal(database.run), exec: mortal(database.exec), close };
    };
    const { exitCode } = await lessorOn(dying, 'leave');
    isOver = exitCode === 0;
    if (!isOver) expect((await lessor('leave')).exitCode).toBe(0);
    expect(await life()).toMatchObject({ alive: false, incarnation: before?.incarnation });
    await reclaim(here.environment());
    expect(await blocksOwned()).toBe(0);
  }
  expect(survived).toBeGreaterThan(15);
});

function rollBack({ exec }: Pick<Database, 'exec'>): void {
  try {
    exec('ROLLBACK');
  } catch {
    // There was no transaction.
  }
}

describe('a life that was left', () => {
  test('is not used again, whoever notes late what it was told', async () => {
    await added('a');
    await deleted('a');
    const [cache] = records().caches();
    if (cache === undefined) throw new Error('no cache');
    await lessor('leave');
    records().update(POOL, () => cache);
    expect(records().cacheOf(POOL)).toBeUndefined();
    await added('b');
    records().update(POOL, () => cache);
    expect(records().cacheOf(POOL)?.incarnation).toBe(2);
  });

  test('was not declared over by somebody else', async () => {
    await added('a');
    await deleted('a');
    await lessor('leave');
    const answer = { declaredDead: true, incarnation: 1 };
    expect(wasDeclaredDead(answer, [records()])).toBe(false);
    expect(wasDeclaredDead({ ...answer, incarnation: 2 }, [records()])).toBe(true);
    expect(wasDeclaredDead({ declaredDead: true }, [records()])).toBe(true);
    expect(wasDeclaredDead({ ...answer, declaredDead: false }, [records()])).toBe(false);
  });
});

test('an ADD that begins between the look and the mark is seen', async () => {
  const { leaving } = records();
  await added('a');
  expect(leaving.begin()).toBe(1);
  expect(leaving.isLeaving()).toBe(false);
});

test('of two that leave at once only the one that said the last goodbye ends it', async () => {
  await added('a');
  await deleted('a');
  const { leaving } = records();
  expect(leaving.begin()).toBe(0);
  expect(leaving.sayGoodbye(2)).toBe(true);
  expect(leaving.finish(1)).toBe(false);
  expect(leaving.stay()).toBe('said');
  expect(leaving.finish(2)).toBe(true);
  expect(leaving.finish(2)).toBe(false);
  expect(leaving.sayGoodbye(2)).toBe(false);
});
