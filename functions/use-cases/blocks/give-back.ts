/** A node gives a block back that it does not need: a fence that stops where a lease is held. */

import type { GiveBackRequest, GiveBackResult } from '../../../core/contract/blocks.ts';
import type { BlockState } from '../../../core/protocol/block.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { fenceBlock, resumeFence } from './fence-block.ts';
import { isOf } from './own-blocks.ts';

/** What is not the caller's at that generation is released already. @throws LessorError service.busy */
export async function giveBack(
  deps: Dependencies,
  { caller }: Call,
  { pool, block, generation, boot, journal }: GiveBackRequest,
): Promise<GiveBackResult> {
  const key = { pool, block: blockFromText(block) };
  const ownedByCaller = (state: BlockState | undefined): state is BlockState =>
    isOf({ node: caller, boot, journal }, state?.owner);
  const before = await deps.store.blocks.read(key);
  if (!ownedByCaller(before)) return { outcome: 'released' };
  if (before.state === 'claimed' && before.generation === generation)
    await fenceBlock(deps, key, { generation, forced: false });
  else if (before.state === 'releasing') await resumeFence(deps, key, before);
  const after = await deps.store.blocks.read(key);
  return ownedByCaller(after) ? { outcome: 'kept', generation: after.generation } : { outcome: 'released' };
}
