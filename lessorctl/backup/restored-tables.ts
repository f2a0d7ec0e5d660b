/** From which tables and to which, and whether both can be had as of one time. */
import { LessorError } from '../../core/contract/problems.ts';
import { wrong } from '../settings/wrong.ts';
import type { TableBackup, TablesControl, TableView } from './tables-control.ts';

export interface TwoTables {
  readonly pools: string;
  readonly leases: string;
}

export interface BackupPair {
  readonly name: string;
  readonly pools: TableBackup;
  readonly leases: TableBackup;
}

/** What is to be restored. */
export interface RestoreOrigin {
  /** RFC 3339, whole seconds: the restored tables have what was until then. */
  readonly time: string;
  readonly backup?: BackupPair;
  readonly source: TwoTables;
  readonly target: TwoTables;
}

const SUFFIX = /-at-\d{8}T\d{6}Z$/;

/** Of the second in which the time lies. */
export const wholeSecond = (time: string): string => `${new Date(time).toISOString().slice(0, 19)}Z`;

/** Without one that an earlier restore gave it: names do not grow. */
export const targetOf = (table: string, time: string): string =>
  `${table.replace(SUFFIX, '')}-at-${time.replaceAll(/[-:]/g, '')}`;

export const bothTargets = ({ pools, leases }: TwoTables, time: string): TwoTables => ({
  pools: targetOf(pools, time),
  leases: targetOf(leases, time),
});

/** @throws LessorError `request.invalid` where one of the tables cannot be restored to that time */
export async function checkTime(tables: TablesControl, { pools, leases }: TwoTables, time: string): Promise<void> {
  for (const table of [pools, leases]) {
    const span = await tables.recoveryOf(table);
    if (span === undefined)
      throw wrong(`table ${table} has no point-in-time recovery`, 'restore from a backup: lessorctl backups');
    const isIn = Date.parse(span.earliest) <= Date.parse(time) && Date.parse(time) <= Date.parse(span.latest);
    if (!isIn)
      throw wrong(
        `--time ${time} is not a time to which table ${table} can be restored`,
        `it can from ${span.earliest} to ${span.latest}`,
      );
  }
}

/** Newest last. */
export async function backupPairs(
  tables: TablesControl,
  { pools, leases }: TwoTables,
): Promise<readonly { readonly name: string; readonly pools?: TableBackup; readonly leases?: TableBackup }[]> {
  const [ofPools, ofLeases] = [await tables.backupsOf(pools), await tables.backupsOf(leases)];
  const names = [...new Set([...ofPools, ...ofLeases].map(({ name }) => name))];
  const last = (all: readonly TableBackup[], name: string) =>
    all
      .filter((one) => one.name === name)
      .sort((a, b) => a.at.localeCompare(b.at))
      .at(-1);
  return names
    .map((name) => {
      const [ofPool, ofLease] = [last(ofPools, name), last(ofLeases, name)];
      return { name, ...(ofPool && { pools: ofPool }), ...(ofLease && { leases: ofLease }) };
    })
    .sort((a, b) => timeOf(a).localeCompare(timeOf(b)));
}

const timeOf = ({ pools, leases }: { readonly pools?: TableBackup; readonly leases?: TableBackup }): string =>
  (leases ?? pools)?.at ?? '';

/** Why a restore from it would lose claims, or cannot be made; undefined where it can. */
export function whyNot({ pools, leases }: { readonly pools?: TableBackup; readonly leases?: TableBackup }) {
  if (pools === undefined) return 'it has no backup of the pools';
  if (leases === undefined) return 'it has no backup of the leases';
  if (!pools.isReady || !leases.isReady) return 'it is not ready yet';
  // A lease whose block the other table has as nobody's would be in nobody's block: another node may be given it.
  if (pools.at < leases.at) return 'its pools are older than its leases: claims of blocks would be missing';
  return undefined;
}

/** @throws LessorError `request.invalid` where there is no such pair, or it is not safe */
export async function backupNamed(tables: TablesControl, source: TwoTables, name: string): Promise<BackupPair> {
  const found = (await backupPairs(tables, source)).find((pair) => pair.name === name);
  if (found === undefined) throw wrong(`--backup ${name} is not there`, 'see lessorctl backups');
  const why = whyNot(found);
  const { pools, leases } = found;
  if (why !== undefined || pools === undefined || leases === undefined)
    throw wrong(`backup ${name} cannot be restored: ${why}`, 'take another one, or restore to a time');
  return { name, pools, leases };
}

/** @throws LessorError where a table of that name is there already, and is another one */
export function checkIsRestored(
  { name, restoredFrom }: TableView,
  { time }: RestoreOrigin,
  backup?: TableBackup,
): void {
  if (restoredFrom === undefined) return;
  const isIt =
    backup === undefined
      ? restoredFrom.at === undefined || wholeSecond(restoredFrom.at) === time
      : restoredFrom.backupArn === backup.arn;
  if (isIt) return;
  throw new LessorError('request.invalid', `table ${name} is there already, and was restored from something else`, {
    remedy: 'look what it is for; restore to another second, or delete it',
  });
}
