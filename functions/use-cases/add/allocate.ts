/** ADD: one conditional write where the node's proposal is good; a search that never misses a free slot where it is not. */

import type { AllocateRequest, AllocateResult } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { allocateOwned } from './allocate-owned.ts';
import { allocateShared } from './allocate-shared.ts';
import { noteFullPool } from './choose-pool.ts';
import { forgetStale } from './forget-stale.ts';
import { ensureConsistent, keepsNone } from './identity.ts';
import { nowhere } from './nowhere.ts';
import { granted, type PoolAttempt, refused } from './pool-attempt.ts';
import { poolsInOrder } from './pools-in-order.ts';
import { noneRequested } from './requested.ts';

/** @throws LessorError as choosePools, allocateShared and allocateOwned do, request.invalid and service.unavailable */
export async function allocate(deps: Dependencies, call: Call, request: AllocateRequest): Promise<AllocateResult> {
  ensureConsistent(request);
  const tried = new Set<string>();
  let attempt = await tryPools(deps, call, request, tried).catch(refusedIfBusy);
  // What was remembered of the pool may be what is in the way: it was deleted, is another one of its name, or has grown.
  if (
    attempt.kind === 'refused' &&
    mayBeStale(attempt.error, request) &&
    (await forgetStale(deps, request.pool.vrf, tried))
  )
    attempt = await tryPools(deps, call, request, tried);
  if (attempt.kind === 'granted') return attempt.result;
  throw attempt.error;
}

/** One pool after the other, until one grants an address. @param tried is told their ids */
async function tryPools(
  deps: Dependencies,
  call: Call,
  request: AllocateRequest,
  tried: Set<string>,
): Promise<PoolAttempt> {
  const refusals: LessorError[] = [];
  for await (const { pool, rule } of poolsInOrder(deps, call, request)) {
    const { identity } = request;
    const unkept = identity === undefined ? undefined : keepsNone(pool, identity);
    if (unkept) {
      refusals.push(unkept);
      continue;
    }
    tried.add(pool.definition.id);
    const attempt = await tryPool(deps, call, request, pool);
    if (attempt.kind === 'granted') return granted({ ...attempt.result, chosenBy: rule });
    if (attempt.error.kind.full) noteFullPool(deps, pool);
    // Of the pools that keep addresses for identities the first is its own: in each it would have another one.
    if (identity !== undefined) return attempt;
    refusals.push(attempt.error);
  }
  return refused(nowhere(refusals));
}

async function tryPool(
  deps: Dependencies,
  call: Call,
  request: AllocateRequest,
  pool: KnownPool,
): Promise<PoolAttempt> {
  if (pool.definition.affinity === 'shared') return allocateShared(deps, call, request, pool);
  if (request.addresses) return refused(noneRequested(pool, request.addresses));
  return allocateOwned(deps, call, request, pool);
}

/** That others are faster, or the time is over, ends an attempt wherever it is found out: from here on it is an outcome. */
function refusedIfBusy(error: unknown): PoolAttempt {
  if (error instanceof LessorError && error.code === 'service.busy') return refused(error);
  throw error;
}

/** Whose identity's item was written meanwhile may hold a slot by now, for which only the node's own repeat looks. */
const mayBeStale = ({ code, kind }: LessorError, { identity }: AllocateRequest): boolean =>
  kind.full === true || (code === 'service.busy' && identity === undefined);
