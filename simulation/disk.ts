/** A node's disk in memory: its files, and at some of them a database, which is a real SQLite all the same. */
import type { Database, OpenDatabase, Row } from '../cni-shim/machine/database.ts';
import type { Files } from '../cni-shim/machine/files.ts';
import { libsqlDatabase } from '../test/support/libsql-database.ts';

export interface Disk {
  readonly files: Files;
  readonly openDatabase: OpenDatabase;
  write(path: string, text: string): void;
  copy(): DiskCopy;
  /** The disk is as the copy was. */
  restore(copy: DiskCopy): void;
  /** Nothing is on it any more. */
  erase(): void;
}

export interface DiskCopy {
  readonly files: ReadonlyMap<string, { readonly text: string; readonly tables?: Tables }>;
}

interface Tables {
  readonly version: number;
  readonly schema: readonly string[];
  readonly rows: readonly (readonly [table: string, rows: readonly Row[]])[];
}

interface File {
  readonly id: number;
  readonly modifiedAt: number;
  text: string;
  database?: Database;
}

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
const fileError = (code: string, path: string) =>
  Object.assign(new Error(`${code}: ${path}`), { code, path, syscall: 'open' });

export function emptyDisk(now: () => number): Disk {
  const files = new Map<string, File>();
  const directories = new Map<string, number>();
  const open = new Map<number, File>();
  let ids = 0;
  const nextId = () => {
    ids += 1;
    return ids;
  };
  function makeDirectory(path: string): void {
    if (directories.has(path)) return;
    directories.set(path, nextId());
    if (path !== '/') makeDirectory(directoryOf(path));
  }
  function put(path: string, text: string): File {
    makeDirectory(directoryOf(path));
    const file = { id: nextId(), text, modifiedAt: now() };
    files.set(path, file);
    return file;
  }
  const move = (from: string, to: string): void => {
    const inside = [...files].filter(([path]) => path.startsWith(`${from}/`));
    if (inside.length === 0 || [...files.keys()].some((path) => path.startsWith(`${to}/`))) return;
    for (const [path, file] of inside) {
      files.delete(path);
      files.set(to + path.slice(from.length), file);
    }
    directories.set(to, directories.get(from) ?? nextId());
    directories.delete(from);
  };
  const erase = () => {
    for (const { database } of new Set(files.values())) database?.close();
    files.clear();
    directories.clear();
  };
  return {
    files: {
      read: (path) => files.get(path)?.text,
      create(path) {
        if (files.has(path)) throw fileError('EEXIST', path);
        const file = put(path, '');
        open.set(file.id, file);
        return file.id;
      },
      write: (id, text) => void Object.assign(open.get(id) ?? {}, { text }),
      close: (id) => void open.delete(id),
      link(from, to) {
        const file = files.get(from);
        if (file === undefined) throw fileError('ENOENT', from);
        if (files.has(to)) return false;
        makeDirectory(directoryOf(to));
        files.set(to, file);
        return true;
      },
      rename(from, to) {
        const file = files.get(from);
        if (file === undefined) throw fileError('ENOENT', from);
        files.delete(from);
        files.set(to, file);
      },
      move,
      remove: (path) => void files.delete(path),
      list: (directory) => namesIn([...files.keys(), ...directories.keys()], directory),
      size(path) {
        const file = files.get(path);
        return file && (file.database === undefined ? file.text.length : 4096);
      },
      identity(path) {
        const id = files.get(path)?.id ?? directories.get(path);
        return id === undefined ? undefined : `1:${id}`;
      },
      modifiedAt: (path) => files.get(path)?.modifiedAt,
    },
    openDatabase(path) {
      const file = files.get(path);
      if (file === undefined) throw Object.assign(new Error(path), { code: 'SQLITE_CANTOPEN' });
      file.database ??= libsqlDatabase(':memory:');
      const { all, run, exec } = file.database;
      // The next process of the node opens it again.
      return { all, run, exec, close: () => {} };
    },
    write: put,
    copy: () => ({
      files: new Map(
        [...files].map(([path, { text, database }]) => [
          path,
          database === undefined ? { text } : { text, tables: tablesOf(database) },
        ]),
      ),
    }),
    restore(copy) {
      erase();
      for (const [path, { text, tables }] of copy.files) {
        const file = put(path, text);
        if (tables !== undefined) file.database = databaseWith(tables);
      }
    },
    erase,
  };
}

const namesIn = (paths: readonly string[], directory: string): string[] => [
  ...new Set(
    paths.flatMap((path) =>
      path.startsWith(`${directory}/`) ? [path.slice(directory.length + 1).split('/')[0] ?? ''] : [],
    ),
  ),
];

function tablesOf({ all }: Database): Tables {
  const made = all("SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'");
  const tables = made.filter(({ type }) => type === 'table').map(({ name }) => String(name));
  return {
    version: Number(all('PRAGMA user_version')[0]?.user_version),
    schema: made.map(({ sql }) => String(sql)),
    rows: tables.map((table) => [table, all(`SELECT * FROM ${table}`)]),
  };
}

function databaseWith({ version, schema, rows }: Tables): Database {
  const database = libsqlDatabase(':memory:');
  database.exec(`${schema.join(';')}; PRAGMA user_version = ${version}`);
  for (const [table, all] of rows)
    for (const row of all)
      database.run(
        `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${Object.keys(row)
          .map(() => '?')
          .join(', ')})`,
        ...Object.values(row),
      );
  return database;
}
