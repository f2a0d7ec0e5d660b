/** What a node keeps in one data directory: the journal and the outbox, what it was told of pools, the blocks that it gave back. */
import { isObject, parseJson } from '../machine/json.ts';
import { inDataDir } from '../machine/layout.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { type Imports, openImports } from './imports.ts';
import { type Journal, openJournal } from './journal.ts';
import { LOST } from './journal-file.ts';
import { type Leaving, openLeaving } from './leaving.ts';
import { type NodeDatabase, openNodeDatabase } from './node-database.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import { openReturnedBlocks, type ReturnedBlocks } from './returned-blocks.ts';
import { openToldPools, type ToldPools } from './told-pools.ts';

export interface NodeRecords extends ToldPools, Pick<NodeDatabase, 'meta' | 'setMeta' | 'changeMeta'> {
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
    ...openToldPools(database, bootId, returnedBlocks),
    sweep: returnedBlocks.sweep,
  };
}
