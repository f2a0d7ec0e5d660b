/** What a block is to those who look at it: each generation is one owner's for ever, and generations only grow. */
import type { BlockState } from '../../core/protocol/block.ts';
import type { Specification } from './wgl.ts';

/** Somebody looked at the block's item. */
export type BlockOperation = { readonly kind: 'read'; readonly state: BlockState | undefined };

const ABSENT: BlockState = { state: 'free', generation: 0, forced: false };

/** Within one generation a fence ends in one of two ways, and nothing else changes. */
const FOLLOWS: Readonly<Record<BlockState['state'], readonly BlockState['state'][]>> = {
  claimed: ['claimed'],
  releasing: ['releasing', 'claimed', 'free'],
  free: ['free'],
  sealed: ['sealed'],
};

export const blockSpecification: Specification<BlockState, BlockOperation> = {
  initial: ABSENT,
  step(block, { operation: { state } }) {
    if (state === undefined) return block.generation === 0 ? [block] : [];
    const isNobodys = (state.state === 'claimed' || state.state === 'releasing') && state.owner === undefined;
    if (isNobodys || state.generation < block.generation) return [];
    if (state.generation > block.generation) return passesOn(block, state) ? [state] : [];
    const isAnothers = state.owner !== undefined && ownerOf(state) !== ownerOf(block);
    return isAnothers || !FOLLOWS[block.state].includes(state.state) ? [] : [state];
  },
  keyOf: (block) => `${block.state} ${block.generation} ${ownerOf(block)}`,
};

/** From one node to another, or to nobody for ever, it goes through a fence, which is a generation of its own. */
function passesOn(block: BlockState, next: BlockState): boolean {
  if (block.state === 'sealed') return false;
  const isFenced = block.state !== 'claimed' || next.generation >= block.generation + 2;
  const isAnothers = next.state === 'sealed' || (next.state === 'claimed' && next.owner?.node !== block.owner?.node);
  return isFenced || !isAnothers;
}

const ownerOf = ({ owner }: BlockState): string =>
  owner === undefined ? 'nobody' : `${owner.node} ${owner.boot} ${owner.journal} ${owner.incarnation}`;
