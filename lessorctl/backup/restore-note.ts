/**
 * What has to be remembered of a restore from one call to the next, in a file: what the live tables knew before the API was closed,
 * and when. Everything else is looked up.
 */
import * as z from 'zod/mini';
import { LessorError } from '../../core/contract/problems.ts';
import { parse } from '../../core/contract/request-schema.ts';
import { wrong } from '../settings/wrong.ts';
import type { Shell } from '../shell/shell.ts';

export const NOTE_FILE = 'lessor-restore.json';

const time = z.string();
const twoTables = z.strictObject({ pools: z.string(), leases: z.string() });

const restoreNote = z.strictObject({
  /** To the state at this time. */
  time,
  /** From the backups of this name. */
  backup: z.optional(z.string()),
  /** The tables that were attached before it. */
  source: twoTables,
  notedAt: time,
  /** Ids of those that lived then. */
  nodes: z.array(z.string()),
  /** Ids of those whose life was over. */
  dead: z.array(z.string()),
  /** Why they could not be read. */
  nodesUnread: z.optional(z.string()),
  /** The API's throttle before it was closed. */
  throttle: z.strictObject({ rate: z.number(), burst: z.number() }),
  closedAt: z.optional(time),
  /** For all but ADDs. */
  openedAt: z.optional(time),
  /** When all nodes had looked. */
  lookedAt: z.optional(time),
  /** When somebody said that what is lost may stay lost. */
  lostAcceptedAt: z.optional(time),
  /** When ADDs were let through again. */
  doneAt: z.optional(time),
});
export type RestoreNote = z.infer<typeof restoreNote>;

/** Undefined where there is none. @throws LessorError where it is not such a file */
export async function readNote(shell: Pick<Shell, 'read'>, path: string): Promise<RestoreNote | undefined> {
  const text = await shell.read(path);
  if (text === undefined) return undefined;
  try {
    return parse(restoreNote, JSON.parse(text), path, false);
  } catch (error) {
    const why = error instanceof LessorError ? error.what : `${path} is no JSON`;
    throw wrong(why, 'it is what restore noted of itself: name another file with --note, or move it away', error);
  }
}

export const writeNote = (shell: Pick<Shell, 'write'>, path: string, note: RestoreNote): Promise<void> =>
  shell.write(path, `${JSON.stringify(note, undefined, 2)}\n`);
