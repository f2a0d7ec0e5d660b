/** Rows of the journal's `meta` that name a life of the node. Each names the boot as well, and counts in it only. */
import type { Database } from '../machine/database.ts';
import { isObject, parseJson } from '../machine/json.ts';

type Readable = Pick<Database, 'all'>;
type Writing = Pick<Database, 'all' | 'run'>;

/** The life to which the node says goodbye; 0 while it has said none. */
export const LEAVING = 'leaving';
/** The newest life that it has left. */
export const LEFT = 'left';
/**
 * The newest life that it was told of in whichever pool, or that comes after one that is over. What it was told of blocks in an
 * earlier one is void (`propose.claimOfToldLife`, `hear.lifeNotLeft`).
 */
export const TOLD = 'told';

const READ = 'SELECT value FROM meta WHERE key = ?';
const WRITE = 'INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)';

export const lifeText = (boot: string, life: number): string => JSON.stringify({ boot, life });

/** Undefined where there is no such row of this boot. */
export function lifeRow({ all }: Readable, key: string, bootId: string): { readonly life: number } | undefined {
  const [row] = all(READ, key);
  const read = row && parseJson(String(row.value));
  return isObject(read) && read.boot === bootId ? { life: Number(read.life) } : undefined;
}

/** 0: none. */
export const lifeIn = (reading: Readable, key: string, bootId: string): number =>
  lifeRow(reading, key, bootId)?.life ?? 0;

export function writeLife(writing: Writing, key: string, bootId: string, life: number): void {
  writing.run(WRITE, key, lifeText(bootId, life));
}

/** Lives before that one are over. */
export function noteToldLife(writing: Writing, bootId: string, life: number): void {
  if (life > lifeIn(writing, TOLD, bootId)) writeLife(writing, TOLD, bootId, life);
}
