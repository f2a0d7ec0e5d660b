/** What a node or pods had: notes of what is over, some time after some time, then what is held. */
import type { LeaseHistory, LeaseHistoryQuery, PastLease } from '../../../core/contract/history.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { dayEnd, type LeaseNote, periodOf } from '../../../core/protocol/history.ts';
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
/** With fewer notes than this in a span the next ones are twice as long; with more than that half as long. */
const FEW_NOTES = 500;
const MANY_NOTES = 4_000;

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
  const steps = growing(begin, periodOf(deps.now()) + 1);
  return pageOf<Periods, PastLease>(call, {
    keys: steps.spans(),
    read: async (periods) => {
      const read = await Promise.all(
        lanes.map((lane) => deps.store.history.readNotes({ ...periods, lane }, deps.now())),
      );
      const notes = read.flat();
      steps.found(notes.length);
      const rows = await rowsOf(deps, query, once(notes.filter((note) => isWanted(query, span, note))));
      return periods.from === begin ? rows.slice(Number.parseInt(skip, 10)) : rows;
    },
    after: ({ to }) => String(to),
    // What was passed of the row's period, with that of the pages before.
    at: (_, row) => cursors.get(row) ?? String(begin),
  });
}

/** From one period on, up to another one of the same day. */
interface Periods {
  readonly from: number;
  readonly to: number;
}

/** A month in which little ended is not walked in steps of ten minutes, and a busy minute is not read with a day. */
function growing(begin: number, end: number) {
  let length = 1;
  let most: number | undefined;
  return {
    *spans(): Generator<Periods> {
      for (let from = begin; from < end; ) {
        const to = Math.min(end, dayEnd(from), from + length);
        yield { from, to };
        from = to;
        if (most !== undefined)
          length = most < FEW_NOTES ? length * 2 : most > MANY_NOTES ? Math.ceil(length / 2) : length;
        most = undefined;
      }
    },
    /** How many notes a span had: the next ones go by the fullest of those that were read at once. */
    found(notes: number): void {
      most = Math.max(most ?? 0, notes);
    },
  };
}

/** Where a list goes on at a row: its period, and how many rows of it come before. */
const cursors = new WeakMap<PastLease, string>();

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
  const passed = new Map<number, number>();
  for (const note of notes) {
    const pool = await knownPool(deps, note.slot.pool);
    if (pool?.definition.vrf !== vrf) continue;
    const row = notedLease(pool, note);
    const period = periodOf(note.endedAt);
    const before = passed.get(period) ?? 0;
    passed.set(period, before + 1);
    cursors.set(row, `${period}.${before}`);
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
    .map(({ pool, slot, addresses, node: of, incarnation, attachment, pod: whose, identity, heldAt }) => ({
      ...{ pool, slot, addresses, node: of, incarnation, ...attachment, from: heldAt },
      ...(whose === undefined ? {} : { pod: whose }),
      ...(identity === undefined ? {} : { identity }),
    }));
  return { leases, ...(found.nextCursor === undefined ? {} : { nextCursor: `${HELD_NOW}${found.nextCursor}` }) };
}

/** A node that the service does not know holds nothing. */
function ofNoNode(error: unknown) {
  if (error instanceof LessorError && error.code === 'node.unknown') return { leases: [], nextCursor: undefined };
  throw error;
}
