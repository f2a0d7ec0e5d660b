/** The deaths that are not concluded yet: a part of the list, however many deaths there ever were. */
import type { DeathRecord } from '../../../core/protocol/node.ts';
import { timeIsUp } from '../bounded-store.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { CONCLUDED_AFTER_MS, dueAt } from './due.ts';

const A_PAGE = 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface Unconcluded {
  readonly deaths: readonly DeathRecord[];
  /** What was declared before is concluded; undefined where nothing is known of it. */
  readonly before: number | undefined;
  /** False where the time did not suffice: older ones are not among them. */
  readonly complete: boolean;
}

/** The latest first, as far as the time suffices. */
export async function readUnconcluded(deps: Dependencies, call: Pick<Call, 'remainingMs'>): Promise<Unconcluded> {
  const { nodes } = deps.store;
  if (timeIsUp(call)) return { deaths: [], before: undefined, complete: false };
  const concluded = await nodes.readConcluded();
  // What an earlier version recorded is taken over while it may be due, and while that version may still record some.
  let adopted = concluded !== undefined && concluded.before > concluded.since + DAY_MS;
  while (!adopted && !timeIsUp(call)) adopted = await nodes.adoptDeaths();
  const since = concluded?.before ?? 0;
  const deaths: DeathRecord[] = [];
  let cursor: string | undefined;
  do {
    if (timeIsUp(call)) return { deaths, before: concluded?.before, complete: false };
    const page = await nodes.listDeaths({ limit: A_PAGE, since, cursor });
    deaths.push(...page.deaths);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return { deaths, before: concluded?.before, complete: adopted };
}

/** Notes that all deaths before the oldest unconcluded one are concluded, and those of the last week are not looked at for it. */
export async function noteConcluded(
  { store, now }: Dependencies,
  { before, complete }: Unconcluded,
  deaths: readonly DeathRecord[],
): Promise<void> {
  if (!complete) return;
  const unconcluded = deaths.filter((death) => dueAt(death) !== undefined).map(({ declaredAt }) => declaredAt);
  const until = [now() - CONCLUDED_AFTER_MS, ...unconcluded].reduce((a, b) => Math.min(a, b));
  // One day's deaths are read in vain at most; and that is one write a day.
  if (before === undefined || until - before >= DAY_MS) await store.nodes.noteConcluded(until, now());
}
