/**
 * Whether an answer can be worked with. The contract has addresses and ranges as text: what is none would reach an
 * interface, or would be kept as what is known of the pool and fail every ADD after this one.
 */

import { parseAddress, parsePrefix } from '../../core/addresses/address.ts';
import type { AllocateResult } from '../../core/contract/lease.ts';
import { most } from '../../core/contract/limits.ts';
import { type PoolSpace, poolSpace } from '../../core/pools/pool-space.ts';
import { blockFromText } from '../../core/protocol/slot-ref.ts';

export function isSound({ pool, slot, more = [], addresses }: AllocateResult): boolean {
  const { id, blockSize } = pool;
  if (blockSize < 1 || blockSize > most.slotsOfBlock || (blockSize & (blockSize - 1)) !== 0) return false;
  if (addresses.length === 0) return false;
  if (!addresses.every(({ address, gateway }) => parsePrefix(address) && parseAddress(gateway))) return false;
  const space = spaceOf(pool);
  const exists = (one: typeof slot) => one.pool === id && one.slot < (space?.slotsIn(blockFromText(one.block)) ?? 0);
  // A further slot may have addresses of the larger range sets only.
  return [slot, ...more].every(exists) && space?.isWhole(blockFromText(slot.block), slot.slot) === true;
}

function spaceOf(pool: AllocateResult['pool']): PoolSpace | undefined {
  try {
    return poolSpace(pool);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
