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

/** Opens the file, or makes it in a directory that exists. @throws what SQLite throws: `databaseError` knows it */
export type OpenDatabase = (path: string) => Database;

interface BunStatement {
  all(...values: readonly Value[]): Row[];
  run(...values: readonly Value[]): { readonly changes: number };
}
interface BunDatabase {
  query(sql: string): BunStatement;
  exec(sql: string): void;
  close(): void;
}
interface BunSqlite {
  readonly Database: new (path: string, options: { readonly create: boolean }) => BunDatabase;
}

/** Of the bundle, which is CommonJS. */
declare const require: (name: 'bun:sqlite') => BunSqlite;

export const bunDatabase: OpenDatabase = (path) => {
  const database = new (require('bun:sqlite').Database)(path, { create: true });
  return {
    all: (sql, ...values) => database.query(sql).all(...values),
    run: (sql, ...values) => database.query(sql).run(...values).changes,
    exec: (sql) => database.exec(sql),
    close: () => database.close(),
  };
};

/** SQLite's name for what went wrong (sqlite.org/rescode.html), the extended part cut off; undefined for any other error. */
export function databaseErrorName(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? /^SQLITE_[A-Z]+/.exec(code)?.[0] : undefined;
}

/** For what SQLite read, and cannot have been written. */
export const damage = (what: string): Error => Object.assign(new Error(what), { code: 'SQLITE_CORRUPT' });

/** What is in the file is no database, or no longer one. */
export const isDamaged = (error: unknown): boolean =>
  ['SQLITE_CORRUPT', 'SQLITE_NOTADB'].includes(databaseErrorName(error) ?? '');

const REMEDIES: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'the disk is full: free some space, or name another directory as dataDir in the node configuration',
  SQLITE_READONLY: 'the file system is read-only: name a writable directory as dataDir in the node configuration',
  SQLITE_CANTOPEN: 'run the plugin as root, or give it a directory of its own: dataDir in the node configuration',
  SQLITE_PERM: 'run the plugin as root, or give it a directory of its own: dataDir in the node configuration',
  SQLITE_IOERR: 'look at the disk; a journal has to lie on a local one, not on a network file system',
  SQLITE_BUSY: 'another process keeps it locked: the runtime will try again',
};

/** @param name as `databaseErrorName` tells it */
export const databaseError = (path: string, name: string, cause: unknown): LessorError =>
  refusal('node.storage', `${path} cannot be read or written (${name})`, REMEDIES[name] ?? 'look at the file', cause);
