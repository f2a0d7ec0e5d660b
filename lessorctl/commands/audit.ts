/** `lessorctl audit` and `lessorctl deaths`. */
import type { AuditRow } from '../../core/contract/audit.ts';
import { changedFields } from '../../core/contract/changed-fields.ts';
import type { Death } from '../../core/contract/nodes.ts';
import { type Cell, NONE } from '../print/cell.ts';
import { type Column, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { wrong } from '../settings/wrong.ts';
import { gathered } from './pages.ts';
import { readTime } from './times.ts';
import { stateCell, timeText } from './words.ts';

export const audit = command({
  about: `The latest first. Of a change it has the fields, and with -o yaml the pool before and after. Dry runs are not among it.`,
  arguments: {},
  options: {
    since: {
      kind: 'value',
      value: 'TIME',
      default: '7d',
      help: 'from then on: 2d (so long ago), or 2026-01-31T12:00:00Z',
    },
    until: { kind: 'value', value: 'TIME', help: 'until then (default: now)' },
    last: { kind: 'value', value: 'NUMBER', help: 'only so many, the latest ones' },
    pool: { kind: 'value', value: 'NAME', of: 'pool', help: 'only what was done to this pool' },
    node: { kind: 'value', value: 'ID', of: 'node', help: 'only what was done to this node' },
    by: { kind: 'value', value: 'TEXT', help: 'only of whom this is a part of the identity' },
  },
  examples: [
    { line: 'audit', does: 'Who changed what in the last week' },
    { line: 'audit --pool shop --last 1 --since 30d', does: 'Who changed a pool last' },
    { line: 'audit --pool shop --since 30d -o yaml', does: 'All changes of one pool, before and after' },
  ],
  async run({ since, until, pool, node, by, last }, { service, target, progress, shell }) {
    const now = shell.now();
    if (pool !== undefined && node !== undefined) throw wrong('--pool and --node are given', 'give one of them');
    if (last !== undefined && !/^[1-9]\d{0,3}$/.test(last))
      throw wrong(`--last ${JSON.stringify(last)} is no number of entries`, 'write 1 to 9999');
    const [api, { vrf }] = [await service(), await target()];
    const subject = pool === undefined ? node : `${vrf}/${pool}`;
    const most = last === undefined ? Number.POSITIVE_INFINITY : Number(last);
    const span = { from: readTime('--since', since, now), to: readTime('--until', until, now) };
    // Two tell in which order they come.
    const limit = last === undefined || most > 100 ? undefined : String(Math.max(2, most));
    const list = api.pages('audit', { query: { ...span, subject, order: 'latest', limit } });
    // An earlier service knows neither subject nor order.
    const isMeant = (entry: AuditRow) =>
      (subject === undefined || entry.subject === subject) && (by === undefined || entry.by.includes(by));
    const isEnough = (all: readonly AuditRow[]) => all.length >= most && isLatestFirst(all);
    const all = await gathered(untilEnough(list, isMeant, isEnough), (some) => some, progress, 'entries');
    const entries = all.toSorted((a, b) => (a.at < b.at ? 1 : -1)).slice(0, most);
    return {
      document: { entries },
      names: entries.map(({ subject }) => subject),
      view: (wide) => [
        entries.length === 0 ? textPart('Nothing was changed in that time.') : tablePart(entries, columns, wide),
      ],
    };
  },
});

const isLatestFirst = (all: readonly AuditRow[]): boolean =>
  all.length > 1 && (all[0]?.at ?? '') > (all.at(-1)?.at ?? '');

async function* untilEnough(
  pages: AsyncIterable<{ readonly entries: readonly AuditRow[] }>,
  isMeant: (entry: AuditRow) => boolean,
  isEnough: (all: readonly AuditRow[]) => boolean,
): AsyncGenerator<readonly AuditRow[]> {
  const all: AuditRow[] = [];
  for await (const { entries } of pages) {
    const some = entries.filter(isMeant);
    all.push(...some);
    yield some;
    if (isEnough(all)) return;
  }
}

const columns: readonly Column<AuditRow>[] = [
  { head: 'AT', of: ({ at }) => timeText(at) },
  { head: 'ACTION', of: ({ action }) => action },
  { head: 'SUBJECT', of: ({ subject }) => subject, shrinks: true },
  { head: 'OUTCOME', of: ({ outcome }) => stateCell(outcome) },
  { head: 'BY', of: ({ by }) => nameOfIdentity(by), shrinks: true },
  { head: 'WHAT', of: whatCell, shrinks: true },
  { head: 'IDENTITY', of: ({ by }) => by, wide: true },
];

/** The same pool once more, or a change to what it is already: it was asked for and noted, and nothing came of it. */
export const isNoChange = ({ action, outcome, before, after }: AuditRow): boolean =>
  outcome === 'done' &&
  before !== undefined &&
  after === undefined &&
  (action === 'pool.created' || action === 'pool.changed');

/** Of a death the reason, of a change the fields that differ. */
function whatCell(entry: AuditRow): Cell {
  const { death } = entry;
  if (death !== undefined) return death.reason;
  if (isNoChange(entry)) return 'nothing';
  return changedFields(entry).join(', ') || NONE;
}

/** Of an ARN what people know somebody by. */
const nameOfIdentity = (by: string): string => /^arn:[^:]*:[^:]*:[^:]*:[^:]*:(.+)$/.exec(by)?.[1] ?? by;

export const deaths = command({
  about: `The latest first: who said it, what was freed, and when it was last looked for.`,
  arguments: {},
  options: { node: { kind: 'value', value: 'ID', help: 'only the last death of this node' } },
  examples: [{ line: 'deaths', does: 'Which nodes were declared dead' }],
  watchable: true,
  async run({ node }, { service, progress }) {
    const api = await service();
    const list = api.pages('listDeaths', { query: { node, limit: '100' } });
    const found = await gathered(list, (page) => page.deaths, progress, 'deaths');
    return {
      document: { deaths: found },
      names: found.map((one) => one.node),
      view: (wide) => [
        found.length === 0 ? textPart('No node was declared dead.') : tablePart(found, deathColumns, wide),
      ],
    };
  },
});

const deathColumns: readonly Column<Death>[] = [
  { head: 'NODE', of: ({ node }) => node, shrinks: true },
  { head: 'DECLARED', of: ({ declaredAt }) => timeText(declaredAt) },
  { head: 'BY', of: ({ declaredBy }) => nameOfIdentity(declaredBy), shrinks: true },
  // Before its blocks were looked for a number would say that this is all.
  { head: 'FREED', of: ({ freed, sweptAt }) => (sweptAt === undefined ? `${freed} so far` : String(freed)) },
  { head: 'REASON', of: ({ reason }) => reason, shrinks: true },
  { head: 'LIFE', of: ({ incarnation }) => String(incarnation), wide: true },
  { head: 'LOOKED', of: ({ sweptAt }) => (sweptAt === undefined ? NONE : timeText(sweptAt)), wide: true },
];
