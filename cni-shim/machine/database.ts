/**
 * SQLite, as far as a node needs it. A port: the compiled executable has it in its runtime (bun:sqlite), and Node, on which
 * the tests run, has another one.
 */
import type { LessorError } from '../../core/contract/problems.ts';
import { refusal } from './refusal.ts';

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

export interface Database {
  all(sql: string, ...values: readonly Value[]): Row[];
  /** How many rows it changed. */
  run(sql: string, ...values: readonly Value[]): number;
  /** Statements without values. */
  exec(sql: string): void;
  close(): void;
}

/** Opens a file that exists; an empty one is a database. @throws what SQLite throws: `databaseError` knows it */
export type OpenDatabase = (path: string) => Database;

interface BunStatement {
  all(...values: readonly Value[]): Row[];
  run(...values: readonly Value[]): { readonly changes: number };
  finalize(): void;
}
interface BunDatabase {
  prepare(sql: string): BunStatement;
  exec(sql: string): void;
  close(): void;
}
type BunMode = { readonly readwrite: true } | { readonly readonly: true };
interface BunSqlite {
  readonly Database: new (path: string, mode: BunMode) => BunDatabase;
}

/** Of the bundle, which is CommonJS. */
declare const require: (name: 'bun:sqlite') => BunSqlite;

/** The paths of those that are open. */
const bunDatabases = new Map<Database, string>();

/**
 * For a process that is about to end: it leaves its databases as one that is killed does. The runtime would write back the log
 * of each and wait for the disk, with locks for which others wait. Where another connection is open SQLite does not
 * (sqlite.org/wal.html, 2.1), and who may only read cannot.
 */
export function abandonDatabases(): void {
  for (const [database, path] of bunDatabases) {
    try {
      open(path, { readonly: true }).exec('PRAGMA synchronous = OFF; PRAGMA schema_version');
      database.close();
    } catch {
      // It takes longer then.
    }
  }
}

const open = (path: string, mode: BunMode): BunDatabase => new (require('bun:sqlite').Database)(path, mode);

export const bunDatabase: OpenDatabase = (path) => {
  const bun = open(path, { readwrite: true });
  const statements = new Map<string, BunStatement>();
  function forget(sql: string, statement: BunStatement): void {
    statements.delete(sql);
    statement.finalize();
  }
  function prepared<T>(sql: string, act: (statement: BunStatement) => T): T {
    const statement = statements.get(sql) ?? bun.prepare(sql);
    statements.set(sql, statement);
    try {
      return act(statement);
    } catch (error) {
      forget(sql, statement);
      throw error;
    }
  }
  const database: Database = {
    all: (sql, ...values) => prepared(sql, (statement) => statement.all(...values)),
    run: (sql, ...values) => prepared(sql, (statement) => statement.run(...values).changes),
    exec: (sql) => bun.exec(sql),
    close() {
      // What is not finalized would keep the file open.
      for (const [sql, statement] of statements) forget(sql, statement);
      bunDatabases.delete(database);
      bun.close();
    },
  };
  bunDatabases.set(database, path);
  return database;
};

/** SQLite's name for what went wrong (sqlite.org/rescode.html), as exactly as it tells; undefined for any other error. */
export function databaseErrorName(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

/** Without what tells one kind of it from others: SQLITE_IOERR of SQLITE_IOERR_READ. */
const primary = (name: string): string => name.split('_', 2).join('_');

/** For what SQLite read, and cannot have been written. */
export const damage = (what: string): Error => Object.assign(new Error(what), { code: 'SQLITE_CORRUPT' });

/** What is in the file is no database, or no longer one. */
export const isDamaged = (error: unknown): boolean =>
  ['SQLITE_CORRUPT', 'SQLITE_NOTADB'].includes(primary(databaseErrorName(error) ?? ''));

const FULL = 'the disk is full: free some space, or name another directory as dataDir in the node configuration';
const REMEDIES: Readonly<Record<string, string>> = {
  SQLITE_FULL: FULL,
  // Of the file that processes share beside the journal.
  SQLITE_IOERR_SHMSIZE: FULL,
  SQLITE_READONLY: 'the file system is read-only: name a writable directory as dataDir in the node configuration',
  // Also where the file system is read-only: beside the file SQLite makes others.
  SQLITE_CANTOPEN:
    'run the plugin as root, and name a directory that can be written as dataDir in the node configuration',
  SQLITE_PERM: 'run the plugin as root, or give it a directory of its own: dataDir in the node configuration',
  SQLITE_IOERR: 'look at the disk; a journal has to lie on a local one, not on a network file system',
  SQLITE_BUSY: 'another process keeps it locked: the runtime will try again',
};

/** @param name as `databaseErrorName` tells it */
export const databaseError = (path: string, name: string, cause: unknown): LessorError =>
  refusal(
    'node.storage',
    `${path} cannot be read or written (${name})`,
    REMEDIES[name] ?? REMEDIES[primary(name)] ?? 'look at the file',
    cause,
  );
