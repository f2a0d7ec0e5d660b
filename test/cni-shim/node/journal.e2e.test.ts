/** The journal under the compiled executable, with the SQLite of its own runtime: many at once, killed, on bad disks. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPlugin } from '../../../cni-shim/build/build.ts';
import { available } from '../../support/prerequisite.ts';
import type { FakeApi } from '../fake-api.ts';
import { withFreshNode } from '../fresh-node.ts';
import { configuration, NETWORK, type Node } from '../in-process.ts';
import { call, type Ended, start } from '../plugin-process.ts';

let executable: string;
let api: FakeApi;
let node: Node;

beforeAll(async () => {
  executable = (await buildPlugin()).path;
});
withFreshNode((fresh) => {
  ({ api, node } = fresh);
});
beforeEach(() => {
  // What it costs to verify would be the time in which nothing overlaps.
  api.verifies = false;
});

const stdin = configuration({ ranges: [[{ subnet: '10.244.0.0/16' }]] });
const plugin = (verb: string, containerId: string) => ({
  executable,
  env: { ...node.env, CNI_COMMAND: verb, CNI_CONTAINERID: containerId },
  stdin,
});
const run = (verb: string, containerId: string): Promise<Ended> => call(plugin(verb, containerId));
const atOnce = (verb: string, ids: readonly string[]) => Promise.all(ids.map((id) => run(verb, id)));
const ids = (count: number, prefix = 'c') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const owners = () => [...api.leases(NETWORK).values()].map(({ owner }) => owner.split('@')[0]).sort();
const failures = (ended: readonly Ended[]) =>
  ended.filter(({ exitCode }) => exitCode !== 0).map(({ stdout }) => stdout);
const integrity = () => node.rows('PRAGMA integrity_check');
const sound = [{ integrity_check: 'ok' }];

describe('128 at once', () => {
  test('on a node that has nothing yet lose no lease and share no slot, nor do the next 100, nor their DELs', async () => {
    const [first, second] = [ids(128), ids(100, 'd')];
    let all = 0;
    for (const some of [first, second]) {
      const added = await atOnce('ADD', some);
      expect(failures(added)).toEqual([]);
      all += some.length;
      expect(new Set(added.map(({ printed }) => printed.ips[0].address)).size).toBe(some.length);
      expect([owners().length, new Set(owners()).size]).toEqual([all, all]);
      expect([node.entries().length, node.slots().length]).toEqual([all, all]);
      const slots = node.entries().map(({ acknowledged }) => JSON.stringify(acknowledged?.slot));
      expect(new Set(slots).size).toBe(all);
    }
    expect(api.allocations()).toHaveLength(228);
    // A fresh node knows nothing to propose, and what is granted unproposed may be proposed meanwhile; afterwards each has its own.
    const proposals = api
      .allocations()
      .slice(first.length)
      .map(({ proposal }) => JSON.stringify(proposal));
    expect(proposals).not.toContain(undefined);
    expect(new Set(proposals).size).toBe(second.length);
    for (const some of [first, second]) expect(failures(await atOnce('DEL', some))).toEqual([]);
    expect([owners(), node.entries(), node.slots(), integrity()]).toEqual([[], [], [], sound]);
  });
});

describe('killed', () => {
  /** Starts them at once; each is killed some time (ms) after its start. */
  async function killed(verb: string, some: readonly string[], after: (index: number) => number): Promise<void> {
    const all = some.map((id, index) => {
      const { process: child, ended } = start(plugin(verb, id));
      const timer = setTimeout(() => child.kill('SIGKILL'), after(index));
      return ended.finally(() => clearTimeout(timer));
    });
    await Promise.all(all);
  }
  /** 0 to 20 ms, spread over the whole. */
  const spread = (round: number, index: number) => ((round * 7 + index * 3) * 0.618 * 20) % 20;

  test('60 times in ADD, and in DEL, the journal is sound, and DEL frees all', async () => {
    await run('ADD', 'living');
    for (const verb of ['ADD', 'DEL']) {
      for (let round = 0; round < 15; round += 1) {
        const some = ids(4, `${verb.toLowerCase()}${round}-`);
        if (verb === 'DEL') expect(failures(await atOnce('ADD', some))).toEqual([]);
        await killed(verb, some, (index) => spread(round, index));
      }
      expect(integrity()).toEqual(sound);
      const all = Array.from({ length: 15 }, (_, round) => ids(4, `${verb.toLowerCase()}${round}-`)).flat();
      expect(failures(await atOnce('DEL', all))).toEqual([]);
      expect([owners(), node.attachments(), node.slots().length]).toEqual([['living'], ['living@eth0'], 1]);
    }
  });

  test('60 times while the journal comes to be, the next one makes it', async () => {
    for (let round = 0; round < 15; round += 1) {
      node.loseJournal();
      const some = ids(4);
      await killed('ADD', some, (index) => spread(round, index));
      expect(failures(await atOnce('ADD', some))).toEqual([]);
      expect(integrity()).toEqual(sound);
      expect(failures(await atOnce('DEL', some))).toEqual([]);
      expect([node.entries(), node.slots()]).toEqual([[], []]);
    }
    expect(owners()).toEqual([]);
  }, 120_000);
});

