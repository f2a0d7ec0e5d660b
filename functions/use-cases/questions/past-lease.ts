/** A lease of history as it is told. */
import type { PastLease } from '../../../core/contract/history.ts';
import type { LeaseNote } from '../../../core/protocol/history.ts';
import { type SlotKey, slotToWire } from '../../../core/protocol/slot-ref.ts';
import type { KnownPool } from '../memory.ts';
import type { Tenure } from './timeline.ts';

export const timeText = (at: number): string => new Date(at).toISOString();

export function pastLease(pool: KnownPool, slot: SlotKey, { holding, endedAt }: Tenure): PastLease {
  const { attachment, node, incarnation, heldAt, pod, identity } = holding;
  const { network, ifname, containerId } = attachment;
  const at = { heldAt, ...(endedAt === undefined ? {} : { endedAt }) };
  const of = { ...whose(pod), ...(identity === undefined ? {} : { identity }) };
  return { ...placed(pool, slot), node, incarnation, network, ifname, containerId, ...of, ...times(at) };
}

export function notedLease(pool: KnownPool, { slot, node, incarnation, network, ifname, pod, ...at }: LeaseNote) {
  return { ...placed(pool, slot), node, incarnation, network, ifname, ...whose(pod), ...times(at) } satisfies PastLease;
}

const placed = ({ definition, space }: KnownPool, slot: SlotKey) => ({
  pool: definition.name,
  slot: slotToWire(slot),
  addresses: space.addresses(slot.block, slot.slot).map(({ address }) => address),
});

const whose = (pod: LeaseNote['pod']) => (pod === undefined ? {} : { pod });

const times = ({ heldAt, endedAt }: { heldAt: number; endedAt?: number }) => ({
  from: timeText(heldAt),
  ...(endedAt === undefined ? {} : { to: timeText(endedAt) }),
});
