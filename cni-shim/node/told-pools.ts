/** What the service told of pools, and of the node's lives, as the journal's file keeps it. */
import type { ClaimedBlock } from '../../core/contract/ids.ts';
import { type LifeNow, type Lives, noteLife, openLives, TOLD } from './life-rows.ts';
import type { NodeDatabase, Writing } from './node-database.ts';
import { formerBlocks, ofThisBoot, type PoolCache, parsePoolCache } from './pool-cache.ts';
import type { ReturnedBlocks } from './returned-blocks.ts';

export interface ToldPools extends Omit<Lives, 'setBack'> {
  /**
   * What the node was told of a pool in this boot and with this journal, without blocks that it gave back, and without any block of a
   * life that is over.
   */
  cacheOf(pool: string): PoolCache | undefined;
  /** Of each pool. */
  caches(): PoolCache[];
  /** Whatever boot it was told in. */
  affinityOf(pool: string): PoolCache['pool']['affinity'] | undefined;
  /** Blocks of an earlier boot in that pool, which the service may let this one take over. */
  formerBlocks(pool: string): readonly ClaimedBlock[];
  /** In one step with the look at what is known. */
  update(pool: string, change: (known: PoolCache | undefined) => PoolCache | undefined): void;
  /**
   * The node is in an earlier life than it was told: the tables were set back. Of blocks it forgets all that it was told.
   * @param isStill nothing happens where it denies it by now
   */
  setBack(now: LifeNow, isStill: () => boolean): void;
}

const write = ({ run }: Writing, cache: PoolCache): unknown =>
  run('INSERT OR REPLACE INTO pool (id, cache) VALUES (?, ?)', cache.pool.id, JSON.stringify(cache));

export function openToldPools(database: NodeDatabase, bootId: string, returnedBlocks: ReturnedBlocks): ToldPools {
  const { setBack, ...lives } = openLives(database, bootId);
  const circumstances = () => ({ bootId, journal: database.journalId() ?? '' });
  const stored = (pool: string): PoolCache | undefined => {
    const [row] = database.all('SELECT cache FROM pool WHERE id = ?', pool);
    return row && parsePoolCache(String(row.cache));
  };
  const cacheOf = (pool: string, presentLife = lives.presentLife()): PoolCache | undefined => {
    const cache = ofThisBoot(stored(pool), circumstances());
    if (cache?.pool.affinity !== 'node') return cache;
    if (cache.incarnation < presentLife) return { ...cache, blocks: [] };
    return { ...cache, blocks: returnedBlocks.without(pool, cache.blocks) };
  };
  return {
    ...lives,
    cacheOf: (pool) => cacheOf(pool),
    caches: () => {
      const presentLife = lives.presentLife();
      return database.all('SELECT id FROM pool').flatMap(({ id }) => cacheOf(String(id), presentLife) ?? []);
    },
    affinityOf: (pool) => stored(pool)?.pool.affinity,
    formerBlocks: (pool) => formerBlocks(stored(pool), circumstances()),
    update: (pool, change) =>
      database.transaction((writing) => {
        const next = change(cacheOf(pool));
        if (next === undefined) return;
        write(writing, next);
        noteLife(writing, TOLD, bootId, next.incarnation);
      }),
    setBack: (now, isStill) =>
      database.transaction((writing) => {
        if (!isStill()) return;
        setBack(writing, now);
        for (const { id } of writing.all('SELECT id FROM pool')) {
          const cache = ofThisBoot(stored(String(id)), circumstances());
          // Also of that life: what it says may be of later tables.
          if (cache !== undefined) write(writing, { ...cache, incarnation: now.life, blocks: [] });
        }
      }),
  };
}
