/** Why a lease that a node reports or asserts is not held. */
import type { SlotReference } from '../../../core/contract/ids.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { SlotState } from '../../../core/protocol/lease.ts';
import { blockToText, type SlotKey } from '../../../core/protocol/slot-ref.ts';

export const lost = (what: string, facts: Record<string, string> = {}): LessorError =>
  new LessorError('lease.lost', what, { remedy: 'delete the container and create it again', facts });

export function noSuchSlot({ pool, block, slot }: SlotKey): LessorError {
  const which = `block ${blockToText(block)} of pool ${pool} has no slot ${slot}`;
  return new LessorError('request.invalid', `body.slot.slot: ${which}`, {
    remedy: 'report the slot that the journal has',
  });
}

/** @param current what is in the slot instead */
export function refusedBy(asked: SlotReference, current: SlotState | undefined): LessorError {
  if (!current?.held) return lost('the block has moved on');
  const [node, container] = [current.holding?.node, current.holding?.attachment.containerId].map(String);
  return lost(`container ${container} of node ${node} holds slot ${asked.slot}`, {
    holder: `${node}`,
    container: `${container}`,
  });
}
