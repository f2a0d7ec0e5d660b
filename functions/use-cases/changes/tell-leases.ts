/** Tells of each lease that begins or ends, where the deployment asks for it. */
import pMap from 'p-map';
import type { LessorEvent } from '../../../core/contract/events.ts';
import type { LeaseChange } from '../../../core/protocol/counter.ts';
import type { Holding } from '../../../core/protocol/lease.ts';
import { blockToText, type SlotKey } from '../../../core/protocol/slot-ref.ts';
import { REQUESTS_AT_ONCE } from '../bounded-store.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';
import { ifReadable } from './if-readable.ts';

/** After that it is not told any more: while events cannot be put, counters and history must not wait for long. */
const TOLD_WITHIN_MS = 10 * 60_000;

/** @throws where some were not told: then all of them come again */
export async function tellLeases(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  changes: readonly LeaseChange[],
): Promise<void> {
  if (!deps.settings.leaseEvents) return;
  const young = changes.filter(({ changedAt }) => changedAt === undefined || deps.now() - changedAt < TOLD_WITHIN_MS);
  const events = await pMap(young, (change) => eventsOf(deps, change), { concurrency: REQUESTS_AT_ONCE });
  await deps.events.put(events.flat(), call);
}

async function eventsOf(deps: Dependencies, { began, ended }: LeaseChange): Promise<LessorEvent[]> {
  const events: LessorEvent[] = [];
  if (ended !== undefined) {
    const { slot, holding, endedAt } = ended;
    const detail = { ...(await leaseIn(deps, slot, holding)), heldAt: new Date(holding.heldAt).toISOString() };
    events.push({ type: 'leaseEnded', key: [...keyOf(slot), holding.nonce, endedAt], at: endedAt, detail });
  }
  if (began !== undefined) {
    const { slot, holding } = began;
    const detail = await leaseIn(deps, slot, holding);
    events.push({
      type: 'leaseGranted',
      key: [...keyOf(slot), holding.nonce, holding.heldAt],
      at: holding.heldAt,
      detail,
    });
  }
  return events;
}

const keyOf = ({ pool, block, slot }: SlotKey) => [pool, blockToText(block), slot];

async function leaseIn(deps: Dependencies, { pool: poolId, block, slot }: SlotKey, holding: Holding) {
  const { attachment, node, incarnation, pod } = holding;
  const pool = await ifReadable(knownPool(deps, poolId));
  const isThere = pool !== undefined && slot < pool.space.slotsIn(block);
  return {
    ...{ node, incarnation, attachment },
    ...(pod ? { pod } : {}),
    ...{ poolId, block: blockToText(block), slot },
    ...(pool === undefined ? {} : { vrf: pool.definition.vrf, pool: pool.definition.name }),
    ...(isThere ? { addresses: pool.space.addresses(block, slot).map(({ address }) => address) } : {}),
  };
}
