/** `lessorctl backup` and `lessorctl backups`. */
import { backupPairs, type TwoTables, wholeSecond, whyNot } from '../backup/restored-tables.ts';
import type { TableBackup, TablesControl } from '../backup/tables-control.ts';
import { NONE } from '../print/cell.ts';
import { type Column, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { changed, changeOptions } from './change.ts';
import { namesOfTables, tableOptions, tablesOf } from './deployment.ts';
import { writtenOf } from './pools-file.ts';
import { poolsOfAll } from './pools-of-all.ts';
import { ageCell, counted, stateCell, timeText } from './words.ts';

/** DynamoDB's rule. */
const NAME = /^[A-Za-z0-9_.-]{3,255}$/;
/** Milliseconds between the two: what is written at one instant may be in one of two backups of that instant, and not in the other. */
const APART = 5_000;

export const backup = command({
  about: `On-demand backups of both tables, and the pools of all VRFs as YAML in a file. The leases come first and the pools some seconds
later: so whatever is leased in the one is a node's in the other. They are kept until you delete them, for longer than the 35 days
of point-in-time recovery, which stays the better way back: it is to the second. A restore is lessorctl restore.`,
  arguments: {},
  options: {
    name: { kind: 'value', value: 'NAME', help: 'what both are called (default: lessor and the time)' },
    file: { kind: 'value', value: 'FILE', help: 'where the pools are written (default: NAME.pools.yaml)' },
    ...tableOptions,
    ...changeOptions,
  },
  examples: [
    { line: 'backup', does: 'Back up both tables, and the pools' },
    { line: 'backup --name before-upgrade --dry-run', does: 'See what would be backed up' },
  ],
  async run({ name: named, file: path, 'dry-run': dryRun, ...tables }, session) {
    const { shell } = session;
    const name = named ?? `lessor-${wholeSecond(new Date(shell.now()).toISOString()).replaceAll(/[-:]/g, '')}`;
    if (!NAME.test(name))
      throw wrong(`--name ${JSON.stringify(name)} is no name of a backup`, 'write 3 to 255 of A-Z a-z 0-9 _ . -');
    const names = await namesOfTables(session, tables);
    const control = await tablesOf(session);
    if ((await backupPairs(control, names)).some((pair) => pair.name === name))
      throw wrong(`--name ${name} is taken`, 'see lessorctl backups, and take another one');
    const file = path ?? `${name}.pools.yaml`;
    const backUp = { name, file, names, control };
    return changed(session, { dryRun, names: [name], send: (dry) => backedUp(session, backUp, dry) });
  },
});

interface BackUp {
  readonly name: string;
  readonly file: string;
  readonly names: TwoTables;
  readonly control: TablesControl;
}

async function backedUp(session: Session, { name, file, names, control }: BackUp, dry: boolean) {
  const { shell, progress } = session;
  const recovery = await recoveryText(control, names);
  const { text, count } = await writtenPools(session);
  const told = (made: { readonly leases: string; readonly pools: string }) => ({
    name,
    ...names,
    effects: [
      `backup ${name} of ${names.leases}${made.leases}`,
      `backup ${name} of ${names.pools}, after that one${made.pools}`,
      `${counted(count, 'pool')} of all VRFs in ${file}`,
      ...recovery.effects,
      'after a restore from it each node has to assert what was leased since: lessorctl restore --plan',
    ],
    warnings: recovery.warnings,
  });
  if (dry) return told({ leases: '', pools: '' });
  await shell.write(file, text);
  const leases = await control.backUp(names.leases, name);
  progress.tell('the pools are backed up some seconds after the leases');
  await shell.sleep(APART);
  const pools = await control.backUp(names.pools, name);
  const asOf = ({ at }: TableBackup) => `, as of ${timeText(at)}`;
  return told({ leases: asOf(leases), pools: asOf(pools) });
}

async function recoveryText(control: TablesControl, { pools, leases }: TwoTables) {
  const [effects, warnings]: [string[], string[]] = [[], []];
  for (const table of [leases, pools]) {
    const span = await control.recoveryOf(table);
    if (span === undefined) warnings.push(`table ${table} has no point-in-time recovery: turn it on`);
    else
      effects.push(
        `${table} can be restored to any second from ${timeText(span.earliest)} to ${timeText(span.latest)}`,
      );
  }
  return { effects, warnings };
}

async function writtenPools(session: Session) {
  const pools = await poolsOfAll(session);
  const { stringify } = await import('yaml');
  const written = pools.filter(({ state }) => state !== 'closing').map(writtenOf);
  return { text: stringify({ pools: written }, { lineWidth: 0 }), count: written.length };
}

export const backups = command({
  about: `Of both tables, newest last, those that lessorctl backup made and any other. A restore needs one of each, of which that of
the pools is not older. How far back point-in-time recovery goes is said too.`,
  arguments: {},
  options: tableOptions,
  examples: [{ line: 'backups', does: 'Which backups there are' }],
  async run(named, session) {
    const names = await namesOfTables(session, named);
    const control = await tablesOf(session);
    const pairs = await backupPairs(control, names);
    const { effects, warnings } = await recoveryText(control, names);
    const recovery = [...effects, ...warnings.map((one) => `warning: ${one}`)].map((line) => textPart(line));
    const now = session.shell.now();
    const rows = pairs.map((pair) => ({ ...pair, whyNot: whyNot(pair) }));
    return {
      document: { backups: rows },
      names: rows.map(({ name }) => name),
      view: (wide) => [
        rows.length === 0 ? textPart('There is no backup.') : tablePart(rows, columns(now), wide),
        ...recovery,
      ],
    };
  },
});

interface PairRow {
  readonly name: string;
  readonly pools?: TableBackup;
  readonly leases?: TableBackup;
  readonly whyNot: string | undefined;
}

const columns = (now: number): Column<PairRow>[] => [
  { head: 'NAME', of: ({ name }) => name, shrinks: true },
  { head: 'AGE', of: ({ leases, pools }) => ageCell((leases ?? pools)?.at, now) },
  { head: 'STATE', of: ({ whyNot: why }) => stateCell(why === undefined ? 'whole' : 'unusable') },
  { head: 'WHY', of: ({ whyNot: why }) => why ?? NONE, shrinks: true },
  { head: 'LEASES AT', of: ({ leases }) => (leases === undefined ? NONE : timeText(leases.at)), wide: true },
  { head: 'POOLS AT', of: ({ pools }) => (pools === undefined ? NONE : timeText(pools.at)), wide: true },
];
