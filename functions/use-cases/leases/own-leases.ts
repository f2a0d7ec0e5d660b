/** What the table says that the calling node holds, for it to compare with what it knows. */

import type { OwnLease, OwnLeasesResult } from '../../../core/contract/nodes.ts';
import { type BlockKey, slotToWire } from '../../../core/protocol/slot-ref.ts';
import { fromSlot, joinedFrom, positions } from '../cursors.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { pageOf } from '../pages.ts';

/** Read at once: a plugin waits for an answer for some seconds only. */
const BLOCKS_A_PAGE = 16;

/** Leases of all the node's lives, in blocks that follow `cursor` in the order of their names. */
export async function ownLeases(
  { store }: Dependencies,
  call: Call,
  cursor: string | undefined,
): Promise<OwnLeasesResult> {
  const { caller } = call;
  const node = await store.nodes.readNode(caller);
  if (node === undefined) return { leases: [] };
  const { rows, nextCursor } = await pageOf<BlockKey, OwnLease>(call, {
    ...positions,
    keys: joinedFrom(node.joinedBlocks, cursor),
    read: async (key) => fromSlot(key, cursor, await leasesIn(store.leases.readBlock, caller, key)),
    keysAPage: BLOCKS_A_PAGE,
  });
  const { incarnation, boot, firstOfBoot } = node;
  const next = nextCursor === undefined ? {} : { nextCursor };
  return { incarnation, boot, firstOfBoot, leases: [...rows], ...next };
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
