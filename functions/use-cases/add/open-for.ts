/** Opening a block for an address that somebody asks for, or that is kept for somebody. */
import { most } from '../../../core/contract/limits.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { SlotKey } from '../../../core/protocol/slot-ref.ts';
import type { KnownPool } from '../memory.ts';
import { apartLeft, withOpen } from '../pools/open-apart.ts';
import { isOpen } from '../pools/open-blocks.ts';
import type { Allocation } from './allocation.ts';

/**
 * Opens the slot's block, wherever it lies; what is in the way of that (address.unknown), if anything is.
 * @param namespace whose pod asks for the address; left out where an operator keeps it for the pod
 * @throws LessorError service.busy
 */
export async function openFor(
  allocation: Allocation,
  { block, slot }: Pick<SlotKey, 'block' | 'slot'>,
  namespace?: string,
): Promise<LessorError | undefined> {
  allocation.pool = await withOpen(allocation.deps, allocation.pool, block, namespace);
  const { definition, space } = allocation.pool;
  if (isOpen(allocation.pool, block)) return undefined;
  const addresses = space.addresses(block, slot).map(({ address }) => address);
  const why = whyClosed(allocation.pool, namespace);
  const what = `Address ${addresses.join(', ')} cannot be had from pool ${definition.name}: its block cannot be opened: ${why}`;
  const remedy = 'ask for an address of a block that is open, or make a smaller pool of its range';
  return new LessorError('address.unknown', what, { remedy });
}

function whyClosed(pool: KnownPool, namespace: string | undefined): string {
  if (pool.state !== 'active') return `the pool is ${pool.state}`;
  const { all } = apartLeft(pool, namespace ?? '');
  if (all === 0) return `${most.blocksApart} blocks are open apart from the others, and no more may be`;
  const who = namespace ? `namespace ${namespace} has` : 'pods whose namespace is not known have';
  return `${who} opened as many apart from the others as are left to other namespaces`;
}
