/** Rows of the journal's `meta` that name a life of the node. Each names the boot as well, and counts in it only. */
import type { Database } from '../machine/database.ts';
import { isObject, parseJson } from '../machine/json.ts';

type Readable = Pick<Database, 'all'>;
type Writing = Pick<Database, 'all' | 'run'>;

/** The life to which the node says goodbye; 0 while it has said none. */
export const LEAVING = 'leaving';
/** The newest life that it has left. */
export const LEFT = 'left';
/** The newest life that the service told it, in whichever pool. */
export const TOLD = 'told';
/** The newest life that was declared over although the node runs. */
export const DEAD = 'declared dead';

const READ = 'SELECT value FROM meta WHERE key = ?';
const WRITE = 'INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)';

export const lifeText = (boot: string, life: number): string => JSON.stringify({ boot, life });

/** Undefined where the row is not of this boot, or names no life. */
export function lifeOf(text: string | undefined, bootId: string): number | undefined {
  const read = parseJson(text ?? '');
  if (!isObject(read) || read.boot !== bootId) return undefined;
  // As `incarnation` it was written by the version before.
  const life = read.life ?? read.incarnation;
  return typeof life === 'number' ? life : undefined;
}

/** Undefined where there is no such row of this boot. */
export function lifeRow({ all }: Readable, key: string, bootId: string): { readonly life: number } | undefined {
  const [row] = all(READ, key);
  const life = row && lifeOf(String(row.value), bootId);
  return life === undefined ? undefined : { life };
}

/** 0: none. */
export const lifeIn = (reading: Readable, key: string, bootId: string): number =>
  lifeRow(reading, key, bootId)?.life ?? 0;

export function writeLife(writing: Writing, key: string, bootId: string, life: number): void {
  writing.run(WRITE, key, lifeText(bootId, life));
}

/**
 * The earliest life that may be the present one. What the node was told of blocks in an earlier one is void, in every pool
 * (`propose.claimOfToldLife`, `hear.lifeNotLeft`).
 */
function presentLife(reading: Readable, bootId: string): number {
  const after = (life: number) => (life === 0 ? 0 : life + 1);
  const [dead, left] = [lifeIn(reading, DEAD, bootId), lifeIn(reading, LEFT, bootId)];
  return Math.max(lifeIn(reading, TOLD, bootId), after(dead), after(left));
}

/** A row that names an earlier life is raised. */
export function noteLife(writing: Writing, key: string, bootId: string, life: number): void {
  if (life > lifeIn(writing, key, bootId)) writeLife(writing, key, bootId, life);
}

export interface Lives {
  /** The newest life of this boot that the service told, in whichever pool; 0: none. */
  lifeTold(): number;
  /** The earliest life that may be the present one: after those that were declared over, and those that were left. */
  presentLife(): number;
  /** What another data directory of the node knows, or an answer that is about no pool. */
  noteLives(lives: { readonly told?: number; readonly left?: number; readonly dead?: number }): void;
  /**
   * The node is in an earlier life than the tables had told: they were set back. What they told of later ones is forgotten.
   * @param now the life in which the node is
   */
  setBack(writing: Writing, now: LifeNow): void;
}

export interface LifeNow {
  readonly life: number;
  /** It is not over, as far as is known. */
  readonly isAlive: boolean;
}

type Journal = Readable & { transaction<T>(act: (writing: Writing) => T): T };

export function openLives(journal: Journal, bootId: string): Lives {
  return {
    lifeTold: () => lifeIn(journal, TOLD, bootId),
    presentLife: () => presentLife(journal, bootId),
    noteLives: ({ told = 0, left = 0, dead = 0 }) =>
      journal.transaction((writing) => {
        noteLife(writing, TOLD, bootId, told);
        noteLife(writing, LEFT, bootId, left);
        noteLife(writing, DEAD, bootId, dead);
      }),
    setBack(writing, { life, isAlive }) {
      writeLife(writing, TOLD, bootId, life);
      const firstVoid = isAlive ? life : life + 1;
      for (const key of [LEFT, DEAD])
        if (lifeIn(writing, key, bootId) >= firstVoid) writing.run('DELETE FROM meta WHERE key = ?', key);
    },
  };
}
