/** `lessorctl restore`. */

import { shownText } from '../../core/contract/shown-text.ts';
import { NOTE_FILE } from '../backup/restore-note.ts';
import { carryOutSteps, lookAtSteps, restoreSteps, type SeenStep } from '../backup/restore-steps.ts';
import type { RestoreOrigin } from '../backup/restored-tables.ts';
import type { CommandOutcome } from '../print/outcome.ts';
import { type Column, fieldsPart, type Part, tablePart, textPart, verbatimPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { agreed } from './change.ts';
import { tableOptions } from './deployment.ts';
import { type OpenRestore, openRestore } from './restore-parts.ts';
import { atRisk } from './restore-risk.ts';
import { readSpan, readTime } from './times.ts';
import { stateCell } from './words.ts';

/** It is not over: a person has to do something. */
const WAITS = 1;

export const restore = command({
  about: `Both tables as they were at a time, or as a backup has them, attached in place of the live ones. What was leased since then
is missing in them, although pods live with it: so the API is closed first, and no pod gets an address until every node has
compared the tables with its journal. Nothing is ever freed by it.

--plan reads everything and changes nothing. --run carries the steps out, asks before it closes and before it opens the API, and
stops where somebody has to deploy. It can be interrupted at any time: the same command goes on. What it has to remember it keeps
in ${NOTE_FILE}. The exit code is 0 once all is done, and ${WAITS} while it waits for you. Rehearse it: docs/restore.md.`,
  arguments: {},
  options: {
    plan: { kind: 'flag', help: 'say what would be done, what is done, and what is at risk (the default)' },
    run: { kind: 'flag', help: 'do it, as far as it can be done' },
    time: { kind: 'value', value: 'TIME', help: 'to this time: 2h (so long ago), or 2026-01-31T12:00:00Z' },
    backup: { kind: 'value', value: 'NAME', help: 'from the backups of this name instead' },
    without: {
      kind: 'value',
      value: 'NODE',
      several: true,
      help: 'do not wait for this node: it is gone, or was looked at by hand',
    },
    ...tableOptions,
    note: { kind: 'value', value: 'FILE', default: NOTE_FILE, help: 'where it keeps what it has to remember' },
    timeout: { kind: 'value', value: 'SPAN', default: '1h', help: 'so long it waits for nodes at most' },
    yes: { kind: 'flag', short: 'y', help: 'do not ask, also where a lease is lost' },
  },
  examples: [
    {
      line: 'restore --time 2026-01-31T12:00:00Z',
      does: 'See what a restore would be, and what is at risk',
    },
    { line: 'restore --run --time 2026-01-31T12:00:00Z', does: 'Begin it' },
    { line: 'restore --run', does: 'Go on with it, after the deployment or an interruption' },
  ],
  async run({ plan, run, time, backup, without, note, timeout, yes, ...tables }, session) {
    if (plan && run) throw wrong('--plan and --run are both given', 'give one of them');
    if (time !== undefined) readTime('--time', time, session.shell.now());
    const options = { time, backup, without, note, patience: readSpan('--timeout', timeout), tables };
    const open = await openRestore(session, options);
    const steps = restoreSteps(open.origin, open.parts);
    if (!run) return planned(session, open, await lookAtSteps(steps));
    const seen: SeenStep[] = [];
    const waiting = await carryOutSteps(steps, {
      agree: (question, facts) => agreed(session, { question, yes }, { effects: facts }),
      told: ({ name, what }, look) => {
        seen.push({ name, what, ...look });
        session.progress.clear();
        if (session.forPeople) session.shell.complain(`${shownText(`${name}: ${look.facts.join('; ')}`)}\n`);
      },
    });
    return outcomeOf(open.origin, seen, waiting === undefined ? await open.afterwards() : [], waiting?.look.say);
  },
});

async function planned(session: Session, open: OpenRestore, seen: readonly SeenStep[]): Promise<CommandOutcome> {
  const risk = open.isBegun ? await open.afterwards() : await atRisk(session, open.origin.time);
  return outcomeOf(open.origin, seen, risk, seen.find(({ state }) => state === 'waits')?.say, false);
}

function outcomeOf(
  origin: RestoreOrigin,
  steps: readonly SeenStep[],
  remarks: readonly string[],
  say: string | undefined,
  isRun = true,
): CommandOutcome {
  const { time, backup, source, target } = origin;
  const isWaiting = isRun && steps.some(({ state }) => state !== 'done');
  return {
    document: { time, ...(backup === undefined ? {} : { backup: backup.name }), source, target, steps, remarks },
    names: steps.filter(({ state }) => state !== 'done').map(({ name }) => name),
    view: (wide): Part[] => [
      fieldsPart([
        ['Restore', backup === undefined ? `to ${time}` : `from backup ${backup.name}, of ${time}`],
        ['Pools', `${source.pools} to ${target.pools}`],
        ['Leases', `${source.leases} to ${target.leases}`],
      ]),
      tablePart(steps, columns, wide),
      ...(remarks.length === 0 ? [] : [textPart(remarks.map((remark) => `- ${remark}`).join('\n'))]),
      ...(say === undefined ? [] : [verbatimPart(say)]),
    ],
    ...(isWaiting ? { exitCode: WAITS } : {}),
  };
}

const columns: readonly Column<SeenStep>[] = [
  { head: 'STEP', of: ({ name }) => name },
  { head: 'STATE', of: ({ state }) => stateCell(state) },
  { head: 'WHAT', of: ({ what }) => what, shrinks: true },
  { head: 'FOUND', of: ({ facts }) => facts.join('; '), shrinks: true },
];