describe('agent, reconcile and plugin together', () => {
  test('take nothing from a container that lives, and leave nothing of one that is gone', async () => {
    const commands = Object.fromEntries(Object.entries(node.env).filter(([name]) => !name.startsWith('CNI_')));
    const agent = spawn(executable, ['agent', '--listen', '127.0.0.1:0'], { env: commands, stdio: 'ignore' });
    const namespaces = join(node.directory, 'netns');
    mkdirSync(namespaces);
    const living: string[] = [];
    let isOver = false;
    const work = async (worker: number) => {
      for (let turn = 0; turn < 12; turn += 1) {
        const id = `w${worker}-${turn}`;
        const netns = join(namespaces, id);
        writeFileSync(netns, '');
        const of = (verb: string) => ({ ...plugin(verb, id), env: { ...plugin(verb, id).env, CNI_NETNS: netns } });
        expect(failures([await call(of('ADD'))])).toEqual([]);
        if (turn % 3 === 0) living.push(id);
        else if (turn % 3 === 1) expect(failures([await call(of('DEL'))])).toEqual([]);
        if (turn % 3 !== 0) rmSync(netns);
      }
    };
    const reconcile = async () => {
      const child = spawn(executable, ['reconcile', '--grace', '0'], { env: commands, stdio: 'ignore' });
      return await new Promise<number | null>((ended) => child.once('close', ended));
    };
    const reconciling = (async () => {
      const codes: (number | null)[] = [];
      while (!isOver) codes.push(await reconcile());
      return codes;
    })();
    try {
      await Promise.all([0, 1, 2, 3].map(work));
    } finally {
      isOver = true;
      expect(new Set(await reconciling)).toEqual(new Set([0]));
      agent.kill('SIGKILL');
    }
    expect(await reconcile()).toBe(0);
    expect(owners()).toEqual([...living].sort());
    expect([node.attachments().length, node.slots().length, integrity()]).toEqual([16, 16, sound]);
    expect(node.outbox()).toEqual({ reports: [], releases: [] });
  });
});

describe('a damaged journal', () => {
  const PAGE = 4096;
  const putAside = () => readdirSync(node.dataDir).filter((name) => name.includes('.damaged-'));

  test('that 32 find at once is put aside once, and what they add is in the next one', async () => {
    expect(failures(await atOnce('ADD', ids(8, 'old')))).toEqual([]);
    for (let round = 0; round < 10; round += 1) {
      // Else the log has the pages, and nothing is lost.
      node.rows('PRAGMA wal_checkpoint(TRUNCATE)');
      writeFileSync(node.journalPath, 'garbage'.repeat(2000));
      const some = ids(32, `new${round}-`);
      expect(failures(await atOnce('ADD', some))).toEqual([]);
      expect(putAside()).toHaveLength(round + 1);
      expect(node.attachments()).toEqual(some.map((id) => `${id}@eth0`).sort());
      expect(integrity()).toEqual(sound);
    }
    expect(owners()).toHaveLength(8 + 10 * 32);
  });

  test('is found whichever page is overwritten with what is no text, and nothing that lives is released', async () => {
    expect(failures(await atOnce('ADD', ids(20)))).toEqual([]);
    node.rows('PRAGMA wal_checkpoint(TRUNCATE)');
    const [directory, copy] = [dirname(node.journalPath), join(node.directory, 'copy')];
    cpSync(directory, copy, { recursive: true });
    const pages = statSync(node.journalPath).size / PAGE;
    for (let page = 0; page < pages; page += 1) {
      node.loseJournal();
      mkdirSync(node.dataDir);
      cpSync(copy, directory, { recursive: true });
      const file = openSync(node.journalPath, 'r+');
      writeSync(file, new Uint8Array(PAGE).fill(255), 0, PAGE, page * PAGE);
      closeSync(file);
      const first = await run('ADD', 'after');
      if (first.exitCode !== 0) {
        expect(first.printed).toMatchObject({ code: 5, msg: expect.stringContaining(node.journalPath) });
        expect(await run('ADD', 'after')).toMatchObject({ exitCode: 0 });
      }
      expect(await run('DEL', 'after')).toMatchObject({ exitCode: 0, stderr: '' });
      expect(owners()).toEqual(ids(20).sort());
    }
  });
});

