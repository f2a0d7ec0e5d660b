/** SQLite under Node: what bun:sqlite is to the compiled plugin. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Database from 'libsql';
import type { OpenDatabase, Row } from '../../cni-shim/machine/database.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** libsql lets go of a closed file once its statements are collected, and no test may run out of file descriptors until then. */
const CLOSED_FILES = 300;
let closed = 0;

export const libsqlDatabase: OpenDatabase = (path) => {
  const database = new Database(path);
  let isOpen = true;
  const prepared = new Map<string, Database.Statement>();
  const prepare = (sql: string): Database.Statement => {
    const statement = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  return {
    all: (sql, ...values) => prepare(sql).all(...values) as Row[],
    run: (sql, ...values) => prepare(sql).run(...values).changes,
    exec: (sql) => {
      database.exec(sql);
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      database.close();
      prepared.clear();
      closed += 1;
      if (closed % CLOSED_FILES === 0) collectGarbage();
    },
  };
};

/** What a process leaves open ends with it: `end` closes what was opened. */
export function processDatabases(openDatabase: OpenDatabase): { openDatabase: OpenDatabase; end: () => void } {
  const opened: ReturnType<OpenDatabase>[] = [];
  return {
    openDatabase: (path) => {
      const database = openDatabase(path);
      opened.push(database);
      return database;
    },
    end: () => {
      for (const database of opened) database.close();
    },
  };
}
