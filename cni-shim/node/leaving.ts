/**
 * That this node is leaving, in the journal: a row of `meta` that holds ADDs off, made in one step with the look that no
 * attachment is there. So nothing lives on the node when it says goodbye, and nothing begins to before that was answered: a
 * goodbye that was sent may arrive at any later time, and ends the life that it names (I2). What the node was told in a life
 * that it left is not used again, whoever writes it down late. Both rows name the boot and count in it only. Which goodbye was sent
 * is known beside the journal as well, which may be lost (`said-goodbye.ts`).
 */
import type { LessorError } from '../../core/contract/problems.ts';
import { directoryOf, type Files } from '../machine/files.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';
import type { NodeDatabase, Readable } from './node-database.ts';
import { LEAVING, LEFT, lifeText, noteGoodbye } from './said-goodbye.ts';

export interface Leaving {
  isLeaving(): boolean;
  /** How many attachments there are; only where there is none the node is leaving from now on. */
  begin(): number;
  /** Before a goodbye to that life is sent. False where the node is not leaving any more: then it is not sent. */
  sayGoodbye(incarnation: number): boolean;
  /**
   * The goodbye was answered: forgets what was told of pools, and ADDs begin again.
   * @param incarnation undefined where there was no life to end
   * @returns false where a later life was said goodbye to, or the node is not leaving any more
   */
  finish(incarnation: number | undefined): boolean;
  /** Somebody changed their mind. `said`: too late, a goodbye may be under way. */
  stay(): 'stays' | 'said' | 'was not leaving';
  /** The newest life of this boot to which a goodbye may have been sent; 0: none. */
  lifeSaid(): number;
  /** The newest life of this boot that the node has left; 0: none. */
  lifeLeft(): number;
}

const READ = 'SELECT value FROM meta WHERE key = ?';
const WRITE = 'INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)';
const DELETE = 'DELETE FROM meta WHERE key = ?';

/** The life that the row names; undefined where there is none of this boot. */
function rowOf({ all }: Readable, key: string, bootId: string): { readonly life: number } | undefined {
  const [row] = all(READ, key);
  const read = row && parseJson(String(row.value));
  return isObject(read) && read.boot === bootId ? { life: Number(read.life) } : undefined;
}

/** @throws LessorError `node.leaving` where no ADD may begin */
export function ensureNotLeaving(reading: Readable, bootId: string): void {
  if (rowOf(reading, LEAVING, bootId) !== undefined) throw isLeavingError();
}

const isLeavingError = (): LessorError =>
  refusal(
    'node.leaving',
    'this node is leaving: no container begins here',
    'let the pod run on another node; lessor leave, once it ends well, or lessor leave --stay lets containers begin here again',
  );

export function openLeaving(database: NodeDatabase, bootId: string, files: Files): Leaving {
  const directory = directoryOf(database.path);
  const textOf = (life: number) => lifeText(bootId, life);
  const lifeIn = (reading: Readable, key: string) => rowOf(reading, key, bootId)?.life ?? 0;
  return {
    isLeaving: () => rowOf(database, LEAVING, bootId) !== undefined,
    begin: () =>
      database.transaction((writing) => {
        const attachments = Number(writing.all('SELECT count(*) AS count FROM lease')[0]?.count);
        if (attachments === 0) writing.run(WRITE, LEAVING, textOf(lifeIn(writing, LEAVING)));
        return attachments;
      }),
    sayGoodbye: (incarnation) =>
      database.transaction((writing) => {
        const row = rowOf(writing, LEAVING, bootId);
        if (row === undefined) return false;
        const said = Math.max(row.life, incarnation);
        noteGoodbye(files, directory, { boot: bootId, said, left: lifeIn(writing, LEFT) });
        writing.run(WRITE, LEAVING, textOf(said));
        return true;
      }),
    finish: (incarnation = 0) =>
      database.transaction((writing) => {
        const row = rowOf(writing, LEAVING, bootId);
        if (row === undefined || row.life > incarnation) return false;
        const left = Math.max(lifeIn(writing, LEFT), incarnation);
        if (left > 0) noteGoodbye(files, directory, { boot: bootId, said: 0, left });
        writing.run(WRITE, LEFT, textOf(left));
        writing.run('DELETE FROM pool');
        writing.run(DELETE, LEAVING);
        return true;
      }),
    stay: () =>
      database.transaction((writing) => {
        const row = rowOf(writing, LEAVING, bootId);
        if (row === undefined) return 'was not leaving';
        if (row.life > 0) return 'said';
        writing.run(DELETE, LEAVING);
        return 'stays';
      }),
    lifeSaid: () => lifeIn(database, LEAVING),
    lifeLeft: () => lifeIn(database, LEFT),
  };
}
