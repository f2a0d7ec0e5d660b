/** What cools in a block that is news to a node which leases by itself: nobody asks the service for the slots there any more. */
import { inChunks } from '../in-flight.ts';
import { leasingOf } from '../pools/leasing.ts';
import { BLOCKS_AT_ONCE, ensureTime, noteTaken, readUse } from './block-slots.ts';
import type { OwnedAllocation } from './owned-allocation.ts';

/** Its first claim: nobody leased there before. */
const FIRST_GENERATION = 1;

/**
 * Reads the node's blocks but those of which it says that it leases there, at this generation. Another node may have released slots in them, or an
 * earlier boot of this one.
 * @throws LessorError service.busy
 */
export async function tellCooling(
  allocation: OwnedAllocation,
  isKnown: (block: bigint, generation: number) => boolean,
): Promise<void> {
  const { call, pool, blocks, taken } = allocation;
  if (leasingOf(pool, call.cluster) !== 'delegated') return;
  const news = [...blocks.own]
    .filter(([block, generation]) => generation > FIRST_GENERATION && !isKnown(block, generation) && !taken.has(block))
    .map(([block]) => block);
  for (const some of inChunks(news, () => BLOCKS_AT_ONCE)) {
    ensureTime(allocation);
    for (const [block, slots] of await readUse(allocation, some)) noteTaken(allocation, block, slots);
  }
}
