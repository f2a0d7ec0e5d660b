/** What an attachment holds, wherever that is. */

import pMap from 'p-map';
import type { Attachment } from '../../../core/contract/ids.ts';
import { type BlockKey, blockKeyFromText, type SlotKey } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { READS_AT_ONCE } from '../in-flight.ts';

export interface HeldSlot {
  readonly key: SlotKey;
  readonly nonce: string;
}

/** In any block that the attachment's node has joined: one read of the node and one of each of its blocks. */
export async function findHeld(
  { store }: Dependencies,
  { caller }: Call,
  attachment: Attachment,
): Promise<readonly HeldSlot[]> {
  const heldIn = async (block: BlockKey): Promise<HeldSlot[]> =>
    [...(await store.leases.readBlock(block))].flatMap(([slot, { held, holding }]) =>
      held && holding?.node === caller && sameAttachment(holding.attachment, attachment)
        ? [{ key: { ...block, slot }, nonce: holding.nonce }]
        : [],
    );
  const node = await store.nodes.readNode(caller);
  const joinedBlocks = [...(node?.joinedBlocks ?? [])].map(blockKeyFromText);
  return (await pMap(joinedBlocks, heldIn, { concurrency: READS_AT_ONCE })).flat();
}

export const sameAttachment = (a: Attachment, b: Attachment): boolean =>
  a.network === b.network && a.containerId === b.containerId && a.ifname === b.ifname;
