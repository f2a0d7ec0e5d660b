/** A report, or an assertion, of a lease that is not the node's any more is told: its container lives with an address that may be another's. */
import type { LessorEvent } from '../../../core/contract/events.ts';
import type { ReportRequest, ReportResult } from '../../../core/contract/lease.ts';
import { most } from '../../../core/contract/limits.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { slotFromWire } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { tell } from '../events.ts';
import { knownPool } from '../known-pools.ts';
import { reportLease } from './report-lease.ts';

/** @throws LessorError as `reportLease` does */
export async function reportTold(deps: Dependencies, call: Call, request: ReportRequest): Promise<ReportResult> {
  try {
    return await reportLease(deps, call, request);
  } catch (error) {
    if (error instanceof LessorError && error.code === 'lease.lost')
      await tell(deps, call, await lostLease(deps, call, request, error.what));
    throw error;
  }
}

/** A node says it again and again, until the container is gone: it is the same event. */
async function lostLease(
  deps: Dependencies,
  { caller: node }: Call,
  { attachment, nonce, pod, slot: asked }: ReportRequest,
  why: string,
): Promise<LessorEvent> {
  const { pool: poolId, block, slot } = asked;
  // That it is lost is told, whatever is known of the pool.
  const pool = await knownPool(deps, poolId).catch(() => undefined);
  const key = slotFromWire(asked);
  const isThere = pool !== undefined && slot < pool.space.slotsIn(key.block);
  const named = pool === undefined ? {} : { vrf: pool.definition.vrf, pool: pool.definition.name };
  const addresses = isThere ? { addresses: pool.space.addresses(key.block, slot).map(({ address }) => address) } : {};
  return {
    type: 'leaseLost',
    key: [node, nonce, poolId, block, slot],
    at: deps.now(),
    detail: {
      ...{ node, attachment },
      ...(pod ? { pod } : {}),
      ...{ poolId, ...named, block, slot, ...addresses },
      why: why.slice(0, most.why),
    },
  };
}
