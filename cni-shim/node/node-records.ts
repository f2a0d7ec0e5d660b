/** What a node keeps in one data directory: the journal and the outbox, what it was told of pools, the blocks that it gave back. */
import type { ClaimedBlock } from '../../core/contract/ids.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { inDataDir } from '../machine/layout.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { type Imports, openImports } from './imports.ts';
import { type Journal, openJournal } from './journal.ts';
import { LOST } from './journal-file.ts';
import { type Leaving, openLeaving } from './leaving.ts';
import { type Lives, noteLife, openLives, TOLD } from './life-rows.ts';
import { type NodeDatabase, openNodeDatabase } from './node-database.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import { formerBlocks, ofThisBoot, type PoolCache, parsePoolCache } from './pool-cache.ts';
import { openReturnedBlocks, type ReturnedBlocks } from './returned-blocks.ts';

export interface NodeRecords extends Lives, Pick<NodeDatabase, 'meta' | 'setMeta' | 'changeMeta'> {
  /** The file. */
  readonly path: string;
  readonly bootId: string;
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly imports: Imports;
  readonly returnedBlocks: ReturnedBlocks;
  readonly leaving: Leaving;
  /** Names the journal: another one after it was lost. Made if there is none yet. */
  readonly journalId: string;
  /** Undefined where there is none yet. */
  readonly knownJournalId: string | undefined;
  /** Whether all that was asked in this boot is in the journal: not where there is none, or the one before was lost in this boot. */
  readonly isIntact: boolean;
  /** The journal before this one, where it was found damaged. */
  readonly lost: LostJournal | undefined;
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
  /** Forgets what only counted in earlier boots. */
  sweep(): void;
}

export interface LostJournal {
  /** In which it was found so. */
  readonly boot: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Directories of this and earlier ones, as far as they are there still. */
  readonly aside: readonly string[];
}

export type RecordSurroundings = Pick<Surroundings, 'files' | 'openDatabase' | 'now' | 'bootId' | 'machineId'>;

export function openRecords(surroundings: RecordSurroundings, dataDir: string): NodeRecords {
  const bootId = surroundings.bootId();
  const database = openNodeDatabase(surroundings, inDataDir(dataDir).journal(surroundings.machineId()));
  const lost = (): LostJournal | undefined => {
    const read = parseJson(database.meta(LOST) ?? '');
    return isObject(read) ? (read as unknown as LostJournal) : undefined;
  };
  const returnedBlocks = openReturnedBlocks(database, bootId);
  const leaving = openLeaving(database, bootId, surroundings.files);
  const made = () => database.journalId() ?? database.transaction(() => database.journalId() ?? '');
  const circumstances = () => ({ bootId, journal: database.journalId() ?? '' });
  const stored = (pool: string): PoolCache | undefined => {
    const [row] = database.all('SELECT cache FROM pool WHERE id = ?', pool);
    return row && parsePoolCache(String(row.cache));
  };
  const lives = openLives(database, bootId);
  const cacheOf = (pool: string): PoolCache | undefined => {
    const cache = ofThisBoot(stored(pool), circumstances());
    if (cache?.pool.affinity !== 'node') return cache;
    if (cache.incarnation < lives.presentLife()) return { ...cache, blocks: [] };
    return { ...cache, blocks: returnedBlocks.without(pool, cache.blocks) };
  };
  return {
    path: database.path,
    bootId,
    journal: openJournal(database),
    outbox: openOutbox(database),
    imports: openImports(database),
    returnedBlocks,
    leaving,
    meta: database.meta,
    setMeta: database.setMeta,
    changeMeta: database.changeMeta,
    get journalId() {
      return made();
    },
    get knownJournalId() {
      return database.journalId();
    },
    get isIntact() {
      return database.journalId() !== undefined && lost()?.boot !== bootId;
    },
    get lost() {
      return lost();
    },
    cacheOf,
    caches: () => database.all('SELECT id FROM pool').flatMap(({ id }) => cacheOf(String(id)) ?? []),
    affinityOf: (pool) => stored(pool)?.pool.affinity,
    formerBlocks: (pool) => formerBlocks(stored(pool), circumstances()),
    update: (pool, change) =>
      database.transaction((writing) => {
        const next = change(cacheOf(pool));
        if (next === undefined) return;
        writing.run('INSERT OR REPLACE INTO pool (id, cache) VALUES (?, ?)', next.pool.id, JSON.stringify(next));
        noteLife(writing, TOLD, bootId, next.incarnation);
      }),
    ...lives,
    sweep: returnedBlocks.sweep,
  };
}
