/** SQLite under Node: what bun:sqlite is to the compiled plugin. */
import Database from 'libsql';
import type { OpenDatabase, Row } from '../../cni-shim/machine/database.ts';

export const libsqlDatabase: OpenDatabase = (path) => {
  const database = new Database(path);
  return {
    all: (sql, ...values) => database.prepare(sql).all(...values) as Row[],
    run: (sql, ...values) => database.prepare(sql).run(...values).changes,
    exec: (sql) => {
      database.exec(sql);
    },
    close: () => {
      database.close();
    },
  };
};
