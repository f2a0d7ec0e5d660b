/** Deaths day after day, and the scheduled reclaim beside them, by a simulated clock: what each run asks of the store. */
import { NODE_LIST_SHARDS } from '../../core/contract/limits.ts';
import type { Store } from '../../core/store.ts';
import { dueAt } from '../../functions/use-cases/reclaim/due.ts';
import { reclaim } from '../../functions/use-cases/reclaim/reclaim.ts';
import { intercepted } from '../functions/intercepted.ts';
import { type World, world } from '../functions/world.ts';
import { dyingNodes, LEASES_OF_NODE } from './dying-nodes.ts';

const RUN_MS = 5 * 60_000;
const RUNS_A_DAY = 288;
/** Half of the function's time: the recount has the other half. */
const TIME_MS = 150_000;
/** Of a function of 1,024 MB where many requests are under way: docs/functions.md, "reclaim of a dead node with 64 blocks". */
export const MS_A_REQUEST = 1.4;
/** The last look is after 7 days. */
const DAYS_AFTER = 9;

export interface Deaths {
  readonly aDay: number;
  readonly days: number;
  /** So many of them in one moment of the day, the others spread over all of it. */
  readonly atOnce: number;
}

export interface Month {
  /** By run, the last days included, on which nobody died any more. */
  readonly requests: readonly number[];
  readonly largestDay: number;
  readonly largestRun: number;
  /** Runs whose time did not suffice for all that was due. */
  readonly cutShort: number;
  /** So many runs after it was declared the last death was gone through for the first time. */
  readonly latestFirst: number;
  /** What is left in the end: leases that are held, nodes that are listed, deaths that are to be looked at. */
  readonly left: { readonly held: number; readonly listed: number; readonly unsettled: number };
  readonly deaths: number;
  readonly freed: number;
  /** The requests of a run when all is settled. */
  readonly afterwards: readonly string[];
}

interface Circumstances {
  /** Of a run. */
  readonly timeMs?: number;
  readonly note?: (day: number) => void;
  /** A store that does not do what it is told, so that a test can see what comes of it. */
  readonly broken?: (store: Store) => Store;
}

export async function monthOf(
  deaths: Deaths,
  { timeMs = TIME_MS, note = () => {}, broken = (store) => store }: Circumstances = {},
): Promise<Month> {
  const here = world();
  const nodes = await dyingNodes(here, deaths.aDay * 2);
  const seen = watched(here);
  const deps = here.environment({ store: broken(seen.store) });
  const requests: number[] = [];
  let cutShort = 0;
  for (let run = 0; run < (deaths.days + DAYS_AFTER) * RUNS_A_DAY; run += 1) {
    for (let n = diedBefore(deaths, run); n < diedBefore(deaths, run + 1); n += 1) await nodes.die();
    seen.names.length = 0;
    const { waiting } = await reclaim(deps, { remainingMs: () => timeMs - seen.names.length * MS_A_REQUEST });
    requests.push(seen.names.length);
    if (waiting > 0) cutShort += 1;
    here.clock.now += RUN_MS;
    if (run % RUNS_A_DAY === 0) note(run / RUNS_A_DAY);
  }
  const days = Array.from({ length: requests.length / RUNS_A_DAY }, (_, day) =>
    requests.slice(day * RUNS_A_DAY, (day + 1) * RUNS_A_DAY).reduce((sum, one) => sum + one, 0),
  );
  const records = await allDeaths(here);
  return {
    requests,
    largestDay: Math.max(...days),
    largestRun: Math.max(...requests),
    cutShort,
    latestFirst: Math.max(...seen.firstAfterMs.values()) / RUN_MS,
    left: {
      held: await nodes.held(),
      listed: await listed(here),
      unsettled: records.filter((death) => dueAt(death) !== undefined).length,
    },
    deaths: records.length,
    freed: records.reduce((sum, { freed }) => sum + freed, 0),
    afterwards: [...seen.names],
  };
}

export const leasesOf = ({ aDay, days }: Deaths): number => aDay * days * LEASES_OF_NODE;

/** How many have died when that run begins. */
function diedBefore({ aDay, days, atOnce }: Deaths, run: number): number {
  const day = Math.min(run / RUNS_A_DAY, days);
  return Math.ceil(day) * atOnce + Math.floor(day * (aDay - atOnce));
}

/** The world's store: what is asked of it, and when each death is gone through first. */
function watched({ store, clock }: World) {
  const names: string[] = [];
  const firstAfterMs = new Map<string, number>();
  const seen = intercepted(store, (name, args, proceed) => {
    names.push(name);
    if (name === 'recordSweep') {
      const [{ node, declaredAt }, { sweptAt }] = args as [{ node: string; declaredAt: number }, { sweptAt?: number }];
      if (sweptAt !== undefined && !firstAfterMs.has(node)) firstAfterMs.set(node, clock.now - declaredAt);
    }
    return proceed();
  });
  return { store: seen, names, firstAfterMs };
}

async function allDeaths({ store }: World) {
  const all = await store.nodes.listDeaths({ limit: 1_000_000 });
  return all.deaths;
}

async function listed({ store }: World): Promise<number> {
  let count = 0;
  for (let shard = 0; shard < NODE_LIST_SHARDS; shard += 1)
    count += (await store.nodes.listNodes({ shard, limit: 1_000_000 })).nodes.length;
  return count;
}
