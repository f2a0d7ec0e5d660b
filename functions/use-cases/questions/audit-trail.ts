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

/** @throws LessorError request.invalid */
export async function auditTrail(deps: Dependencies, call: Call, query: AuditQuery): Promise<AuditResult> {
  const now = deps.now();
  const asked = spanOf(query, now);
  const span = { ...asked, from: Math.max(asked.from, now - deps.settings.historyDays * DAY_MS) };
  const [first = '', skip = '0'] = (query.cursor ?? '').split('.');
  const begin = first === '' ? dayOf(span.from) : Number.parseInt(first, 10);
  const indexes = new Map<AuditRow, number>();
  const { rows, nextCursor } = await pageOf<number, AuditRow>(call, {
    keys: days(begin, dayOf(span.to)),
    read: async (day) => {
      const [entries, deaths] = await Promise.all([deps.store.history.readAudit(day, now), deathsOn(deps, day)]);
      const all = [...entries.map(entryRow), ...deaths.map(deathRow)].filter(({ at }) => isIn(span, Date.parse(at)));
      all.sort((a, b) => (a.at < b.at ? -1 : 1)).forEach((row, index) => void indexes.set(row, index));
      return day === begin ? all.slice(Number.parseInt(skip, 10)) : all;
    },
    after: (day) => String(day + 1),
    at: (day, row) => `${day}.${indexes.get(row) ?? 0}`,
  });
  return { entries: [...rows], ...(nextCursor === undefined ? {} : { nextCursor }) };
}

const dayOf = (at: number): number => Math.floor(at / DAY_MS);
const isIn = ({ from, to }: TimeSpan, at: number): boolean => at >= from && at <= to;

function* days(from: number, to: number): Generator<number> {
  for (let day = from; day <= to; day += 1) yield day;
}

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
