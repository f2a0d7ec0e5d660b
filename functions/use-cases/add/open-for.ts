/** Opening a block for an address that somebody asks for, or that is kept for somebody. */
import { most } from '../../../core/contract/limits.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { SlotKey } from '../../../core/protocol/slot-ref.ts';
import { isOpen, withOpen } from '../pools/open-blocks.ts';
import type { Allocation } from './allocation.ts';

/** Opens the slot's block, wherever it lies; what is in the way of that (address.unknown), if anything is. */
export async function openFor(
  allocation: Allocation,
  { block, slot }: Pick<SlotKey, 'block' | 'slot'>,
): Promise<LessorError | undefined> {
  allocation.pool = await withOpen(allocation.deps, allocation.pool, block);
  const { definition, state, space } = allocation.pool;
  if (isOpen(allocation.pool, block)) return undefined;
  const addresses = space.addresses(block, slot).map(({ address }) => address);
  const why =
    state === 'active'
      ? `${most.blocksApart} blocks are open apart from the others, and no more may be`
      : `the pool is ${state}`;
  const what = `Address ${addresses.join(', ')} cannot be had from pool ${definition.name}: its block cannot be opened: ${why}`;
  const remedy = 'ask for an address of a block that is open, or make a smaller pool of its range';
  return new LessorError('address.unknown', what, { remedy });
}
