/**
 * A slot of the node's own block, with which a container may live before the service knows: (block, generation) is this
 * node's, in this boot and with this journal, until it gives the block back or its life is declared over (I3, I6).
 */
import { poolSpace } from '../../core/pools/pool-space.ts';
import { blockFromText } from '../../core/protocol/slot-ref.ts';
import type { JournalEntry, LocalLease } from './journal-entry.ts';
import type { NodeRecords } from './node-records.ts';
import { proposableAt } from './propose.ts';

/**
 * What the entry's slot comes to without the service; undefined where the node may not decide. It looks afresh, so a
 * block that was given back meanwhile is seen.
 */
export function ownLease(
  records: Pick<NodeRecords, 'cacheOf'>,
  { proposal, addresses }: JournalEntry,
): LocalLease | undefined {
  // Only the service knows whether an address that is asked for can be had.
  if (proposal === undefined || addresses !== undefined) return undefined;
  const state = records.cacheOf(proposal.pool);
  if (state?.pool.affinity !== 'node') return undefined;
  const generation = proposableAt(state, proposal);
  if (generation === undefined) return undefined;
  const leased = poolSpace(state.pool).addresses(blockFromText(proposal.block), proposal.slot);
  return { slot: proposal, generation, addresses: leased };
}
