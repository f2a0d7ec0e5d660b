/**
 * The node's journal: one SQLite file, `<dataDir>/<machine>/node.db`. Each step of the protocol is one transaction, so a
 * process may be killed anywhere.
 */
import {
  type Database,
  databaseError,
  databaseErrorName,
  isDamaged,
  type Row,
  type Value,
} from '../machine/database.ts';
import { type DatabaseSurroundings, JOURNAL, openJournalFile } from './journal-file.ts';

/** Within a transaction. */
export type Writing = Pick<Database, 'all' | 'run'>;
export type Readable = Pick<Database, 'all'>;

export interface NodeDatabase {
  readonly path: string;
  /** One look, with nothing found where there is no journal, or no sound one: reading makes none. @throws LessorError `node.storage` */
  read<T>(look: (reading: Readable) => T): T;
  all(sql: string, ...values: readonly Value[]): Row[];
  /** All of it happens or nothing does, and no other process comes in between. Not nested. @throws LessorError `node.storage` */
  transaction<T>(act: (writing: Writing) => T): T;
  /** Of the journal, made with it: 16 hex digits. Undefined where there is none yet. */
  journalId(): string | undefined;
  meta(key: string): string | undefined;
  setMeta(key: string, value: string | undefined): void;
  /** True where `change` gave another value than there was; undefined is none. */
  changeMeta(key: string, change: (value: string | undefined) => string | undefined): boolean;
}

const nothing: Readable = { all: () => [] };

/** @param path of the file */
export function openNodeDatabase(surroundings: DatabaseSurroundings, path: string): NodeDatabase {
  const file = openJournalFile(surroundings, path);
  /** While a transaction lasts. */
  let writing: Database | undefined;

  /** @param ifDamaged in place of the error, after the journal was put aside */
  function guarded<T>(act: () => T, ifDamaged?: () => T): T {
    try {
      return act();
    } catch (error) {
      const name = databaseErrorName(error);
      if (name === undefined) throw error;
      if (isDamaged(error)) {
        file.putAside();
        if (ifDamaged !== undefined) return ifDamaged();
      }
      throw databaseError(path, name, error);
    }
  }

  function transaction<T>(act: (writing: Writing) => T): T {
    return guarded(() => {
      const database = file.ready();
      database.exec('BEGIN IMMEDIATE');
      writing = database;
      try {
        const result = act(database);
        database.exec('COMMIT');
        return result;
      } catch (error) {
        rollBack(database);
        throw error;
      } finally {
        writing = undefined;
      }
    });
  }

  function read<T>(look: (reading: Readable) => T): T {
    if (writing !== undefined) return look(writing);
    const act = () => look(file.there() ?? nothing);
    return guarded(act, () => guarded(act));
  }

  return {
    path,
    read,
    all: (sql, ...values) => read(({ all }) => all(sql, ...values)),
    transaction,
    ...metaIn(read, transaction),
  };
}

function metaIn(
  read: NodeDatabase['read'],
  transaction: NodeDatabase['transaction'],
): Pick<NodeDatabase, 'journalId' | 'meta' | 'setMeta' | 'changeMeta'> {
  const meta = (key: string) =>
    read(({ all }) => {
      const [row] = all('SELECT value FROM meta WHERE key = ?', key);
      return row && String(row.value);
    });
  const set = ({ run }: Writing, key: string, value: string | undefined) =>
    value === undefined
      ? run('DELETE FROM meta WHERE key = ?', key)
      : run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, value);
  return {
    meta,
    journalId: () => meta(JOURNAL),
    setMeta(key, value) {
      if (value === undefined && meta(key) === undefined) return;
      transaction((writing) => set(writing, key, value));
    },
    changeMeta: (key, change) =>
      transaction((writing) => {
        const before = meta(key);
        const after = change(before);
        if (after === before) return false;
        set(writing, key, after);
        return true;
      }),
  };
}

/** SQLite may have rolled back by itself. */
function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK');
  } catch (error) {
    if (databaseErrorName(error) === undefined) throw error;
  }
}
