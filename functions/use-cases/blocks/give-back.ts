/** A node gives a block back that it does not need: a fence that stops where a lease is held. */

import type { GiveBackRequest, GiveBackResult } from '../../../core/contract/blocks.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { BlockState } from '../../../core/protocol/block.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { fenceBlock, resumeFence } from './fence-block.ts';
import { isOf } from './own-blocks.ts';

/** Each look finds what another copy of the request, or a reclaimer, did meanwhile. */
const MOST_LOOKS = 4;

/** What is not the caller's at that generation is released already. @throws LessorError service.busy */
export async function giveBack(
  deps: Dependencies,
  { caller }: Call,
  { pool, block, generation, boot, journal }: GiveBackRequest,
): Promise<GiveBackResult> {
  const key = { pool, block: blockFromText(block) };
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const state = await deps.store.blocks.read(key);
    if (state === undefined || !isOf({ node: caller, boot, journal }, state.owner)) return { outcome: 'released' };
    // What is being taken back still names its owner, and is free for others in a moment: it is not kept.
    if (state.state === 'releasing') await resumeFence(deps, key, state);
    else if (state.generation === generation) await fenceBlock(deps, key, { generation, forced: false });
    else return kept(deps, caller, state);
  }
  throw new LessorError('service.busy', 'Others change the block that is given back all the time', {
    remedy: 'try again',
  });
}

/** The node is told the generation only of a claim of its present life: one of a life that is over is taken back with that. */
async function kept(
  { store }: Dependencies,
  caller: string,
  { owner, generation }: BlockState,
): Promise<GiveBackResult> {
  const node = await store.nodes.readNode(caller);
  const isOfThisLife = node?.alive === true && node.incarnation === owner?.incarnation;
  return { outcome: 'kept', ...(isOfThisLife ? { generation } : {}) };
}
