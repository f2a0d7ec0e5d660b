/** `kill -9` before or after any statement that writes, with what the kernel does then: locks are gone, and what is not committed. */
import type { Database, OpenDatabase } from '../../cni-shim/machine/database.ts';

/** Thrown where the process ends, and by all that it tries afterwards. */
export class Killed extends Error {}

export interface Death {
  /** Statements before the one at which it ends. */
  readonly survived: number;
  readonly moment: 'before' | 'after';
}

export interface Dying {
  readonly openDatabase: OpenDatabase;
  isDead(): boolean;
}

export function dyingDatabase(openDatabase: OpenDatabase, { survived, moment }: Death): Dying {
  const opened: Database[] = [];
  let done = 0;
  let dead = false;
  function ensureAlive(): void {
    if (dead) throw new Killed('it is dead');
  }
  function die(where: string): never {
    dead = true;
    for (const database of opened) abandon(database);
    throw new Killed(`${moment} ${where}`);
  }
  function step<T>(where: string, act: () => T): T {
    ensureAlive();
    const last = done === survived;
    done += 1;
    if (last && moment === 'before') die(where);
    const result = act();
    if (last) die(where);
    return result;
  }
  return {
    isDead: () => dead,
    openDatabase(path) {
      ensureAlive();
      const database = openDatabase(path);
      opened.push(database);
      return {
        all(sql, ...values) {
          ensureAlive();
          return database.all(sql, ...values);
        },
        run: (sql, ...values) => step(sql, () => database.run(sql, ...values)),
        exec: (sql) => step(sql, () => database.exec(sql)),
        close: () => {
          if (!dead) database.close();
        },
      };
    },
  };
}

function abandon(database: Database): void {
  try {
    // libsql's close waits for the garbage collector with what is open.
    database.exec('ROLLBACK');
  } catch {
    // Nothing was open.
  }
  database.close();
}

/** Each death of a process, in turn, up to the one that it survives: then `live` answers true. How many there were. */
export async function everyDeath(live: (death: Death) => Promise<'died' | 'lived'>): Promise<number> {
  for (let survived = 0; ; survived += 1) {
    for (const moment of ['before', 'after'] as const)
      if ((await live({ survived, moment })) === 'lived') return survived;
  }
}
