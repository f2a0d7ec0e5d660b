/** Whether an ADD could be given an address, as far as a few reads tell: nothing is leased and no pool comes to be. */

import { LessorError } from '../../../core/contract/problems.ts';
import type { ReadinessRequest, ReadinessResult } from '../../../core/contract/questions.ts';
import { type Candidate, choosePools } from '../add/choose-pool.ts';
import { nowhere } from '../add/nowhere.ts';
import { full } from '../add/pool-full.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';

/**
 * Pods have namespaces, and the runtime that asks has none in mind: a node is ready if pods of some namespace can be given
 * an address.
 * @throws LessorError service.busy, service.unavailable
 */
export async function readiness(
  deps: Dependencies,
  call: Call,
  { pool, labels }: ReadinessRequest,
): Promise<ReadinessResult> {
  try {
    const request = { pool, ...(labels === undefined ? {} : { labels }) };
    return await firstWithRoom(deps, await choosePools(deps, call, request, true));
  } catch (error) {
    if (!(error instanceof LessorError) || error.kind.retry) throw error;
    return toldBy(error);
  }
}

async function firstWithRoom(deps: Dependencies, candidates: readonly Candidate[]): Promise<ReadinessResult> {
  for (const { pool } of candidates) if (await mayHaveRoom(deps, pool)) return { ready: true };
  return toldBy(nowhere(candidates.map(({ pool }) => full(pool, Number.POSITIVE_INFINITY))));
}

const toldBy = ({ code, message, remedy }: LessorError): ReadinessResult => ({
  ready: false,
  code,
  detail: message,
  ...(remedy === undefined ? {} : { remedy }),
});

/**
 * By the counter, which may be some seconds behind, and does not tell which leases lie in reservations: a pool that still has
 * reserved addresses counts as one that has room, since a node that is not ready gets no pods at all.
 */
async function mayHaveRoom(deps: Dependencies, { definition: { id }, space }: KnownPool): Promise<boolean> {
  const counter = await deps.store.counters.read({ pool: id });
  return BigInt(Math.max(0, counter?.held ?? 0)) < space.capacity;
}
