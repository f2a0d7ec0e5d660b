/**
 * The node's journal: one SQLite file, `<dataDir>/<machine>/node.db`. Each step of the protocol is one transaction, so a
 * process may be killed anywhere; what counts after a power cut is decided by the boot that a row names, so nothing waits for
 * the disk but a checkpoint.
 */
import {
  type Database,
  databaseError,
  databaseErrorName,
  isDamaged,
  type OpenDatabase,
  type Row,
  type Value,
} from '../machine/database.ts';
import { type Files, isFileError } from '../machine/files.ts';
import { randomHex } from '../machine/random.ts';
import { refusal } from '../machine/refusal.ts';

export interface NodeDatabase {
  readonly path: string;
  /** Whether there is a journal: one that is read only is not made for it. */
  exists(): boolean;
  /** None where there is no journal yet. @throws LessorError `node.storage` */
  all(sql: string, ...values: readonly Value[]): Row[];
  /** All of it happens or nothing does, and no other process comes in between. Not nested. @throws LessorError `node.storage` */
  transaction<T>(act: (database: Pick<Database, 'all' | 'run'>) => T): T;
  /** Of the journal, made with it: 16 hex digits. Undefined where there is none yet. */
  journalId(): string | undefined;
  meta(key: string): string | undefined;
  setMeta(key: string, value: string | undefined): void;
  /** True where `change` gave another value than there was. */
  changeMeta(key: string, change: (value: string | undefined) => string): boolean;
}

export interface DatabaseSurroundings {
  readonly files: Files;
  readonly openDatabase: OpenDatabase;
  now(): number;
  bootId(): string;
}

/** Hundreds are for what an earlier release could not work with; what lies below only adds. */
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

/** Keys of `meta`. */
const JOURNAL = 'journal';
/** The boot in which a journal was found damaged, and where it was put. */
export const LOST = 'lost';

/** @param path of the file */
export function openNodeDatabase(surroundings: DatabaseSurroundings, path: string): NodeDatabase {
  let opened: Database | undefined;

  function open(): Database {
    const { files } = surroundings;
    // Before SQLite, so that it is for its user only from the start.
    if (!files.exists(path)) createEmpty(files, path);
    const database = surroundings.openDatabase(path);
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA synchronous = NORMAL`);
    if (versionOf(database) === 0) initialise(database);
    const version = versionOf(database);
    if (version < SCHEMA_VERSION + 100) return database;
    database.close();
    throw refusal(
      'node.storage',
      `${path} has schema ${version}, and this release knows ${SCHEMA_VERSION}`,
      'install the release that wrote it, or a later one',
    );
  }

  /** What is damaged is put aside, and another journal begins. */
  function openSound(): Database {
    try {
      return open();
    } catch (error) {
      if (!isDamaged(error)) throw error;
      setAside();
      return open();
    }
  }

  function setAside(): void {
    const { files, now, bootId } = surroundings;
    opened = undefined;
    const aside = `${path}.damaged-${new Date(now()).toISOString().replaceAll(':', '')}`;
    if (!files.move(path, aside)) return;
    for (const part of ['-wal', '-shm']) files.move(`${path}${part}`, `${aside}${part}`);
    const fresh = open();
    fresh.run('INSERT OR REPLACE INTO meta VALUES (?, ?)', LOST, JSON.stringify({ boot: bootId(), at: now(), aside }));
    fresh.close();
  }

  function guarded<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      const name = databaseErrorName(error);
      if (name === undefined) throw error;
      if (isDamaged(error)) setAside();
      throw databaseError(path, name, error);
    }
  }

  const ready = (): Database => {
    opened ??= openSound();
    return opened;
  };
  const exists = () => opened !== undefined || surroundings.files.exists(path);

  function transaction<T>(act: (database: Pick<Database, 'all' | 'run'>) => T): T {
    return guarded(() => {
      const database = ready();
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = act(database);
        database.exec('COMMIT');
        return result;
      } catch (error) {
        rollBack(database);
        throw error;
      }
    });
  }

  const all: NodeDatabase['all'] = (sql, ...values) => (exists() ? guarded(() => ready().all(sql, ...values)) : []);
  const meta = (key: string) => {
    const [row] = all('SELECT value FROM meta WHERE key = ?', key);
    return row === undefined ? undefined : String(row.value);
  };

  const changeMeta: NodeDatabase['changeMeta'] = (key, change) =>
    transaction(({ run }) => {
      const before = meta(key);
      const after = change(before);
      if (after === before) return false;
      run('INSERT OR REPLACE INTO meta VALUES (?, ?)', key, after);
      return true;
    });

  return {
    path,
    exists,
    changeMeta,
    all,
    transaction,
    meta,
    journalId: () => meta(JOURNAL),
    setMeta(key, value) {
      if (value === undefined && meta(key) === undefined) return;
      transaction((database) =>
        value === undefined
          ? database.run('DELETE FROM meta WHERE key = ?', key)
          : database.run('INSERT OR REPLACE INTO meta VALUES (?, ?)', key, value),
      );
    },
  };
}

const versionOf = (database: Database): number => Number(database.all('PRAGMA user_version')[0]?.user_version);

/** The first of several processes makes the schema; the others find it. */
function initialise(database: Database): void {
  writeAhead(database);
  database.exec('BEGIN IMMEDIATE');
  if (versionOf(database) === 0) {
    database.exec(SCHEMA);
    database.run('INSERT INTO meta VALUES (?, ?)', JOURNAL, randomHex(8));
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

function createEmpty(files: Files, path: string): void {
  try {
    files.close(files.create(path));
  } catch (error) {
    // Another process was first.
    if (!isFileError(error) || error.code !== 'EEXIST') throw error;
  }
}

/** SQLite may have rolled back by itself. */
function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK');
  } catch (error) {
    if (databaseErrorName(error) === undefined) throw error;
  }
}
