/** What the table says that the calling node holds, for it to compare with what it knows. */

import type { OwnLease, OwnLeasesResult } from '../../../core/contract/nodes.ts';
import { blockKeyFromText, slotToWire } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';

const BLOCKS_A_PAGE = 16;

/** Leases of all the node's lives, in blocks that follow `cursor` in the order of their names. */
export async function ownLeases(
  { store }: Dependencies,
  { caller }: Call,
  cursor: string | undefined,
): Promise<OwnLeasesResult> {
  const node = await store.nodes.readNode(caller);
  if (node === undefined) return { leases: [] };
  const joinedBlocks = [...node.joinedBlocks].sort();
  const from = cursor === undefined ? 0 : joinedBlocks.findIndex((block) => block > cursor);
  const page = from === -1 ? [] : joinedBlocks.slice(from, from + BLOCKS_A_PAGE);
  const read = await Promise.all(page.map((block) => leasesIn(store.leases.readBlock, caller, block)));
  const last = page.at(-1);
  const { incarnation, boot, firstOfBoot } = node;
  return {
    incarnation,
    boot,
    firstOfBoot,
    leases: read.flat(),
    ...(last !== undefined && last !== joinedBlocks.at(-1) ? { nextCursor: last } : {}),
  };
}

async function leasesIn(
  readBlock: Dependencies['store']['leases']['readBlock'],
  caller: string,
  block: string,
): Promise<OwnLease[]> {
  const key = blockKeyFromText(block);
  const slots = [...(await readBlock(key))];
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
