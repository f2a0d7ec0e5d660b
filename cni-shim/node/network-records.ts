/** What a node keeps of one network: the journal and its id, what it was told of pools, and the blocks that it gave back. */
import type { ClaimedBlock } from '../../core/contract/ids.ts';
import { type Files, replaceFile } from '../machine/files.ts';
import { inDataDir, inNetwork, networkDirectory } from '../machine/layout.ts';
import { type GivenBack, openGivenBack, sweepGivenBack } from './given-back.ts';
import { type Journal, openJournal } from './journal.ts';
import { journalIn, knownJournalIn } from './journal-id.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import { formerBlocks, type PoolCache, readPoolCache, readPoolCacheOfAnyBoot } from './pool-cache.ts';

export interface NetworkRecords {
  readonly name: string;
  readonly directory: string;
  readonly bootId: string;
  readonly journal: Journal;
  readonly outbox: Outbox;
  /** Names the journal: another one after it was lost. Made if there is none yet. */
  readonly journalId: string;
  /** Undefined where there is none yet. */
  readonly knownJournalId: string | undefined;
  /** What the node was told of a pool in this boot and with this journal, without blocks that it gave back. */
  cacheOf(pool: string): PoolCache | undefined;
  /** Of each pool. */
  caches(): PoolCache[];
  /** Whatever boot it was told in. */
  affinityOf(pool: string): PoolCache['pool']['affinity'] | undefined;
  /** Blocks of an earlier boot in that pool, which the service may let this one take over. */
  formerBlocks(pool: string): readonly ClaimedBlock[];
  write(state: PoolCache): void;
  readonly givenBack: GivenBack;
  /** Removes what killed processes and earlier boots left beside the journal. */
  sweep(): void;
}

/** Names of the networks of which something is kept. */
export const networksIn = (files: Files, dataDir: string): string[] => files.list(inDataDir(dataDir).networks);

/** @param dataDir the plugin's, in which the network has a directory */
export function openRecords(
  { files, now }: { files: Files; now: () => number },
  { dataDir, name, bootId }: { dataDir: string; name: string; bootId: string },
): NetworkRecords {
  const directory = networkDirectory(dataDir, name);
  const { pools } = inNetwork(directory);
  const journal = openJournal(files, directory, now);
  const { drafts } = journal;
  const givenBack = openGivenBack(files, directory, bootId, drafts);
  const cacheFile = (pool: string) => `${pools}/${pool}.json`;
  let made: string | undefined;
  const journalId = () => {
    made ??= journalIn(files, directory);
    return made;
  };
  // Not made before it is needed: a DEL that finds nothing leaves nothing.
  const circumstances = {
    bootId,
    get journal() {
      return journalId();
    },
  };
  const cacheOf = (pool: string): PoolCache | undefined => {
    const state = readPoolCache(files, cacheFile(pool), circumstances);
    if (state?.pool.affinity !== 'node') return state;
    return { ...state, blocks: givenBack.without(pool, state.blocks) };
  };
  return {
    name,
    directory,
    bootId,
    journal,
    outbox: openOutbox(files, directory, journal),
    get journalId() {
      return journalId();
    },
    get knownJournalId() {
      return knownJournalIn(files, directory);
    },
    cacheOf,
    caches: () =>
      files
        .list(pools)
        .flatMap((file) => (file.endsWith('.json') ? (cacheOf(file.slice(0, -'.json'.length)) ?? []) : [])),
    affinityOf: (pool) => readPoolCacheOfAnyBoot(files, cacheFile(pool))?.pool.affinity,
    formerBlocks: (pool) => formerBlocks(files, cacheFile(pool), circumstances),
    write: (state) => replaceFile(files, cacheFile(state.pool.id), JSON.stringify(state), drafts),
    givenBack,
    sweep() {
      journal.sweep();
      sweepGivenBack(files, directory, bootId);
    },
  };
}
