/** A disk that fails: SQLite's own error in place of a statement that writes, and of all that follow. */
import type { OpenDatabase } from '../../cni-shim/machine/database.ts';

export interface Failing {
  readonly openDatabase: OpenDatabase;
  hasFailed(): boolean;
}

/** @param code as SQLite names it @param succeeded statements before the first one that fails */
export function failingDatabase(openDatabase: OpenDatabase, code: string, succeeded: number): Failing {
  let done = 0;
  function step<T>(sql: string, act: () => T): T {
    const isRollBack = sql === 'ROLLBACK';
    if (done >= succeeded && !isRollBack) {
      done += 1;
      throw Object.assign(new Error(`it failed with ${code}`), { code });
    }
    done += 1;
    return act();
  }
  return {
    hasFailed: () => done > succeeded,
    openDatabase(path) {
      const database = openDatabase(path);
      return {
        ...database,
        run: (sql, ...values) => step(sql, () => database.run(sql, ...values)),
        exec: (sql) => step(sql, () => database.exec(sql)),
      };
    },
  };
}
