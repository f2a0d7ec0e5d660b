/** What other processes do between the looks and transactions of one: within a transaction nobody can come in between. */
import type { OpenDatabase } from '../../cni-shim/machine/database.ts';

/** @param between is called before each look and each transaction, with how many there were */
export function interleavedDatabase(openDatabase: OpenDatabase, between: (done: number) => void): OpenDatabase {
  let done = 0;
  let inTransaction = false;
  const step = () => {
    if (!inTransaction) between(done++);
  };
  return (path) => {
    const database = openDatabase(path);
    return {
      ...database,
      all(sql, ...values) {
        step();
        return database.all(sql, ...values);
      },
      exec(sql) {
        step();
        database.exec(sql);
        if (sql.startsWith('BEGIN')) inTransaction = true;
        if (sql === 'COMMIT' || sql === 'ROLLBACK') inTransaction = false;
      },
    };
  };
}
