/** What a node or pods had: notes of what is over, ten minutes after ten minutes, then what is held. */
import type { LeaseHistory, LeaseHistoryQuery, PastLease } from '../../../core/contract/history.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { type LeaseNote, periodOf } from '../../../core/protocol/history.ts';
import { lanesOf } from '../changes/record-history.ts';
import { STREAM_LAG_MS } from '../changes/recount.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';
import { pageOf } from '../pages.ts';
import { spanOf } from './address-history.ts';
import { ensureSaysWhose, findLeases } from './find-leases.ts';
import { notedLease, timeText } from './past-lease.ts';
import type { TimeSpan } from './timeline.ts';

const DAY_MS = 86_400_000;
/** Periods of a page: with what is read of each, some seconds. */
const PERIODS_A_PAGE = 2048;

/** @throws LessorError request.invalid */
export async function leaseHistory(deps: Dependencies, call: Call, query: LeaseHistoryQuery): Promise<LeaseHistory> {
  ensureSaysWhose(query);
  const now = deps.now();
  const asked = spanOf(query, now);
  const span = { ...asked, from: Math.max(asked.from, now - deps.settings.historyDays * DAY_MS) };
  const knownUntil = timeText(now - deps.settings.countWithinSeconds * 1000 - STREAM_LAG_MS);
  const { cursor } = query;
  if (cursor?.startsWith('b')) return { ...(await heldNow(deps, call, query, span)), knownUntil };
  const { rows, nextCursor } = await endedSince(deps, call, query, span);
  if (rows.length === 0 && nextCursor === undefined)
    return { ...(await heldNow(deps, call, { ...query, cursor: HELD_NOW }, span)), knownUntil };
  return { leases: [...rows], knownUntil, nextCursor: nextCursor ?? HELD_NOW };
}

/** Where a list goes on with what is held: from the first block on, or behind one. */
const HELD_NOW = 'b';

async function endedSince(deps: Dependencies, call: Call, query: LeaseHistoryQuery, span: TimeSpan) {
  const { node, namespace, cursor = '' } = query;
  const lanes = node === undefined ? lanesOf.namespace(namespace ?? '') : lanesOf.node(node);
  const [first = '', skip = '0'] = cursor.split('.');
  const begin = first === '' ? periodOf(span.from) : Number.parseInt(first, 10);
  return pageOf<number, PastLease>(call, {
    keys: periods(begin, periodOf(deps.now())),
    read: async (period) => {
      const notes = await Promise.all(lanes.map((lane) => deps.store.history.readNotes({ period, lane }, deps.now())));
      const rows = await rowsOf(deps, query, once(notes.flat().filter((note) => isWanted(query, span, note))));
      return period === begin ? rows.slice(Number.parseInt(skip, 10)) : rows;
    },
    after: (period) => String(period + 1),
    // What was passed of the period, with that of the pages before.
    at: (period, row) => `${period}.${indexes.get(row) ?? 0}`,
    keysAPage: PERIODS_A_PAGE,
  });
}

function* periods(from: number, to: number): Generator<number> {
  for (let period = from; period <= to; period += 1) yield period;
}

/** Where each row is in its period. */
const indexes = new WeakMap<PastLease, number>();

const isWanted = ({ node, namespace, pod }: LeaseHistoryQuery, { from, to }: TimeSpan, note: LeaseNote): boolean =>
  (node === undefined || note.node === node) &&
  (namespace === undefined || note.pod?.namespace === namespace) &&
  (pod === undefined || note.pod?.name === pod) &&
  note.endedAt > from &&
  note.heldAt <= to;

/** Batches that came again, in halves or late, are noted more than once. */
function once(notes: readonly LeaseNote[]): LeaseNote[] {
  const keyOf = ({ slot, endedAt, heldAt }: LeaseNote) =>
    `${String(endedAt).padStart(15, '0')} ${slot.pool} ${slot.block} ${slot.slot} ${heldAt}`;
  return [...new Map(notes.map((note) => [keyOf(note), note]))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, note]) => note);
}

/** Of the VRF that is meant. */
async function rowsOf(
  deps: Dependencies,
  { vrf }: LeaseHistoryQuery,
  notes: readonly LeaseNote[],
): Promise<PastLease[]> {
  const rows: PastLease[] = [];
  for (const note of notes) {
    const pool = await knownPool(deps, note.slot.pool);
    if (pool?.definition.vrf !== vrf) continue;
    const row = notedLease(pool, note);
    indexes.set(row, rows.length);
    rows.push(row);
  }
  return rows;
}

async function heldNow(
  deps: Dependencies,
  call: Call,
  { vrf, node, namespace, pod, cursor = HELD_NOW }: LeaseHistoryQuery,
  { to }: TimeSpan,
): Promise<Omit<LeaseHistory, 'knownUntil'>> {
  const behind = cursor === HELD_NOW ? undefined : cursor.slice(HELD_NOW.length);
  const found = await findLeases(deps, call, { vrf, node, namespace, pod, cursor: behind }).catch(ofNoNode);
  const leases = found.leases
    .filter(({ state, heldAt }) => state === 'held' && Date.parse(heldAt) <= to)
    .map(({ pool, slot, addresses, node: of, incarnation, attachment, pod: whose, heldAt }) => ({
      ...{ pool, slot, addresses, node: of, incarnation, ...attachment, from: heldAt },
      ...(whose === undefined ? {} : { pod: whose }),
    }));
  return { leases, ...(found.nextCursor === undefined ? {} : { nextCursor: `${HELD_NOW}${found.nextCursor}` }) };
}

/** A node that the service does not know holds nothing. */
function ofNoNode(error: unknown) {
  if (error instanceof LessorError && error.code === 'node.unknown') return { leases: [], nextCursor: undefined };
  throw error;
}
