/** What the table says that the calling node holds, for it to compare with what it knows. */

import type { OwnBlock, OwnLease, OwnLeasesResult } from '../../../core/contract/nodes.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { BlockState } from '../../../core/protocol/block.ts';
import type { NodeState } from '../../../core/protocol/node.ts';
import { type BlockKey, blockToText, slotToWire } from '../../../core/protocol/slot-ref.ts';
import { resumeFence } from '../blocks/fence-block.ts';
import { fromSlot, joinedFrom, positions } from '../cursors.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';
import { pageOf } from '../pages.ts';

/** Read at once: a plugin waits for an answer for some seconds only. */
const BLOCKS_A_PAGE = 16;
/** What one of its own blocks takes of an answer at most. */
const OWN_BLOCK_BYTES = 640;
/** What remains of the request's time must suffice for a fence of a block, and for the answer. */
const FENCE_RESERVE_MS = 3_000;

/** Leases of all the node's lives, and which blocks are its own, in blocks that follow `cursor` in the order of their names. */
export async function ownLeases(deps: Dependencies, call: Call, cursor: string | undefined): Promise<OwnLeasesResult> {
  const { store } = deps;
  const { caller } = call;
  const node = await store.nodes.readNode(caller);
  if (node === undefined) return { node: caller, leases: [], blocks: [] };
  const keys = joinedFrom(node.joinedBlocks, cursor);
  const owned = await ownedPools(deps, keys.slice(0, BLOCKS_A_PAGE));
  const blocks: OwnBlock[] = [];
  const releasing: [BlockKey, BlockState][] = [];
  const read = async (key: BlockKey): Promise<readonly OwnLease[]> => {
    const mayBeOwn = node.alive && owned.has(key.pool);
    const [leases, own] = await Promise.all([
      leasesIn(store.leases.readBlock, caller, key),
      mayBeOwn ? store.blocks.read(key) : undefined,
    ]);
    const mine = ownBlock(node, key, own);
    if (mine !== undefined) blocks.push(mine);
    if (own?.state === 'releasing' && !own.forced && own.owner?.node === caller) releasing.push([key, own]);
    return fromSlot(key, cursor, leases);
  };
  const beside = ' '.repeat(BLOCKS_A_PAGE * OWN_BLOCK_BYTES);
  const paging = { ...positions, keys, read, keysAPage: BLOCKS_A_PAGE, beside };
  const { rows, nextCursor } = await pageOf<BlockKey, OwnLease>(call, paging);
  await finishGivingBack(deps, call, releasing);
  const { incarnation, boot, firstOfBoot } = node;
  const next = nextCursor === undefined ? {} : { nextCursor };
  return { node: caller, incarnation, boot, firstOfBoot, leases: [...rows], blocks, ...next };
}

/** Of other pools the blocks are nobody's: reading their items would be in vain. */
async function ownedPools(deps: Dependencies, keys: readonly BlockKey[]): Promise<Set<string>> {
  const owned = new Set<string>();
  for (const pool of new Set(keys.map((key) => key.pool)))
    if ((await knownPool(deps, pool))?.definition.affinity === 'node') owned.add(pool);
  return owned;
}

/**
 * Undefined where the block is not the node's, is on its way to others, or was claimed in a life that is over. A late request of
 * another boot may have begun a life meanwhile: what the boot that runs claimed is its own all the same (I6).
 */
function ownBlock(node: NodeState, key: BlockKey, block: BlockState | undefined): OwnBlock | undefined {
  const { state, generation, owner } = block ?? {};
  if (state !== 'claimed' || generation === undefined || owner === undefined) return undefined;
  if (owner.node !== node.id || (owner.boot === node.boot && owner.incarnation < node.incarnation)) return undefined;
  return { pool: key.pool, block: blockToText(key.block), generation, boot: owner.boot, journal: owner.journal };
}

/**
 * A node that gave a block back and lost its disk before it was told so does not know of it any more, and may want no other address
 * of the pool. The next look goes on where the time does not suffice. With a forced fence only the reclaim and an ADD do: to look frees no lease.
 */
async function finishGivingBack(
  deps: Dependencies,
  { remainingMs }: Call,
  releasing: readonly (readonly [BlockKey, BlockState])[],
): Promise<void> {
  for (const [key, block] of releasing) {
    if (remainingMs() < FENCE_RESERVE_MS) return;
    await resumeFence(deps, key, block).catch((error: unknown) => {
      if (!(error instanceof LessorError)) throw error;
    });
  }
}

async function leasesIn(
  readBlock: Dependencies['store']['leases']['readBlock'],
  caller: string,
  key: BlockKey,
): Promise<OwnLease[]> {
  const slots = [...(await readBlock(key))].sort(([a], [b]) => a - b);
  return slots.flatMap(([slot, { held, holding }]) => {
    if (!held || holding?.node !== caller) return [];
    const { attachment, nonce, incarnation, heldAt, pod } = holding;
    const since = new Date(heldAt).toISOString();
    return [
      {
        slot: slotToWire({ ...key, slot }),
        attachment,
        nonce,
        incarnation,
        heldAt: since,
        ...(pod === undefined ? {} : { pod }),
      },
    ];
  });
}
