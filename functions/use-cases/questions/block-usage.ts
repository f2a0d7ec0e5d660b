/** Where blocks belong to nodes: blocks and addresses apart, since what is free in a node's block nobody else gets. */
import { smaller } from '../../../core/addresses/slot-intervals.ts';
import type { UsageResult } from '../../../core/contract/questions.ts';
import type { KnownPool } from '../memory.ts';
import type { ReadBlock } from '../pools/read-pool.ts';

export interface BlockUsage {
  /** @param used usable slots of the block that are held or cooling */
  count(read: ReadBlock, used: number): void;
  result(free: bigint): Pick<UsageResult, 'claimedBlocks' | 'blocks' | 'freeIn' | 'newNode' | 'node'>;
}

/** @param node whose share is told as well */
export function blockUsage(pool: KnownPool, node: string | undefined): BlockUsage {
  const { space, definition } = pool;
  let claimed = 0;
  let taken = 0n;
  let freeInClaimed = 0n;
  const own = { blocks: 0, free: 0 };
  return {
    count({ block, state }, used) {
      if (state === undefined || state.state === 'free') return;
      const usable = space.usableIn(block);
      // One that is excluded by now is nobody's to claim in any case.
      if (usable > 0) taken += 1n;
      if (state.state === 'sealed') return;
      claimed += 1;
      freeInClaimed += BigInt(usable - used);
      if (node === undefined || state.state !== 'claimed' || state.owner?.node !== node) return;
      own.blocks += 1;
      own.free += usable - used;
    },
    result(free) {
      const freeBlocks = space.usableBlocks().size - taken;
      const inFreeBlocks = free - freeInClaimed;
      const most = BigInt(definition.maxBlocksPerNode);
      const within = (blocks: bigint) => smaller(inFreeBlocks, blocks * BigInt(space.mostOfBlock));
      const claimable = (owned: bigint) =>
        pool.state === 'active' && owned < most ? smaller(freeBlocks, most - owned) : 0n;
      const mine = claimable(BigInt(own.blocks));
      const ownFree = pool.state === 'active' ? BigInt(own.free) : 0n;
      return {
        claimedBlocks: claimed,
        blocks: { usable: String(space.usableBlocks().size), claimed, free: String(freeBlocks) },
        freeIn: { claimedBlocks: String(freeInClaimed), freeBlocks: String(inFreeBlocks) },
        newNode: { blocks: String(claimable(0n)), addresses: String(within(claimable(0n))) },
        ...(node === undefined
          ? {}
          : {
              node: {
                node,
                ownBlocks: own.blocks,
                ownFree: own.free,
                blocks: String(mine),
                addresses: String(ownFree + within(mine)),
              },
            }),
      };
    },
  };
}
