/**
 * To which lives this node said goodbye, in a file beside the directory of its journal. A goodbye may arrive at any later time, also
 * when the journal that knew of it was put aside as damaged, and another one began in the same boot (docs/refuted.md, "a goodbye is
 * forgotten with its journal"). So that one begins with what this file says.
 */
import { directoryOf, type Files, replaceFile } from '../machine/files.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { goodbyeFile } from '../machine/layout.ts';
import { LEAVING, LEFT, lifeText } from './life-rows.ts';

/** The newest lives of that boot: the one to which it says goodbye, and the one that it has left; 0: none. */
export interface SaidGoodbye {
  readonly boot: string;
  readonly said: number;
  readonly left: number;
}

/** Before anything is sent, or answered for good. @throws what the file system throws */
export function noteGoodbye(files: Files, directory: string, said: SaidGoodbye): void {
  const path = goodbyeFile(directory);
  replaceFile(files, path, JSON.stringify(said), directoryOf(path));
}

/** What the next journal of that boot begins with. */
export function rowsOfGoodbye(files: Files, directory: string, bootId: string): readonly (readonly [string, string])[] {
  const read = parseJson(files.read(goodbyeFile(directory)) ?? '');
  if (!isObject(read) || read.boot !== bootId) return [];
  const lives = [
    [LEAVING, Number(read.said)],
    [LEFT, Number(read.left)],
  ] as const;
  return lives.filter(([, life]) => life > 0).map(([key, life]) => [key, lifeText(bootId, life)] as const);
}
