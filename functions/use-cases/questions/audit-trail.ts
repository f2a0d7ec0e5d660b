/** Who changed which pool and declared which death, day by day. */
import type { AuditQuery, AuditResult, AuditRow } from '../../../core/contract/audit.ts';
import type { PoolView } from '../../../core/contract/pool.ts';
import type { AuditEntry } from '../../../core/protocol/history.ts';
import type { DeathRecord } from '../../../core/protocol/node.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { deathOf } from '../nodes/declare-death.ts';
import { pageOf } from '../pages.ts';
import { spanOf } from './address-history.ts';
import { timeText } from './past-lease.ts';
import type { TimeSpan } from './timeline.ts';

const DAY_MS = 86_400_000;
const DEATHS_AT_ONCE = 1000;

/** What is left out of a query has its default here too: tests and other use cases ask as well. */
type Asked = Partial<AuditQuery>;

/** Where a row is: in which day, and which one of the day it is, of those that are asked for. */
interface Position {
  readonly day: number;
  readonly index: number;
}

/** @throws LessorError request.invalid */
export async function auditTrail(deps: Dependencies, call: Call, query: Asked): Promise<AuditResult> {
  const { subject, order = 'earliest', limit = Number.POSITIVE_INFINITY } = query;
  const isBackwards = order === 'latest';
  const step = isBackwards ? -1 : 1;
  const now = deps.now();
  const asked = spanOf(query, now);
  const span = { ...asked, from: Math.max(asked.from, now - deps.settings.historyDays * DAY_MS) };
  const [first = '', at] = (query.cursor ?? '').split('.');
  const [begin, end] = isBackwards ? [dayOf(span.to), dayOf(span.from)] : [dayOf(span.from), dayOf(span.to)];
  const start = first === '' ? begin : Number.parseInt(first, 10);
  const positions = new Map<AuditRow, Position>();
  const walk = { found: 0, last: start, isOver: false };
  const { rows, nextCursor } = await pageOf<number, AuditRow>(call, {
    keys: daysUntil({ start, end, step }, () => walk.found >= limit, walk),
    read: async (day) => {
      const [entries, deaths] = await Promise.all([deps.store.history.readAudit(day, now), deathsOn(deps, day)]);
      const all = [...entries.map(entryRow), ...deaths.map(deathRow)].filter(
        (row) => isIn(span, Date.parse(row.at)) && (subject === undefined || row.subject === subject),
      );
      all.sort((a, b) => (a.at < b.at ? -1 : 1)).forEach((row, index) => void positions.set(row, { day, index }));
      // What comes later to a day comes behind: counted from its beginning, a row stays where it is.
      const from = day === start && at !== undefined ? Number.parseInt(at, 10) : undefined;
      const wanted = isBackwards ? all.slice(0, (from ?? all.length) + 1).reverse() : all.slice(from ?? 0);
      walk.found += wanted.length;
      return wanted;
    },
    after: (day) => String(day + step),
    at: (_, row) => cursorAt(positions.get(row)),
  });
  const next = rows[limit] ? cursorAt(positions.get(rows[limit])) : (nextCursor ?? beyond(walk, step));
  return { entries: rows.slice(0, limit), ...(next === undefined ? {} : { nextCursor: next }) };
}

const cursorAt = ({ day, index }: Position = { day: 0, index: 0 }): string => `${day}.${index}`;
const dayOf = (at: number): number => Math.floor(at / DAY_MS);
const isIn = ({ from, to }: TimeSpan, at: number): boolean => at >= from && at <= to;

interface Way {
  readonly start: number;
  readonly end: number;
  readonly step: 1 | -1;
}

interface Walk {
  last: number;
  isOver: boolean;
}

/** Days in either direction, until enough was found. */
function* daysUntil({ start, end, step }: Way, isEnough: () => boolean, walk: Walk): Generator<number> {
  for (let day = start; (end - day) * step >= 0; day += step) {
    if (isEnough()) return;
    walk.last = day;
    yield day;
  }
  walk.isOver = true;
}

/** Where the walk ended early, the day with which it goes on. */
const beyond = ({ last, isOver }: Walk, step: number): string | undefined => (isOver ? undefined : String(last + step));

/** The record of a death is made before anything else of it, and stays for good: it is noted nowhere else. */
async function deathsOn({ store }: Dependencies, day: number): Promise<DeathRecord[]> {
  const end = `${String((day + 1) * DAY_MS).padStart(15, '0')}#`;
  const found: DeathRecord[] = [];
  for (let cursor: string | undefined = end; cursor !== undefined; ) {
    const page = await store.nodes.listDeaths({ limit: DEATHS_AT_ONCE, cursor, since: day * DAY_MS });
    found.push(...page.deaths);
    cursor = page.nextCursor;
  }
  return found.filter(({ declaredAt }) => dayOf(declaredAt) === day);
}

const entryRow = ({ at, by, action, subject, outcome, before, after }: AuditEntry): AuditRow => ({
  ...{ at: timeText(at), by, action, subject, outcome },
  ...(before === undefined ? {} : { before: before as PoolView }),
  ...(after === undefined ? {} : { after: after as PoolView }),
});

const deathRow = (death: DeathRecord): AuditRow => ({
  at: timeText(death.declaredAt),
  by: death.declaredBy,
  action: 'node.declared-dead',
  subject: death.node,
  outcome: death.withdrawn ? 'begun' : 'done',
  death: deathOf(death),
});
