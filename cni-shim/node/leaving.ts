/**
 * That this node is leaving, in the journal: a row of `meta` that holds ADDs off, made in one step with the look that no
 * attachment is there. So nothing lives on the node when it says goodbye, and nothing begins to before that was answered: a
 * goodbye that was sent may arrive at any later time, and ends the life that it names (I2). What the node was told in a life
 * that it left is not used again, whoever writes it down late. Both rows name the boot and count in it only. Which goodbye was sent
 * is known beside the journal as well, which may be lost (`said-goodbye.ts`).
 */
import type { LessorError } from '../../core/contract/problems.ts';
import { directoryOf, type Files } from '../machine/files.ts';
import { refusal } from '../machine/refusal.ts';
import { LEAVING, LEFT, lifeIn, lifeRow, writeLife } from './life-rows.ts';
import type { NodeDatabase, Readable } from './node-database.ts';
import { noteGoodbye } from './said-goodbye.ts';

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

const DELETE = 'DELETE FROM meta WHERE key = ?';

/** @throws LessorError `node.leaving` where no ADD may begin */
export function ensureNotLeaving(reading: Readable, bootId: string): void {
  if (lifeRow(reading, LEAVING, bootId) !== undefined) throw isLeavingError();
}

const isLeavingError = (): LessorError =>
  refusal(
    'node.leaving',
    'this node is leaving: no container begins here',
    'let the pod run on another node; lessor leave, once it ends well, or lessor leave --stay lets containers begin here again',
  );

export function openLeaving(database: NodeDatabase, bootId: string, files: Files): Leaving {
  const directory = directoryOf(database.path);
  return {
    isLeaving: () => lifeRow(database, LEAVING, bootId) !== undefined,
    begin: () =>
      database.transaction((writing) => {
        const attachments = Number(writing.all('SELECT count(*) AS count FROM lease')[0]?.count);
        if (attachments === 0) writeLife(writing, LEAVING, bootId, lifeIn(writing, LEAVING, bootId));
        return attachments;
      }),
    sayGoodbye: (incarnation) =>
      database.transaction((writing) => {
        const row = lifeRow(writing, LEAVING, bootId);
        if (row === undefined) return false;
        const said = Math.max(row.life, incarnation);
        noteGoodbye(files, directory, { boot: bootId, said, left: lifeIn(writing, LEFT, bootId) });
        writeLife(writing, LEAVING, bootId, said);
        return true;
      }),
    finish: (incarnation = 0) =>
      database.transaction((writing) => {
        const row = lifeRow(writing, LEAVING, bootId);
        if (row === undefined || row.life > incarnation) return false;
        const left = Math.max(lifeIn(writing, LEFT, bootId), incarnation);
        if (left > 0) noteGoodbye(files, directory, { boot: bootId, said: 0, left });
        writeLife(writing, LEFT, bootId, left);
        writing.run('DELETE FROM pool');
        writing.run(DELETE, LEAVING);
        return true;
      }),
    stay: () =>
      database.transaction((writing) => {
        const row = lifeRow(writing, LEAVING, bootId);
        if (row === undefined) return 'was not leaving';
        if (row.life > 0) return 'said';
        writing.run(DELETE, LEAVING);
        return 'stays';
      }),
    lifeSaid: () => lifeIn(database, LEAVING, bootId),
    lifeLeft: () => lifeIn(database, LEFT, bootId),
  };
}
