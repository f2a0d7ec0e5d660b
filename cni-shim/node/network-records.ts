/** What a node keeps of one network: the journal and its id, what it was told of pools, and the blocks that it gave back. */
import type { ClaimedBlock } from '../../core/contract/ids.ts';
import { type Files, replaceFile } from '../machine/files.ts';
import { type GivenBack, openGivenBack, sweepGivenBack } from './given-back.ts';
import { type Journal, openJournal } from './journal.ts';
import { journalIn, knownJournalIn } from './journal-id.ts';
import { formerBlocks, type NodeState, readNodeState, readState } from './node-state.ts';
import { openUnsettled, type Unsettled } from './unsettled.ts';

export interface NetworkRecords {
  readonly name: string;
  readonly directory: string;
  readonly bootId: string;
  readonly journal: Journal;
  readonly unsettled: Unsettled;
  /** Names the journal: another one after it was lost. Made if there is none yet. */
  readonly journalId: string;
  /** Undefined where there is none yet. */
  readonly knownJournalId: string | undefined;
  /** What the node was told of a pool in this boot and with this journal, without blocks that it gave back. */
  stateOf(pool: string): NodeState | undefined;
  /** Of each pool. */
  states(): NodeState[];
  /** Whatever boot it was told in. */
  affinityOf(pool: string): NodeState['pool']['affinity'] | undefined;
  /** Blocks of an earlier boot in that pool, which the service may let this one take over. */
  formerBlocks(pool: string): readonly ClaimedBlock[];
  write(state: NodeState): void;
  readonly givenBack: GivenBack;
  /** Removes what killed processes and earlier boots left beside the journal. */
  sweep(): void;
}

const parentOf = (dataDir: string) => `${dataDir}/networks`;

/** Names of the networks of which something is kept. */
export const networksIn = (files: Files, dataDir: string): string[] => files.list(parentOf(dataDir));

/** @param dataDir the plugin's: `networks/<name>` below it is the network's */
export function openRecords(
  { files, now }: { files: Files; now: () => number },
  { dataDir, name, bootId }: { dataDir: string; name: string; bootId: string },
): NetworkRecords {
  const directory = `${parentOf(dataDir)}/${name}`;
  const journal = openJournal(files, directory, now);
  const { drafts } = journal;
  const givenBack = openGivenBack(files, directory, bootId, drafts);
  const stateFile = (pool: string) => `${directory}/pools/${pool}.json`;
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
  const stateOf = (pool: string): NodeState | undefined => {
    const state = readNodeState(files, stateFile(pool), circumstances);
    if (state?.pool.affinity !== 'node') return state;
    return { ...state, blocks: givenBack.without(pool, state.blocks) };
  };
  return {
    name,
    directory,
    bootId,
    journal,
    unsettled: openUnsettled(files, directory, journal),
    get journalId() {
      return journalId();
    },
    get knownJournalId() {
      return knownJournalIn(files, directory);
    },
    stateOf,
    states: () =>
      files
        .list(`${directory}/pools`)
        .flatMap((file) => (file.endsWith('.json') ? (stateOf(file.slice(0, -'.json'.length)) ?? []) : [])),
    affinityOf: (pool) => readState(files, stateFile(pool))?.pool.affinity,
    formerBlocks: (pool) => formerBlocks(files, stateFile(pool), circumstances),
    write: (state) => replaceFile(files, stateFile(state.pool.id), JSON.stringify(state), drafts),
    givenBack,
    sweep() {
      journal.sweep();
      sweepGivenBack(files, directory, bootId);
    },
  };
}
