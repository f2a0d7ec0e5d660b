/** The journal on a disk that is full, read-only or damaged, and beside other journals, seen through the plugin. */
import {
  closeSync,
  cpSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { OpenDatabase } from '../../../cni-shim/machine/database.ts';
import { nodeFiles } from '../../../cni-shim/machine/files.ts';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { libsqlDatabase } from '../../support/libsql-database.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import { failingDatabase } from '../failing-database.ts';
import type { FakeApi } from '../fake-api.ts';
import { withFreshNode } from '../fresh-node.ts';
import { configuration, NETWORK, type Node, PATIENT } from '../in-process.ts';

let api: FakeApi;
let node: Node;
withFreshNode((fresh) => {
  ({ api, node } = fresh);
  node.limits = PATIENT;
});

const owners = () => [...api.leases(NETWORK).values()].map(({ owner }) => owner.split('@')[0]).sort();
const everything = () =>
  ['lease', 'slot', 'outbox', 'pool', 'returned_block', 'meta'].map((table) => node.rows(`SELECT * FROM ${table}`));
const records = () => openRecords({ ...machineUnderNode(), ...node.here }, node.dataDir);
const withResult = () => configuration({}, { cniVersion: '1.0.0', prevResult: { cniVersion: '1.0.0', ips: [] } });
const storageError = (remedy: string) => ({
  code: 5,
  msg: expect.stringContaining(node.journalPath),
  details: expect.stringContaining(remedy),
});

describe('a disk that fails', () => {
  test('for want of space says so, asks the service nothing, and leaves everything as it was', async () => {
    for (let count = 0; count < 30; count += 1) await node.add(`c${count}`);
    const [before, asked] = [everything(), api.received.length];
    const full: OpenDatabase = (path) => {
      const database = libsqlDatabase(path);
      // No page more than there are.
      database.exec('PRAGMA max_page_count = 1');
      return database;
    };
    const call = { env: { CNI_NETNS: `/run/netns/${'n'.repeat(4000)}` }, surroundings: { openDatabase: full } };
    expect((await node.add('c30', call)).printed).toMatchObject(storageError('free some space'));
    expect([everything(), api.received.length]).toEqual([before, asked]);
    expect((await node.del('c0', call)).exitCode).toBe(0);
    expect((await node.add('c30', { ...call, surroundings: {} })).exitCode).toBe(0);
  });

  test.each([
    ['SQLITE_FULL', 'free some space'],
    ['SQLITE_READONLY', 'name a writable directory'],
    ['SQLITE_IOERR', 'look at the disk'],
    ['SQLITE_CANTOPEN', 'run the plugin as root'],
    ['SQLITE_BUSY', 'will try again'],
    ['SQLITE_LOCKED', 'look at the file'],
  ])('with %s at any statement of ADD or DEL is named with its remedy, and healed by DEL', async (code, remedy) => {
    await node.add('first');
    for (const verb of ['ADD', 'DEL']) {
      for (let succeeded = 0; ; succeeded += 1) {
        if (verb === 'DEL') await node.add('victim');
        const before = everything();
        const { openDatabase, hasFailed } = failingDatabase(libsqlDatabase, code, succeeded);
        const { exitCode, printed } = await node.call(verb, 'victim', { surroundings: { openDatabase } });
        const at = `${verb} after ${succeeded}`;
        expect([at, exitCode]).toEqual([at, hasFailed() ? 1 : 0]);
        if (hasFailed()) expect(printed).toMatchObject(storageError(remedy));
        // Its first transaction: opening is one statement, its beginning another.
        if (succeeded <= 2) expect(everything()).toEqual(before);
        expect((await node.del('victim')).exitCode).toBe(0);
        expect([at, owners(), node.attachments(), node.slots().length]).toEqual([at, ['first'], ['first@eth0'], 1]);
        if (!hasFailed()) break;
      }
    }
  });

  test('keeps nobody from a fresh node: what could not be made is made by the next one', async () => {
    for (let succeeded = 0; ; succeeded += 1) {
      const { openDatabase, hasFailed } = failingDatabase(libsqlDatabase, 'SQLITE_FULL', succeeded);
      const { printed } = await node.add('c1', { surroundings: { openDatabase } });
      if (hasFailed()) expect(printed).toMatchObject(storageError('free some space'));
      expect((await node.add('c1')).exitCode).toBe(0);
      expect((await node.del('c1')).exitCode).toBe(0);
      expect(owners()).toEqual([]);
      node.loseJournal();
      if (!hasFailed()) break;
    }
  });

  test('where no file can be made at all is named with the directory', async () => {
    const refuses = (code: string) => ({
      ...nodeFiles,
      create(path: string): number {
        throw Object.assign(new Error(code), { code, syscall: 'open', path });
      },
    });
    for (const [code, remedy] of [
      ['EROFS', 'read-only'],
      ['EACCES', 'as root'],
      ['ENOSPC', 'free some space'],
    ] as const) {
      const { printed } = await node.add('c1', { surroundings: { files: refuses(code) } });
      expect(printed).toMatchObject({ ...storageError(remedy), msg: expect.stringContaining(directory()) });
    }
    expect(api.received).toEqual([]);
  });
});

describe('a journal of another release', () => {
  test('is refused where the release could not work with it, with both numbers and what is to be done', async () => {
    await node.add('c1');
    node.write('PRAGMA user_version = 200');
    const before = everything();
    for (const verb of ['ADD', 'DEL', 'CHECK']) {
      const { printed } = await node.call(verb, 'c1', { stdin: withResult() });
      expect(printed).toMatchObject(storageError('install the release that wrote it'));
      expect(printed.msg).toMatch(/has schema 200, and this release knows 100$/);
    }
    expect(everything()).toEqual(before);
    expect(api.received).toHaveLength(1);
  });

  test('is worked with where that one only added to it', async () => {
    await node.add('c1');
    for (const table of ['lease', 'slot', 'outbox', 'pool', 'returned_block', 'meta'])
      node.write(`ALTER TABLE ${table} ADD COLUMN later TEXT`);
    node.write('CREATE TABLE later (id TEXT PRIMARY KEY) STRICT');
    node.write('PRAGMA user_version = 101');
    expect((await node.add('c2')).exitCode).toBe(0);
    for (const id of ['c1', 'c2']) expect((await node.del(id)).exitCode).toBe(0);
    expect(owners()).toEqual([]);
    expect(node.rows('PRAGMA user_version')).toEqual([{ user_version: 101 }]);
  });
});

/** Overwrites part of a file, as a disk does. */
function overwrite(path: string, at: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

const PAGE = 4096;
const directory = () => dirname(node.journalPath);
const putAside = () => readdirSync(node.dataDir).filter((name) => name.includes('.damaged-'));
/** Everything is in the one file, as after the last process has ended in peace. */
const settled = () => {
  node.rows('PRAGMA wal_checkpoint(TRUNCATE)');
  for (const part of ['-wal', '-shm']) rmSync(`${node.journalPath}${part}`, { force: true });
};
/** Of `verb`, until it succeeds: the runtime tries again. How often it failed. */
async function persist(verb: string, id: string): Promise<number> {
  for (let failed = 0; failed < 4; failed += 1) {
    const { exitCode, printed } = await node.call(verb, id);
    if (exitCode === 0) return failed;
    expect(printed).toMatchObject({ code: 5, msg: expect.stringContaining(node.journalPath) });
  }
  throw new Error(`${verb} ${id} does not succeed`);
}

describe('a damaged journal', () => {
  test.each<[string, () => void]>([
    ['garbage', () => writeFileSync(node.journalPath, 'no database at all'.repeat(1000))],
    ['garbage of a few bytes', () => writeFileSync(node.journalPath, 'no')],
    ['cut off in its first page', () => truncateSync(node.journalPath, 50)],
    ['cut off after its first page', () => truncateSync(node.journalPath, PAGE)],
    ['without its head', () => overwrite(node.journalPath, 0, new Uint8Array(100))],
    ['without its first page', () => overwrite(node.journalPath, 0, new Uint8Array(PAGE).fill(255))],
  ])('that is %s is put aside, and nothing is released on its account in this boot', async (_, damage) => {
    for (const id of ['c1', 'c2']) await node.add(id);
    settled();
    damage();
    const bytes = readFileSync(node.journalPath);
    expect(await persist('ADD', 'c3')).toBe(0);
    expect(putAside()).toHaveLength(1);
    expect(readFileSync(join(node.dataDir, putAside()[0] ?? '', 'node.db'))).toEqual(bytes);
    expect([node.attachments(), owners()]).toEqual([['c3@eth0'], ['c1', 'c2', 'c3']]);
    expect(records().isIntact).toBe(false);
    // It is asked what the lost one knew, also of what it knew nothing of.
    for (const id of ['c1', 'nobody']) expect(await persist('DEL', id)).toBe(0);
    expect(owners()).toEqual(['c2', 'c3']);
    node.bootId = 'boot-2';
    expect(records().isIntact).toBe(true);
  });

  test('is found whichever of its pages is overwritten, and until then it does not matter', async () => {
    for (let count = 0; count < 25; count += 1)
      await node.add(`c${count}`, { env: { CNI_NETNS: `/run/${'n'.repeat(3000)}` } });
    await node.add('long', { env: { CNI_NETNS: `/run/${'n'.repeat(4000)}` } });
    settled();
    const before = node.attachments();
    settled();
    const copy = join(node.directory, 'copy');
    cpSync(directory(), copy, { recursive: true });
    const pages = statSync(node.journalPath).size / PAGE;
    expect(pages).toBeGreaterThan(30);
    let aside = 0;
    for (let page = 0; page < pages; page += 1) {
      for (const [byte, length] of [
        [0, PAGE],
        [120, PAGE],
        [120, 100],
      ] as const) {
        node.loseJournal();
        cpSync(copy, directory(), { recursive: true });
        overwrite(node.journalPath, page * PAGE, new Uint8Array(length).fill(byte));
        await persist('ADD', 'after');
        records().journal.entries();
        const entries = node.attachments();
        if (putAside().length === 0) expect(entries.filter((name) => name !== 'after@eth0')).toEqual(before);
        else expect(records().isIntact).toBe(false);
        aside += putAside().length;
        await persist('DEL', 'after');
      }
    }
    expect(aside).toBeGreaterThan(2 * pages);
    // None of the 26 was released.
    expect(owners()).toHaveLength(before.length);
  }, 120_000);

  test('is put aside once by two processes that find it so, and the journal that the first one began stays', async () => {
    await node.add('c1');
    settled();
    writeFileSync(node.journalPath, 'garbage');
    const slow = {
      ...nodeFiles,
      move: (from: string, to: string) => {
        nodeFiles.move(from, to);
        const { journalId, journal } = records();
        journal.begin(
          {
            attachment: { network: NETWORK, containerId: 'c2', ifname: 'eth0' },
            nonce: `${journalId}x`,
            bootId: 'boot-1',
          },
          () => [],
        );
        // As of the second process, which looked at the damaged file before.
        nodeFiles.move(from, to);
      },
    };
    const other = await node.add('c3', { surroundings: { files: slow } });
    expect(other.exitCode).toBe(0);
    expect(node.attachments()).toEqual(['c2@eth0', 'c3@eth0']);
    expect(putAside()).toHaveLength(1);
  });
});

describe('a journal that another process puts aside', () => {
  const asideOf = (identity = '') => `${directory()}.damaged-${identity.replace(':', '-')}`;
  const once = (act: () => void) => {
    let hasHappened = false;
    return () => {
      if (!hasHappened) act();
      hasHappened = true;
    };
  };

  test('between two looks at it is begun again, and the ADD succeeds', async () => {
    await node.add('c1');
    settled();
    writeFileSync(node.journalPath, 'garbage');
    const other = once(() => renameSync(directory(), asideOf(nodeFiles.identity(directory()))));
    const files = {
      ...nodeFiles,
      identity(path: string) {
        if (path === node.journalPath) other();
        return nodeFiles.identity(path);
      },
    };
    expect((await node.add('c2', { surroundings: { files } })).exitCode).toBe(0);
    expect([node.attachments(), putAside().length]).toEqual([['c2@eth0'], 1]);
  });

  test('is not moved again where a third one has begun the next, of which it sees only that SQLite left something', async () => {
    await node.add('c1');
    // The log of a process that was killed.
    writeFileSync(`${node.journalPath}-wal`, '');
    const other = once(() => renameSync(directory(), asideOf(nodeFiles.identity(directory()))));
    const third = once(() =>
      records().journal.begin(
        { attachment: { network: NETWORK, containerId: 'c2', ifname: 'eth0' }, nonce: 'n', bootId: 'boot-1' },
        () => [],
      ),
    );
    const files = {
      ...nodeFiles,
      identity(path: string) {
        const identity = nodeFiles.identity(path);
        if (path.endsWith('-wal')) other();
        return identity;
      },
      move(from: string, to: string) {
        third();
        nodeFiles.move(from, to);
      },
    };
    expect((await node.add('c3', { surroundings: { files } })).exitCode).toBe(0);
    expect([node.attachments(), putAside().length]).toEqual([['c2@eth0', 'c3@eth0'], 1]);
  });
});

describe('a journal that is lost', () => {
  test('between two calls is another one afterwards, and what the first one held stays held', async () => {
    await node.add('c1');
    node.loseJournal();
    expect(await persist('ADD', 'c2')).toBe(0);
    expect(owners()).toEqual(['c1', 'c2']);
    const [first, second] = api.allocations().map(({ nonce }) => nonce.slice(0, 16));
    expect(first).not.toBe(second);
  });

  test('without what SQLite has beside it is put aside with that: the next one does not take it for its own', async () => {
    const { journal, journalId } = records();
    journal.begin(
      { attachment: { network: NETWORK, containerId: 'c1', ifname: 'eth0' }, nonce: 'n', bootId: 'b' },
      () => [],
    );
    expect(statSync(`${node.journalPath}-wal`).size).toBeGreaterThan(0);
    rmSync(node.journalPath);
    expect(await persist('ADD', 'c2')).toBe(0);
    expect(node.attachments()).toEqual(['c2@eth0']);
    expect(records().journalId).not.toBe(journalId);
    expect([records().isIntact, putAside().length]).toEqual([false, 1]);
  });

  test('while a DEL runs leaves that DEL its success', async () => {
    await node.add('c1');
    api.fate = ({ path }) => {
      if (path === '/v1/releases') node.loseJournal();
      return 'answer';
    };
    expect(await persist('DEL', 'c1')).toBe(0);
    expect([owners(), node.attachments()]).toEqual([[], []]);
  });

  test('while somebody has it open is not written to any more', async () => {
    const long = records();
    const { journalId } = long;
    node.loseJournal();
    expect(long.knownJournalId).toBeUndefined();
    await node.add('c1');
    expect(long.journal.entries().map(({ attachment }) => attachment.containerId)).toEqual(['c1']);
    expect(long.journalId).not.toBe(journalId);
    expect(long.journalId).toBe(records().journalId);
  });
});

describe('a clock that is set back, and a reboot', () => {
  test('take nothing from the journal, and nobody gets an address that is held', async () => {
    let ahead = 0;
    const surroundings = { now: () => Date.now() + ahead };
    for (const [index, hours] of [0, -24, 48, -72].entries()) {
      ahead += hours * 3_600_000;
      node.bootId = `boot-${index}`;
      expect((await node.add(`c${index}`, { surroundings })).exitCode).toBe(0);
    }
    expect(owners()).toEqual(['c0', 'c1', 'c2', 'c3']);
    expect(node.slots()).toHaveLength(4);
    for (let index = 3; index >= 0; index -= 1)
      expect((await node.del(`c${index}`, { surroundings })).exitCode).toBe(0);
    expect([owners(), node.slots(), node.attachments()]).toEqual([[], [], []]);
  });
});
