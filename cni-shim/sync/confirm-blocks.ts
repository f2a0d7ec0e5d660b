/**
 * The node believes in no block that is not its own: after a restore of the tables, one that it claimed since then may be anybody's
 * (docs/protocol.md, `reopen.claimsConfirmed`). What is dropped costs a request, never an address.
 */
import type { ClaimedBlock } from '../../core/contract/ids.ts';
import type { OwnBlock } from '../../core/contract/nodes.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { afterDenied, type PoolCache } from '../node/pool-cache.ts';

export interface Believed {
  readonly records: NodeRecords;
  readonly journal: string | undefined;
  /** The newest life that the service told. */
  readonly told: number;
  readonly caches: readonly PoolCache[];
}

/** To be taken before the table is read: what is claimed since may not be on the pages. */
export const believedBlocks = (records: NodeRecords): Believed => ({
  records,
  journal: records.knownJournalId,
  told: records.lifeTold(),
  caches: records.caches().filter(({ pool }) => pool.affinity === 'node'),
});

/**
 * Forgets what the table does not confirm, but for what an answer has named since: an ADD's, or that of an assertion. Where the
 * table has the node in an earlier life than was told, it was set back: lives only go on.
 */
export function dropUnconfirmed(
  { records, journal, told, caches }: Believed,
  confirmed: readonly OwnBlock[],
  life: number | undefined,
): void {
  const { bootId } = records;
  if (life !== undefined && life < told) records.setBack({ life, isAlive: false }, () => records.lifeTold() === told);
  for (const then of caches) {
    const isConfirmed = ({ block, generation }: ClaimedBlock) =>
      confirmed.some(
        (one) =>
          one.pool === then.pool.id &&
          one.block === block &&
          one.generation === generation &&
          one.boot === bootId &&
          one.journal === journal,
      );
    const denied = then.blocks.filter((one) => !isConfirmed(one));
    if (denied.length > 0) records.update(then.pool.id, (now) => now && afterDenied(now, then, denied));
  }
}
