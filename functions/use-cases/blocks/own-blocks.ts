/** Which blocks are a node's: a fact about a block and its generation that never changes (I6). */

import pMap from 'p-map';
import type { ClaimedBlock } from '../../../core/contract/ids.ts';
import type { AllocateRequest } from '../../../core/contract/lease.ts';
import { JOURNAL_DIGITS } from '../../../core/contract/limits.ts';
import type { BlockOwner, BlockState } from '../../../core/protocol/block.ts';
import { type BlockKey, blockToText } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { READS_AT_ONCE } from '../in-flight.ts';

/** For whom blocks are claimed: a node, in one boot and with one journal. */
export type Claimant = Omit<BlockOwner, 'incarnation'>;

export const claimantOf = ({ caller }: Call, { boot, nonce }: Pick<AllocateRequest, 'boot' | 'nonce'>): Claimant => ({
  node: caller,
  boot,
  journal: nonce.slice(0, JOURNAL_DIGITS),
});

/** `allocate.ownedByCaller`, and the node's own `learn.ownerOfThisBoot` and `ownerOfThisJournal`. */
export const isOf = ({ node, boot, journal }: Claimant, owner: BlockOwner | undefined): owner is BlockOwner =>
  owner?.node === node && owner.boot === boot && owner.journal === journal;

/**
 * Whether the block may be taken over: an earlier boot's, or an earlier life's with the same journal. One of another
 * journal in this boot may hold leases that were not reported.
 */
const isFormer = (claimant: Claimant, owner: BlockOwner | undefined, incarnation: number): boolean =>
  owner?.node === claimant.node &&
  (owner.boot !== claimant.boot || (owner.journal === claimant.journal && owner.incarnation < incarnation));

const claimKey = ({ pool, block }: BlockKey, generation: number) => `${pool}:${blockToText(block)}:${generation}`;

/** The owner at this generation, from memory or a read; undefined where nobody owns it, or the block has moved on. */
export async function ownerOf(deps: Dependencies, key: BlockKey, generation: number): Promise<BlockOwner | undefined> {
  const known = deps.memory.owners.get(claimKey(key, generation), deps.now());
  if (known) return known;
  const block = await deps.store.blocks.read(key);
  if (block) noteOwner(deps, key, block);
  return block?.state === 'claimed' && block.generation === generation ? block.owner : undefined;
}

export function noteOwner(
  { memory, now }: Dependencies,
  key: BlockKey,
  { state, generation, owner }: BlockState,
): void {
  if (state !== 'claimed' || owner === undefined) return;
  memory.owners.set(claimKey(key, generation), owner, now());
}

/** Blocks of one node, by what they are to the claimant. */
export interface Ownership {
  /** Generation by block. */
  readonly own: Map<bigint, number>;
  readonly former: Map<bigint, number>;
  /** Being taken back from this node by a request that may have stopped halfway. */
  readonly releasing: Map<bigint, BlockState>;
}

export const noBlocks = (): Ownership => ({ own: new Map(), former: new Map(), releasing: new Map() });

/** Reads which of `blocks` are the claimant's, in its life `incarnation`, and corrects `found`. */
export async function readOwnership(
  deps: Dependencies,
  { pool, claimant, incarnation }: { pool: string; claimant: Claimant; incarnation: number },
  blocks: readonly bigint[],
  found: Ownership,
): Promise<void> {
  const look = async (block: bigint) => {
    const state = await deps.store.blocks.read({ pool, block });
    for (const part of Object.values(found)) part.delete(block);
    if (state === undefined || state.owner?.node !== claimant.node) return;
    noteOwner(deps, { pool, block }, state);
    if (state.state === 'releasing') found.releasing.set(block, state);
    else if (isFormer(claimant, state.owner, incarnation)) found.former.set(block, state.generation);
    else if (isOf(claimant, state.owner)) found.own.set(block, state.generation);
  };
  await pMap(blocks, look, { concurrency: READS_AT_ONCE });
}

export const claimedBlocks = (blocks: ReadonlyMap<bigint, number>): ClaimedBlock[] =>
  [...blocks].map(([block, generation]) => ({ block: blockToText(block), generation }));
