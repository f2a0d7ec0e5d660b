/** The store as background work uses it: so many requests at once, and none any more when the time of its run is up. */
import { LessorError } from '../../core/contract/problems.ts';
import type { Store } from '../../core/store.ts';
import type { Call } from './dependencies.ts';
import { atMost } from './in-flight.ts';

/** Of a run, whatever it does: docs/functions.md has what a function of which size gets answered in time. */
export const REQUESTS_AT_ONCE = 16;
/** For the requests that are under way, and for the notes of what they came to. */
const RESERVE_MS = 5_000;

export const timeIsUp = ({ remainingMs }: Pick<Call, 'remainingMs'>): boolean => remainingMs() < RESERVE_MS;

/** Two ways to one store; what goes either way counts as one. What bounds such a store again gets the same bound, and no other. */
export interface BoundedStore {
  /** @throws LessorError service.busy from each request that would begin when the time is up */
  readonly inTime: Store;
  /** For notes of what was done: they are made when the time is up too. */
  readonly always: Store;
}

const bounds = new WeakMap<Store, BoundedStore>();

export function boundedStore(store: Store, call: Pick<Call, 'remainingMs'>): BoundedStore {
  const known = bounds.get(store);
  if (known !== undefined) return known;
  const limit = atMost(REQUESTS_AT_ONCE);
  const inTime = async (request: () => Promise<unknown>) => {
    if (!timeIsUp(call)) return request();
    throw new LessorError('service.busy', 'The time of this run is up', { remedy: 'the next run goes on' });
  };
  const bounded = {
    inTime: eachRequest(store, (request) => limit(() => inTime(request))),
    always: eachRequest(store, limit),
  };
  for (const way of Object.values(bounded)) bounds.set(way, bounded);
  return bounded;
}

function eachRequest(store: Store, around: (request: () => Promise<unknown>) => Promise<unknown>): Store {
  const wrap = <Part extends object>(part: Part): Part =>
    Object.fromEntries(
      Object.entries(part).map(([name, request]) => [name, (...args: unknown[]) => around(() => request(...args))]),
    ) as Part;
  const { leases, pools, blocks, nodes, counters, fills, identities, history } = store;
  return {
    ...store,
    leases: wrap(leases),
    pools: wrap(pools),
    blocks: wrap(blocks),
    nodes: wrap(nodes),
    counters: wrap(counters),
    fills: wrap(fills),
    identities: wrap(identities),
    history: wrap(history),
  };
}
