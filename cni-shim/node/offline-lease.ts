/**
 * A slot of the node's own block, with which a container may live before the service knows: (block, generation) is this
 * node's, in this boot and with this journal, until it gives the block back or its life is declared over (I3, I6).
 */
import { poolSpace } from '../../core/pools/pool-space.ts';
import { blockFromText } from '../../core/protocol/slot-ref.ts';
import type { JournalEntry, LocalLease } from './journal-entry.ts';
import type { NodeRecords } from './node-records.ts';
import { proposableAt } from './propose.ts';

type Proposing = Pick<JournalEntry, 'proposal' | 'addresses'>;

/**
 * What the entry's slot comes to without the service; undefined where the node may not decide. It looks afresh, so a
 * block that was given back meanwhile is seen.
 */
export function ownLease(records: Pick<NodeRecords, 'cacheOf'>, entry: Proposing): LocalLease | undefined {
  const { proposal } = entry;
  const own = ownSlot(records, entry);
  if (own === undefined || proposal === undefined) return undefined;
  const { generation, pool } = own;
  const leased = poolSpace(pool).addresses(blockFromText(proposal.block), proposal.slot);
  return { slot: proposal, generation, addresses: leased };
}

/** Whether the node may decide of the entry's slot: the same, without the arithmetic. */
export const isOwnSlot = (records: Pick<NodeRecords, 'cacheOf'>, entry: Proposing): boolean =>
  ownSlot(records, entry) !== undefined;

function ownSlot(records: Pick<NodeRecords, 'cacheOf'>, { proposal, addresses }: Proposing) {
  // Only the service knows whether an address that is asked for can be had.
  if (proposal === undefined || addresses !== undefined) return undefined;
  const state = records.cacheOf(proposal.pool);
  if (state?.pool.affinity !== 'node') return undefined;
  const generation = proposableAt(state, proposal);
  return generation === undefined ? undefined : { generation, pool: state.pool };
}
