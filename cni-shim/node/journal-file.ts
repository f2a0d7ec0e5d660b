/**
 * The file of a node's journal: made with its schema, and put aside where it is damaged. Nothing waits for the disk but a
 * checkpoint: what counts after a power cut is decided by the boot that a row names.
 */
import { type Database, databaseErrorName, isDamaged, type OpenDatabase } from '../machine/database.ts';
import { type Files, isFileError } from '../machine/files.ts';
import { DAMAGED } from '../machine/layout.ts';
import { randomHex } from '../machine/random.ts';
import { refusal } from '../machine/refusal.ts';

export interface JournalFile {
  exists(): boolean;
  /** Made if it is not there. Where it was lost or put aside meanwhile, the one that is there by now. @throws what SQLite throws */
  ready(): Database;
  /** It was found damaged: another journal begins. */
  putAside(): void;
}

export interface DatabaseSurroundings {
  readonly files: Files;
  readonly openDatabase: OpenDatabase;
  now(): number;
  bootId(): string;
}

/** Hundreds are for what an earlier release could not work with; what lies below only adds tables, and columns that may be left out. */
const SCHEMA_VERSION = 100;
/** Whoever holds the lock holds it for less than a millisecond; 128 processes at once wait for each other. */
const BUSY_MS = 10_000;

const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE lease (
  network TEXT NOT NULL, container TEXT NOT NULL, ifname TEXT NOT NULL,
  nonce TEXT NOT NULL UNIQUE, entry TEXT NOT NULL,
  PRIMARY KEY (network, container, ifname)) STRICT, WITHOUT ROWID;
CREATE TABLE slot (
  pool TEXT NOT NULL, block TEXT NOT NULL, slot INTEGER NOT NULL, nonce TEXT NOT NULL,
  PRIMARY KEY (pool, block, slot)) STRICT, WITHOUT ROWID;
CREATE INDEX slot_of_nonce ON slot (nonce);
CREATE TABLE outbox (nonce TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pool (id TEXT PRIMARY KEY, cache TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE returned_block (
  boot TEXT NOT NULL, pool TEXT NOT NULL, block TEXT NOT NULL, generation INTEGER NOT NULL, answered INTEGER NOT NULL,
  PRIMARY KEY (boot, pool, block, generation)) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Keys of `meta`: the journal's id, and, where it began in place of a damaged one, the boot in which and where that one is. */
export const JOURNAL = 'journal';
export const LOST = 'lost';

/** Whoever opens it reads the log, and who has made it longer than that waits for the disk. */
const LOG_PAGES = 128;

interface Opened {
  readonly database: Database;
  /** Of the file: another one in its place is another journal. */
  readonly identity: string | undefined;
}

/** @param path in a directory that has nothing else in it */
export function openJournalFile(surroundings: DatabaseSurroundings, path: string): JournalFile {
  const { files } = surroundings;
  let opened: Opened | undefined;

  function openSound(mayPutAside = true): Opened {
    // Before SQLite, so that it is for its user only from the start.
    if (!files.exists(path)) createEmpty(files, path);
    const identity = files.identity(path);
    try {
      return { database: openDatabase(surroundings, path), identity };
    } catch (error) {
      if (!mayPutAside || !isDamaged(error)) throw error;
      putAside(files, path, identity);
      return openSound(false);
    }
  }

  function leave(): void {
    if (opened !== undefined) close(opened.database);
    opened = undefined;
  }

  return {
    exists: () => files.exists(path),
    ready() {
      if (opened !== undefined && files.identity(path) !== opened.identity) leave();
      opened ??= openSound();
      return opened.database;
    },
    putAside() {
      if (opened !== undefined) putAside(files, path, opened.identity);
      leave();
    },
  };
}

/** @throws LessorError `node.storage` for a newer schema; what SQLite throws */
function openDatabase(surroundings: DatabaseSurroundings, path: string): Database {
  const database = surroundings.openDatabase(path);
  try {
    database.exec(
      `PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${LOG_PAGES}`,
    );
    if (versionOf(database) === 0) initialise(database, () => lossOf(surroundings, path));
    const version = versionOf(database);
    if (version < SCHEMA_VERSION + 100) return database;
    throw refusal(
      'node.storage',
      `${path} has schema ${version}, and this release knows ${SCHEMA_VERSION}`,
      'install the release that wrote it, or a later one',
    );
  } catch (error) {
    // Of what fails to begin nothing stays open: a later try of the same process would wait for it.
    rollBack(database);
    close(database);
    throw error;
  }
}

const versionOf = (database: Database): number => Number(database.all('PRAGMA user_version')[0]?.user_version);

/**
 * The first of several processes makes the schema; the others find it.
 * @param loss what there is to say of the journal before, if that was damaged
 */
function initialise(database: Database, loss: () => string | undefined): void {
  writeAhead(database);
  database.exec('BEGIN IMMEDIATE');
  if (versionOf(database) === 0) {
    database.exec(SCHEMA);
    database.run('INSERT INTO meta (key, value) VALUES (?, ?)', JOURNAL, randomHex(8));
    const lost = loss();
    if (lost !== undefined) database.run('INSERT INTO meta (key, value) VALUES (?, ?)', LOST, lost);
  }
  database.exec('COMMIT');
}

const PAUSE_MS = 5;

/** SQLite does not wait for a lock here, whatever `busy_timeout` says. */
function writeAhead(database: Database): void {
  for (let waited = 0; ; waited += PAUSE_MS) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (databaseErrorName(error) !== 'SQLITE_BUSY' || waited >= BUSY_MS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

/**
 * SQLite's files belong together, so the directory is moved, in one step. It is named after the file that was found damaged:
 * of several processes that found it so the first one moves it, and none the journal that began since.
 */
function putAside(files: Files, path: string, identity: string | undefined): void {
  if (identity === undefined || files.identity(path) !== identity) return;
  files.move(directoryOf(path), `${directoryOf(path)}${DAMAGED}${identity.replace(':', '-')}`);
}

/** A journal that begins beside a damaged one does not know what that one knew. */
function lossOf({ files, now, bootId }: DatabaseSurroundings, path: string): string | undefined {
  const [parent, name] = splitPath(directoryOf(path));
  const damaged = files.list(parent).filter((one) => one.startsWith(`${name}${DAMAGED}`));
  if (damaged.length === 0) return undefined;
  return JSON.stringify({ boot: bootId(), at: now(), aside: damaged.map((one) => `${parent}/${one}`) });
}

const splitPath = (path: string): [parent: string, name: string] => {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, slash), path.slice(slash + 1)];
};
const directoryOf = (path: string): string => splitPath(path)[0];

function createEmpty(files: Files, path: string): void {
  try {
    files.close(files.create(path));
  } catch (error) {
    // Another process was first.
    if (!isFileError(error) || error.code !== 'EEXIST') throw error;
  }
}

/** SQLite may have rolled back by itself. */
export const rollBack = (database: Database): void => despiteErrors(() => database.exec('ROLLBACK'));
const close = (database: Database): void => despiteErrors(() => database.close());

function despiteErrors(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (databaseErrorName(error) === undefined) throw error;
  }
}
