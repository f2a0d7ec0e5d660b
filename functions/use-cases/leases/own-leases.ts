/** What the table says that the calling node holds, for it to compare with what it knows. */

import type { OwnBlock, OwnLease, OwnLeasesResult } from '../../../core/contract/nodes.ts';
import type { NodeState } from '../../../core/protocol/node.ts';
import { type BlockKey, blockToText, slotToWire } from '../../../core/protocol/slot-ref.ts';
import { fromSlot, joinedFrom, positions } from '../cursors.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';
import { pageOf } from '../pages.ts';

/** Read at once: a plugin waits for an answer for some seconds only. */
const BLOCKS_A_PAGE = 16;
/** What one of its own blocks takes of an answer at most. */
const OWN_BLOCK_BYTES = 160;

/** Leases of all the node's lives and the blocks of its present one, in blocks that follow `cursor` in the order of their names. */
export async function ownLeases(deps: Dependencies, call: Call, cursor: string | undefined): Promise<OwnLeasesResult> {
  const { store } = deps;
  const { caller } = call;
  const node = await store.nodes.readNode(caller);
  if (node === undefined) return { leases: [], blocks: [] };
  const own = new Map<BlockKey, OwnBlock>();
  const { rows, nextCursor } = await pageOf<BlockKey, OwnLease>(call, {
    ...positions,
    keys: joinedFrom(node.joinedBlocks, cursor),
    read: async (key) => {
      const [leases, block] = await Promise.all([
        leasesIn(store.leases.readBlock, caller, key),
        ownBlock(deps, node, key),
      ]);
      if (block !== undefined) own.set(key, block);
      return fromSlot(key, cursor, leases);
    },
    keysAPage: BLOCKS_A_PAGE,
    beside: ' '.repeat(BLOCKS_A_PAGE * OWN_BLOCK_BYTES),
  });
  const { incarnation, boot, firstOfBoot } = node;
  const next = nextCursor === undefined ? {} : { nextCursor };
  return { incarnation, boot, firstOfBoot, leases: [...rows], blocks: [...own.values()], ...next };
}

/** Undefined where the block is not the node's in its present life, or is on its way to others. */
async function ownBlock(deps: Dependencies, node: NodeState, key: BlockKey): Promise<OwnBlock | undefined> {
  // Blocks of shared pools are nobody's: reading their items would be in vain.
  if (!node.alive || (await knownPool(deps, key.pool))?.definition.affinity !== 'node') return undefined;
  const { state, generation, owner } = (await deps.store.blocks.read(key)) ?? {};
  if (state !== 'claimed' || generation === undefined || owner === undefined) return undefined;
  if (owner.node !== node.id || owner.boot !== node.boot || owner.incarnation !== node.incarnation) return undefined;
  return { pool: key.pool, block: blockToText(key.block), generation, journal: owner.journal };
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
