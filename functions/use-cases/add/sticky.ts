/**
 * Sticky pools: a pod of the same name finds its address again within the pool's time, and nobody else gets it meanwhile.
 * A pod's address lies in one of a few blocks that its name gives, so no index of pods is needed: the released slot
 * remembers whose it was.
 */

import { scatter } from '../../../core/addresses/scatter.ts';
import type { Pod } from '../../../core/contract/ids.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { BlockSet } from '../../../core/pools/block-set.ts';
import type { SlotState } from '../../../core/protocol/lease.ts';
import type { SlotKey } from '../../../core/protocol/slot-ref.ts';
import { usableOpen } from '../pools/open-blocks.ts';
import type { Allocation } from './allocation.ts';
import { keepOwn, readBlocks, takeFrom } from './block-slots.ts';

/** Blocks in which a pod's address may lie: more of them cost a read each, fewer fill up sooner. */
const HOMES = 4;
/** Of the pool's first blocks, so that opening more of it moves nobody. */
const HOMES_AMONG = 256n;

/**
 * The pod's own slot, or one of its home blocks; undefined where none of them has a free one.
 * @throws LessorError address.held while the pod's earlier container still holds it
 */
export async function holdHome(allocation: Allocation, pod: Pod): Promise<SlotKey | undefined> {
  const { pool } = allocation;
  const homes = homeBlocks(pod, usableOpen(pool));
  const read = await readBlocks(allocation, homes);
  for (const [block, slots] of read) {
    const own = await keepOwn(allocation, block, slots);
    if (own) return own;
  }
  for (const [block, slots] of read) {
    for (const [slot, state] of slots) {
      if (!isOf(pod, state) || !pool.space.isUsable(block, slot)) continue;
      // Another interface of the same container has an address of its own.
      const isSibling = state.holding?.attachment.containerId === allocation.request.attachment.containerId;
      if (state.held && isSibling) continue;
      if (state.held) throw stillHeld(allocation, { block, slot }, pod, state);
      const key = { pool: pool.definition.id, block, slot };
      if (await allocation.hold(key)) return key;
    }
  }
  for (const [block, slots] of read) {
    const found = await takeFrom(allocation, block, slots, undefined);
    if (found.slot) return found.slot;
  }
  return undefined;
}

/** What is kept for an identity is not its pod's (`samePod`). */
const isOf = (pod: Pod, { holding }: SlotState): boolean =>
  holding?.pod?.namespace === pod.namespace && holding.pod.name === pod.name && holding.identity === undefined;

function stillHeld({ pool }: Allocation, { block, slot }: Pick<SlotKey, 'block' | 'slot'>, pod: Pod, state: SlotState) {
  const addresses = pool.space.addresses(block, slot).map(({ address }) => address);
  const by = `container ${state.holding?.attachment.containerId} on node ${state.holding?.node}`;
  return new LessorError(
    'address.held',
    `Address ${addresses.join(', ')} of pod ${pod.namespace}/${pod.name} is still held by ${by}`,
    {
      remedy: 'it is given to the new container when that one ends',
      facts: { pool: pool.definition.name, addresses, node: state.holding?.node ?? '' },
    },
  );
}

/** The `HOMES` blocks with the highest hash of pod and block: when a pool grows, few pods move. */
export function homeBlocks({ namespace, name }: Pod, blocks: BlockSet): bigint[] {
  const among = blocks.size < HOMES_AMONG ? blocks.size : HOMES_AMONG;
  const weighed: { block: bigint; weight: number }[] = [];
  for (let number = 0n; number < among; number += 1n) {
    const block = blocks.at(number);
    weighed.push({ block, weight: scatter(`${block} ${namespace}/${name}`) });
  }
  return weighed
    .sort((a, b) => b.weight - a.weight || Number(a.block - b.block))
    .slice(0, HOMES)
    .map(({ block }) => block);
}
