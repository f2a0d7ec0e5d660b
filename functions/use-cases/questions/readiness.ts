/** Whether an ADD could be given an address, as far as a few reads tell: nothing is leased and no pool comes to be. */

import { LessorError } from '../../../core/contract/problems.ts';
import type { ReadinessRequest, ReadinessResult } from '../../../core/contract/questions.ts';
import { type Candidate, choosePools } from '../add/choose-pool.ts';
import { nowhere } from '../add/nowhere.ts';
import { full } from '../add/pool-full.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { partialSlots } from '../pools/open-blocks.ts';
import { importOutlook } from './import-outlook.ts';

/**
 * Pods have namespaces, and the runtime that asks has none in mind: a node is ready if pods of some namespace can be given
 * an address.
 * @throws LessorError service.busy, service.unavailable
 */
export async function readiness(
  deps: Dependencies,
  call: Call,
  { pool, labels, imports }: ReadinessRequest,
): Promise<ReadinessResult> {
  try {
    const request = { pool, ...(labels === undefined ? {} : { labels }) };
    const candidates = choosePools(deps, call, request, true);
    return await (imports === undefined ? firstWithRoom(deps, candidates) : outlook(deps, call, candidates, imports));
  } catch (error) {
    if (!(error instanceof LessorError) || error.kind.retry) throw error;
    return toldBy(error);
  }
}

async function firstWithRoom(deps: Dependencies, candidates: AsyncIterable<Candidate>): Promise<ReadinessResult> {
  const refusals: LessorError[] = [];
  for await (const { pool } of candidates) {
    if (await mayHaveRoom(deps, pool)) return { ready: true };
    refusals.push(full(pool, Number.POSITIVE_INFINITY));
  }
  return toldBy(nowhere(refusals));
}

/** Whether there is room is not asked: what is imported takes no address of its own choice. */
async function outlook(
  deps: Dependencies,
  call: Call,
  candidates: AsyncIterable<Candidate>,
  addresses: readonly string[],
): Promise<ReadinessResult> {
  for await (const { pool } of candidates)
    return { ready: true, imports: await importOutlook(deps, call, pool, addresses) };
  return toldBy(nowhere([]));
}

const toldBy = ({ code, message, remedy }: LessorError): ReadinessResult => ({
  ready: false,
  code,
  detail: message,
  ...(remedy === undefined ? {} : { remedy }),
});

/**
 * By the counter, which may be some seconds behind, and tells neither which leases lie in reservations nor which are partial: a
 * pool in which such addresses may be free counts as one that has room, since a node that is not ready gets no pods at all.
 */
async function mayHaveRoom(deps: Dependencies, pool: KnownPool): Promise<boolean> {
  const counter = await deps.store.counters.read({ pool: pool.definition.id });
  const held = BigInt(Math.max(0, counter?.held ?? 0));
  return held < pool.space.capacity || held < pool.space.capacity + partialSlots(pool);
}
