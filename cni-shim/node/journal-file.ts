/**
 * The file of a node's journal: made with its schema, and put aside where it is damaged. SQLite finds its other files by name
 * (sqlite.org/howtocorrupt.html, 1.4), so neither happens beside a file that somebody may have open. Nothing waits for the disk
 * but a checkpoint: what counts after a power cut is decided by the boot that a row names.
 */
import { type Database, damage, databaseErrorName, isDamaged, type OpenDatabase } from '../machine/database.ts';
import { draftIn, type Files, sweepDrafts } from '../machine/files.ts';
import { DAMAGED } from '../machine/layout.ts';
import { randomHex } from '../machine/random.ts';
import { refusal } from '../machine/refusal.ts';
import { rowsOfGoodbye } from './said-goodbye.ts';

export interface JournalFile {
  /** Undefined where there is none. Where it was lost or put aside meanwhile, the one that is there by now. @throws what SQLite throws */
  there(): Database | undefined;
  /** The same; made if it is not there. */
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
/** Whoever holds the lock holds it for less than a millisecond; hundreds of processes at once wait for each other. */
const BUSY_MS = 20_000;
/** Others may put it aside and begin another one meanwhile; they do so once. */
const OPENED_AT_MOST = 4;

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

type Known = readonly [key: string, value: string];

/** What lay at the path. Another file in its place is another journal, and each journal has a directory of its own. */
interface Found {
  readonly directory: string | undefined;
  readonly file: string | undefined;
}

interface Opened {
  readonly database: Database;
  readonly found: Found;
}

/** @param path in a directory that has nothing else in it */
export function openJournalFile(surroundings: DatabaseSurroundings, path: string): JournalFile {
  const { files } = surroundings;
  let opened: Opened | undefined;

  function openSound(tries = OPENED_AT_MOST): Opened {
    ensureThere(surroundings, path);
    const found = find(files, path);
    // Where the file is put aside at this very moment, SQLite may have one file of the old journal and one of the next.
    const isStill = () => isThere(files, path, found);
    try {
      const database = openDatabase(surroundings, path);
      if (isStill() || tries === 1) return { database, found };
      close(database);
    } catch (error) {
      if (tries === 1 || (isStill() && !isDamaged(error))) throw error;
      if (isDamaged(error)) putAside(files, path, found);
    }
    return openSound(tries - 1);
  }

  function leave(): void {
    if (opened !== undefined) close(opened.database);
    opened = undefined;
  }

  /** What is open, where that is still the file. */
  function current(): Database | undefined {
    if (opened !== undefined && !isThere(files, path, opened.found)) leave();
    return opened?.database;
  }

  function ready(): Database {
    const database = current();
    if (database !== undefined) return database;
    opened = openSound();
    return opened.database;
  }

  return {
    there: () => current() ?? (files.size(path) === undefined ? undefined : ready()),
    ready,
    putAside() {
      if (opened !== undefined) putAside(files, path, opened.found);
      leave();
    },
  };
}

/** @throws LessorError `node.storage` for a newer schema; what SQLite throws */
function openDatabase({ files, openDatabase }: DatabaseSurroundings, path: string): Database {
  // A journal is there as a whole or not at all; and SQLite would remove what lies beside an empty file.
  if (files.size(path) === 0) throw damage('the journal is empty');
  const database = openDatabase(path);
  try {
    database.exec(
      `PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${LOG_PAGES}`,
    );
    const version = Number(database.all('PRAGMA user_version')[0]?.user_version);
    if (version === 0) throw damage('the journal has no schema');
    if (version < SCHEMA_VERSION + 100) return database;
    throw refusal(
      'node.storage',
      `${path} has schema ${version}, and this release knows ${SCHEMA_VERSION}`,
      'install the release that wrote it, or a later one',
    );
  } catch (error) {
    close(database);
    throw error;
  }
}

/** The first of several processes makes it; the others find it. */
function ensureThere(surroundings: DatabaseSurroundings, path: string): void {
  const { files, now } = surroundings;
  const directory = files.identity(directoryOf(path));
  const isWrittenAhead = files.identity(`${path}-wal`) !== undefined;
  if (files.size(path) !== undefined) return;
  // SQLite would take it for the next journal's.
  if (isWrittenAhead) moveAside(files, path, directory);
  sweepDrafts(files, directoryOf(path), now());
  const draft = draftIn(directoryOf(path));
  // Before SQLite, so that it is for its user only from the start.
  files.close(files.create(draft));
  try {
    const goodbye = rowsOfGoodbye(files, directoryOf(path), surroundings.bootId());
    writeNew(surroundings, draft, [...lossOf(surroundings, path), ...goodbye]);
    files.link(draft, path);
  } finally {
    files.remove(draft);
  }
}

/**
 * All of it in one file, beside which nobody finds another one: SQLite goes by names.
 * @param known rows of `meta`: what there is to say of the journal before
 */
function writeNew({ openDatabase }: DatabaseSurroundings, path: string, known: readonly Known[]): void {
  const database = openDatabase(path);
  const row = ([key, value]: Known) =>
    `INSERT INTO meta (key, value) VALUES ('${key}', '${value.replaceAll("'", "''")}');`;
  try {
    // After a power cut nothing of this boot counts.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF');
    const rows = [[JOURNAL, randomHex(8)] as const, ...known].map(row);
    database.exec(`BEGIN; ${SCHEMA} ${rows.join('')} COMMIT`);
    database.exec('PRAGMA journal_mode = WAL');
  } finally {
    close(database);
  }
}

/** The directory first: where the journal is put aside in between, moving that one again does nothing. */
function find(files: Files, path: string): Found {
  const directory = files.identity(directoryOf(path));
  return { directory, file: files.identity(path) };
}

const isThere = (files: Files, path: string, { file }: Found): boolean =>
  file !== undefined && files.identity(path) === file;

function putAside(files: Files, path: string, found: Found): void {
  if (isThere(files, path, found)) moveAside(files, path, found.directory);
}

/**
 * SQLite's files belong together, so the directory is moved, in one step. The new name is of that very directory: of several
 * processes the first one moves it, and none the next journal's, which may have begun since.
 */
function moveAside(files: Files, path: string, directory: string | undefined): void {
  if (directory === undefined) return;
  files.move(directoryOf(path), `${directoryOf(path)}${DAMAGED}${directory.replace(':', '-')}`);
}

/** A journal that begins beside a damaged one does not know what that one knew. */
function lossOf({ files, now, bootId }: DatabaseSurroundings, path: string): readonly Known[] {
  const [parent, name] = splitPath(directoryOf(path));
  const damaged = files.list(parent).filter((one) => one.startsWith(`${name}${DAMAGED}`));
  if (damaged.length === 0) return [];
  return [[LOST, JSON.stringify({ boot: bootId(), at: now(), aside: damaged.map((one) => `${parent}/${one}`) })]];
}

const splitPath = (path: string): [parent: string, name: string] => {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, slash), path.slice(slash + 1)];
};
const directoryOf = (path: string): string => splitPath(path)[0];

function close(database: Database): void {
  try {
    database.close();
  } catch (error) {
    if (databaseErrorName(error) === undefined) throw error;
  }
}