const missing = ['unshare', 'mount'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
if (process.getuid?.() !== 0) missing.push('root');

describe.runIf(available('the journal on disks that fail', missing))('a disk', () => {
  interface Step {
    /** Between the calls, in a namespace with mounts of its own. */
    readonly shell?: string;
    readonly verb?: string;
    readonly id?: string;
  }
  /** What the calls print, in the order of the steps; `''` where that is nothing. */
  async function onDisk(steps: readonly Step[]): Promise<{ readonly exitCode: number; readonly printed: unknown }[]> {
    mkdirSync(node.dataDir, { recursive: true });
    const script = steps
      .map(({ shell, verb, id }) =>
        shell === undefined
          ? `printf '%s' "$STDIN" | CNI_COMMAND=${verb} CNI_CONTAINERID=${id} "$EXECUTABLE"; echo "#$?"`
          : `{ ${shell}; } >&2 || exit 1`,
      )
      .join('\n');
    const env = { ...node.env, PATH: process.env.PATH, STDIN: stdin, EXECUTABLE: executable, DATA: node.dataDir };
    const { stdout } = await promisify(execFile)(
      'unshare',
      ['--mount', '--propagation', 'private', 'sh', '-c', script],
      { env },
    );
    return [...stdout.matchAll(/^(\{.*\}\n)?#(\d+)$/gm)].map(([, text = '', code]) => ({
      exitCode: Number(code),
      printed: text.trim() === '' ? '' : JSON.parse(text),
    }));
  }
  const storageError = (remedy: string) => ({
    exitCode: 1,
    printed: { code: 5, msg: expect.stringContaining(node.dataDir), details: expect.stringContaining(remedy) },
  });

  test('that is read-only is named with what is to be done, and all goes on once it can be written', async () => {
    await run('ADD', 'c1');
    const asked = api.received.length;
    const readOnly =
      'cp -a "$DATA" "$DATA.copy"; mount -t tmpfs none "$DATA"; cp -a "$DATA.copy/." "$DATA"; mount -o remount,ro "$DATA"';
    const done = await onDisk([
      { shell: readOnly },
      { verb: 'ADD', id: 'c2' },
      { verb: 'DEL', id: 'c1' },
      { shell: 'mount -o remount,rw "$DATA"' },
      { verb: 'ADD', id: 'c2' },
      { verb: 'DEL', id: 'c1' },
    ]);
    expect(done.slice(0, 2)).toMatchObject([
      storageError('the file system is read-only'),
      storageError('the file system is read-only'),
    ]);
    expect(done.slice(2).map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(api.received).toHaveLength(asked + 2);
    expect(owners()).toEqual(['c2']);
  });

  test('that is read-only and has no journal yet is named as well', async () => {
    const done = await onDisk([
      { shell: 'mount -t tmpfs -o ro none "$DATA"' },
      { verb: 'ADD', id: 'c1' },
      { verb: 'DEL', id: 'c1' },
    ]);
    expect(done[0]).toMatchObject(storageError('read-only'));
    // Nothing was ever asked for from here, as far as can be known: the service is asked.
    expect(done[1]).toEqual({ exitCode: 0, printed: '' });
    expect(api.allocations()).toEqual([]);
  });

  test('that is full is named with what is to be done, and all goes on once there is space', async () => {
    const done = await onDisk([
      { shell: 'mount -t tmpfs -o size=400k none "$DATA"' },
      { verb: 'ADD', id: 'c1' },
      { shell: 'cat /dev/zero > "$DATA/filler" || true' },
      { verb: 'ADD', id: 'c2' },
      { verb: 'ADD', id: 'c3' },
      { shell: 'rm "$DATA/filler"' },
      { verb: 'ADD', id: 'c2' },
      { verb: 'DEL', id: 'c1' },
      { verb: 'DEL', id: 'c3' },
    ]);
    expect(done.map(({ exitCode }) => exitCode)).toEqual([0, 1, 1, 0, 0, 0]);
    expect(done.slice(1, 3)).toMatchObject([storageError('free some space'), storageError('free some space')]);
    expect(owners()).toEqual(['c2']);
    expect(api.allocations().map(({ attachment }) => attachment.containerId)).toEqual(['c1', 'c2']);
  });

  test('that two machines share has a journal for each, and none frees what is the other’s', async () => {
    const machine = (id: string) =>
      `printf '%s' ${id.repeat(32)} > "$DATA.id"; mount --bind "$DATA.id" /etc/machine-id`;
    const gc = configuration(
      { ranges: [[{ subnet: '10.244.0.0/16' }]] },
      { cniVersion: '1.1.0', 'cni.dev/valid-attachments': [] },
    );
    const done = await onDisk([
      { shell: machine('a') },
      { verb: 'ADD', id: 'a1' },
      { shell: `umount /etc/machine-id; ${machine('b')}` },
      { verb: 'ADD', id: 'b1' },
      { shell: `STDIN='${gc}'; unset CNI_IFNAME CNI_NETNS` },
      { verb: 'GC', id: '' },
    ]);
    expect(done.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    node.machineId = 'a'.repeat(32);
    expect(node.attachments()).toEqual(['a1@eth0']);
    node.machineId = 'b'.repeat(32);
    expect(node.attachments()).toEqual([]);
  });
});
