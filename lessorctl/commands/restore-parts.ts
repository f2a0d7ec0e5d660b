/** What a restore is of, from the options or from what an earlier call noted; and what its steps work with. */
import type { KnownNode } from '../backup/node-looks.ts';
import { type RestoreNote, readNote, writeNote } from '../backup/restore-note.ts';
import type { RestoreNotes, RestoreParts } from '../backup/restore-parts.ts';
import {
  backupNamed,
  bothTargets,
  checkTime,
  type RestoreOrigin,
  type TwoTables,
  wholeSecond,
} from '../backup/restored-tables.ts';
import type { TablesControl } from '../backup/tables-control.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { deployedBy, type NamedTables, namesOfTables, stageOfDeployment, tablesOf } from './deployment.ts';
import { gathered } from './pages.ts';
import { toRepeat } from './restore-risk.ts';
import { readTime } from './times.ts';

export interface RestoreOptions {
  readonly time: string | undefined;
  readonly backup: string | undefined;
  readonly without: readonly string[];
  readonly note: string;
  /** Milliseconds. */
  readonly patience: number;
  /** Others than are attached: their backups stay with them. */
  readonly tables: NamedTables;
}

export interface OpenRestore {
  readonly origin: RestoreOrigin;
  readonly parts: RestoreParts;
  /** Whether an earlier call noted something of it. */
  readonly isBegun: boolean;
  /** What is to be done again by hand, since the restored tables do not have it. */
  afterwards(): Promise<readonly string[]>;
}

/** @throws LessorError `request.invalid` where it is not said what is meant, or that cannot be had */
export async function openRestore(session: Session, options: RestoreOptions): Promise<OpenRestore> {
  const { shell, progress } = session;
  const tables = await tablesOf(session);
  const noted = await readNote(shell, options.note);
  const going = noted === undefined || isOther(noted, options, shell.now()) ? undefined : noted;
  const origin = await originOf(session, tables, options, going);
  const notes = notesIn(session, options.note, going);
  const stage = await stageOfDeployment(session);
  const parts: RestoreParts = {
    tables,
    stage,
    notes,
    deployed: () => deployedBy(session),
    nodes: () => knownNodes(session),
    without: new Set(options.without),
    patience: options.patience,
    now: shell.now,
    sleep: shell.sleep,
    tell: progress.tell,
  };
  return {
    origin,
    parts,
    isBegun: going !== undefined,
    afterwards: () => toRepeat(session, { time: origin.time, dead: notes.current?.dead ?? [] }),
  };
}

/** A restore that is over stands in nobody's way. @throws LessorError where one to something else is under way */
function isOther(noted: RestoreNote, { time, backup, note }: RestoreOptions, now: number): boolean {
  if (time === undefined && backup === undefined) return false;
  const isSame =
    backup === undefined ? wholeSecond(readTime('--time', time ?? '', now)) === noted.time : backup === noted.backup;
  if (isSame) return false;
  if (noted.doneAt !== undefined) return true;
  const whose = noted.backup === undefined ? `to ${noted.time}` : `from backup ${noted.backup}`;
  throw wrong(
    `${note} is of a restore ${whose} that is not over`,
    'leave out --time and --backup to go on with it, or move the file away',
  );
}

async function originOf(
  session: Session,
  tables: TablesControl,
  { time, backup, tables: others }: RestoreOptions,
  noted: RestoreNote | undefined,
): Promise<RestoreOrigin> {
  if (time !== undefined && backup !== undefined) throw wrong('--time and --backup are both given', 'give one of them');
  const source: TwoTables = noted?.source ?? (await namesOfTables(session, others));
  const { pools, leases } = source;
  const named = noted === undefined ? backup : noted.backup;
  if (named !== undefined) {
    const pair = await backupNamed(tables, source, named);
    const of = wholeSecond(pair.leases.at);
    return { time: of, backup: pair, source: { pools, leases }, target: bothTargets(source, of) };
  }
  const asked = noted?.time ?? (time === undefined ? undefined : readTime('--time', time, session.shell.now()));
  if (asked === undefined)
    throw wrong('it is not said to which time', 'give --time or --backup: see lessorctl backups');
  const whole = wholeSecond(asked);
  if (noted === undefined) await checkTime(tables, source, whole);
  return { time: whole, source: { pools, leases }, target: bothTargets(source, whole) };
}

function notesIn({ shell }: Session, path: string, noted: RestoreNote | undefined): RestoreNotes {
  let current = noted;
  return {
    get current() {
      return current;
    },
    async keep(note) {
      await writeNote(shell, path, note);
      current = note;
    },
  };
}

async function knownNodes({ service, progress }: Session): Promise<readonly KnownNode[]> {
  const api = await service();
  const list = api.pages('listNodes', { query: { limit: '100' } });
  const nodes = await gathered(list, (page) => page.nodes, progress, 'nodes');
  return nodes.map(({ node, alive, heartbeatAt, journal }) => {
    const said = journal === undefined ? {} : { comparedAt: journal.reconciledAt ?? '', lost: journal.lost };
    return { node, alive, heartbeatAt, ...said };
  });
}
