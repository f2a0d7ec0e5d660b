/**
 * The node believes in no block that is not its own: after a restore of the tables, one that it claimed since then may be anybody's
 * (docs/protocol.md, `reopen.claimsConfirmed`). What is dropped costs a request, never an address.
 */
import type { ClaimedBlock } from '../../core/contract/ids.ts';
import type { OwnBlock } from '../../core/contract/nodes.ts';
import type { JournalEntry } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';

export interface Believed {
  readonly records: NodeRecords;
  readonly journal: string | undefined;
  readonly pools: readonly { readonly pool: string; readonly blocks: readonly ClaimedBlock[] }[];
}

/** To be taken before the table is read: what is claimed since may not be on the pages. */
export const believedBlocks = (records: NodeRecords): Believed => ({
  records,
  journal: records.knownJournalId,
  pools: records.caches().flatMap(({ pool, blocks }) => (pool.affinity === 'node' ? [{ pool: pool.id, blocks }] : [])),
});

/**
 * Forgets what the table does not confirm.
 * @param heldAgain what was asserted since: blocks of theirs are the node's by that, maybe at the same generation
 */
export function dropUnconfirmed(
  { records, journal, pools }: Believed,
  confirmed: readonly OwnBlock[],
  heldAgain: readonly JournalEntry[],
): void {
  const asserted = heldAgain.flatMap(({ acknowledged, local, more = [] }) => [(acknowledged ?? local)?.slot, ...more]);
  for (const { pool, blocks } of pools) {
    const isOwn = ({ block, generation }: ClaimedBlock) =>
      asserted.some((slot) => slot?.pool === pool && slot.block === block) ||
      confirmed.some(
        (one) => one.pool === pool && one.block === block && one.generation === generation && one.journal === journal,
      );
    const dropped = blocks.filter((one) => !isOwn(one));
    if (dropped.length === 0) continue;
    // One that was taken up or kept meanwhile is at a later generation now.
    const isDropped = (one: ClaimedBlock) =>
      dropped.some(({ block, generation }) => block === one.block && generation === one.generation);
    records.update(pool, (cache) => cache && { ...cache, blocks: cache.blocks.filter((one) => !isDropped(one)) });
  }
}
