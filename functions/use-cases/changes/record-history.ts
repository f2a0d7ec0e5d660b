/** Keeps what is over, by the changes of the leases table. */
import { pMapSettled } from 'p-map';
import { scatter } from '../../../core/addresses/scatter.ts';
import type { LeaseChange } from '../../../core/protocol/counter.ts';
import { type EndedLease, type LeaseNote, periodOf } from '../../../core/protocol/history.ts';
import { REQUESTS_AT_ONCE } from '../bounded-store.ts';
import type { Dependencies } from '../dependencies.ts';
import { keptUntil } from '../kept.ts';

/** Notes of so many leases are about 1 KB, a write unit. */
const FEW = 20;
/** With more a lane's notes of one batch are less than a write unit. */
const LANES = 16;
/** Of one item, which may have 400 KB: a note has 2 KB at most. */
const MOST_NOTES = 128;
const ALL = 'all';

/** Where the notes of a node and of a namespace are to be found: batches of few have none of their own. */
export const lanesOf = {
  node: (node: string): string[] => [ALL, laneOf('n', node)],
  namespace: (namespace: string): string[] => [ALL, laneOf('s', namespace)],
};

const laneOf = (of: string, name: string): string => `${of}${(scatter(name) % LANES).toString(16)}`;

/**
 * One item for each lease that ended, by its slot, and notes of many together, to be found by node and by namespace. A repeat
 * writes the same items again, whatever order it comes in and however a batch is parted: keys are made of what is in them.
 */
export async function recordHistory(
  deps: Pick<Dependencies, 'store' | 'now' | 'settings' | 'memory'>,
  changes: readonly LeaseChange[],
): Promise<void> {
  const { history } = deps.store;
  if (deps.memory.historyBegun.get('', deps.now()) === undefined) {
    deps.memory.historyBegun.set('', await history.noteBegun(deps.now()), deps.now());
  }
  const ended = changes.flatMap((change) => change.ended ?? []);
  const kept = ended.filter((lease) => keptUntil(deps, lease.endedAt) > deps.now());
  const writes = [
    ...kept.map((lease) => () => history.recordEnded(lease, keptUntil(deps, lease.endedAt))),
    ...partsOf(kept.map(noteOf)).map(({ notes, ...part }) => {
      const last = Math.max(...notes.map(({ endedAt }) => endedAt));
      return () => history.recordNotes(part, notes, keptUntil(deps, last));
    }),
  ];
  // Each is tried, though another failed: the whole batch comes again then.
  const outcomes = await pMapSettled(writes, (write) => write(), { concurrency: REQUESTS_AT_ONCE });
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

function noteOf({ slot, holding, endedAt }: EndedLease): LeaseNote {
  const { attachment, node, incarnation, heldAt, pod } = holding;
  const { network, ifname } = attachment;
  return { slot, node, incarnation, network, ifname, heldAt, endedAt, ...(pod ? { pod } : {}) };
}

interface Part {
  readonly period: number;
  readonly lane: string;
  readonly notes: LeaseNote[];
}

function partsOf(notes: readonly LeaseNote[]): Part[] {
  const isFew = notes.length <= FEW;
  const parts = new Map<string, Part>();
  const full: Part[] = [];
  for (const note of notes) {
    const lanes = isFew ? [ALL] : [laneOf('n', note.node), laneOf('s', note.pod?.namespace ?? '')];
    for (const lane of lanes) {
      const period = periodOf(note.endedAt);
      const key = `${period} ${lane}`;
      const part = parts.get(key) ?? { period, lane, notes: [] };
      part.notes.push(note);
      if (part.notes.length < MOST_NOTES) parts.set(key, part);
      else {
        full.push(part);
        parts.delete(key);
      }
    }
  }
  return [...full, ...parts.values()];
}
