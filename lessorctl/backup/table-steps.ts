/** The steps of a restore that make the tables, and give them what a restored table lacks. */
import { LessorError } from '../../core/contract/problems.ts';
import { wrong } from '../settings/wrong.ts';
import { PAUSE_MS, type RestoreParts, type RestoreStep } from './restore-parts.ts';
import { checkIsRestored, type RestoreOrigin } from './restored-tables.ts';
import type { TableBackup, TableView } from './tables-control.ts';

const KINDS = ['leases', 'pools'] as const;

/** @returns those that are there. @throws LessorError where one of them is another table */
async function targetsOf(origin: RestoreOrigin, { tables }: RestoreParts): Promise<Map<string, TableView>> {
  const found = new Map<string, TableView>();
  for (const kind of KINDS) {
    const table = await tables.read(origin.target[kind]);
    if (table === undefined) continue;
    checkIsRestored(table, origin, origin.backup?.[kind]);
    found.set(kind, table);
  }
  return found;
}

export function tablesStep(origin: RestoreOrigin, parts: RestoreParts): RestoreStep {
  const { tables } = parts;
  const { backup, source, target, time } = origin;
  const from = backup === undefined ? `to ${time}` : `from backup ${backup.name}`;
  const begin = async (kind: (typeof KINDS)[number]) => {
    const live = await tables.read(source[kind]);
    const made: TableBackup | undefined = backup?.[kind];
    if (made !== undefined) return tables.restoreFromBackup(live, made.arn, target[kind]);
    if (live === undefined)
      throw wrong(`table ${source[kind]} is not there`, 'restore from a backup: lessorctl backups');
    await tables.restoreToTime(live, time, target[kind]);
  };
  const waitFor = async () => {
    for (;;) {
      const found = await targetsOf(origin, parts);
      const missing = KINDS.filter((kind) => !found.get(kind)?.isReady);
      if (missing.length === 0) return;
      parts.tell(`DynamoDB restores ${missing.map((kind) => target[kind]).join(' and ')}: it takes minutes to hours`);
      await parts.sleep(PAUSE_MS);
    }
  };
  return {
    name: 'restore',
    what: `restore both tables ${from}, into new ones`,
    async look() {
      const found = await targetsOf(origin, parts);
      const facts = KINDS.map((kind) => {
        const table = found.get(kind);
        return `${target[kind]} ${table === undefined ? 'is not there' : table.isReady ? 'is there' : 'is being made'}`;
      });
      return { state: KINDS.every((kind) => found.get(kind)?.isReady) ? 'done' : 'to do', facts };
    },
    async carryOut() {
      const found = await targetsOf(origin, parts);
      for (const kind of KINDS) if (!found.has(kind)) await begin(kind);
      await waitFor();
    },
  };
}

interface Lack {
  readonly what: string;
  mend(): Promise<void>;
}

export function prepareStep(origin: RestoreOrigin, parts: RestoreParts): RestoreStep {
  const { tables } = parts;
  const lacks = async (): Promise<Lack[]> => {
    const found = await targetsOf(origin, parts);
    const all: Lack[] = [];
    for (const kind of KINDS) {
      const table = found.get(kind);
      const name = origin.target[kind];
      const live = kind === 'leases' ? undefined : await tables.read(origin.source[kind]);
      // Events of nodes and pools are wanted where the live table has a stream; leases are always counted by theirs.
      const wantsStream = kind === 'leases' || live?.streamArn !== undefined;
      if (table === undefined || (await tables.recoveryOf(name)) === undefined)
        all.push({ what: `recovery of ${name}`, mend: () => tables.turnOnRecovery(name) });
      if (table?.isProtected !== true) all.push({ what: `protection of ${name}`, mend: () => tables.protect(name) });
      if (wantsStream && table?.streamArn === undefined)
        all.push({ what: `stream of ${name}`, mend: () => tables.turnOnStream(name) });
    }
    return all;
  };
  return {
    name: 'prepare',
    what: 'turn on what a restored table lacks: recovery, deletion protection, streams',
    async look() {
      const found = await targetsOf(origin, parts);
      if (found.size < KINDS.length) return { state: 'to do', facts: ['they are not there yet'] };
      const missing = await lacks();
      return {
        state: missing.length === 0 ? 'done' : 'to do',
        facts:
          missing.length === 0 ? ['nothing is missing'] : [`missing: ${missing.map(({ what }) => what).join(', ')}`],
      };
    },
    async carryOut() {
      for (const lack of await lacks()) {
        parts.tell(lack.what);
        await whenReady(parts, origin, lack);
      }
    },
  };
}

/** DynamoDB makes one change of a table at a time, and none while it makes the table's first backup. */
async function whenReady(parts: RestoreParts, origin: RestoreOrigin, { mend }: Lack): Promise<void> {
  for (let tries = 1; ; tries++) {
    const found = await targetsOf(origin, parts);
    if (KINDS.every((kind) => found.get(kind)?.isReady)) {
      const refused = await mend().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (refused === undefined) return;
      const waits = refused instanceof LessorError && /ResourceInUse|Unavailable|LimitExceeded/.test(refused.what);
      if (!waits || tries >= MOST_TRIES) throw refused;
    }
    await parts.sleep(PAUSE_MS);
  }
}

/** Ten minutes. */
const MOST_TRIES = 60;
