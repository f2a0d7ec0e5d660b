/** Who has an address: the VRF's list says in which pool it lies, and arithmetic in which slot. */

import { formatAddress, parseAddress } from '../../../core/addresses/address.ts';
import { covers } from '../../../core/addresses/slot-intervals.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { AddressResult } from '../../../core/contract/questions.ts';
import { poolAt } from '../../../core/pools/registry.ts';
import { type SlotKey, slotToWire } from '../../../core/protocol/slot-ref.ts';
import type { Dependencies } from '../dependencies.ts';
import { freshPool, freshRegistry } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { rowsIn } from './list-leases.ts';

/** At most four reads, however many pools there are: the list, the pool, the slots of the block, and whose it is. @throws LessorError request.invalid */
export async function whoHas(deps: Dependencies, { vrf, text }: { vrf: string; text: string }): Promise<AddressResult> {
  const address = parseAddress(text);
  if (address === undefined) {
    const remedy = 'write it like 10.1.0.5 or fd00::5, without a prefix length';
    throw new LessorError('request.invalid', `address ${JSON.stringify(text)} is not an IP address`, { remedy });
  }
  const found = { address: formatAddress(address), vrf };
  const entry = poolAt((await freshRegistry(deps, vrf)).values(), address);
  const pool = entry && (await freshPool(deps, entry.id));
  // The list may have ranges that the pool is still to get.
  const at = pool?.space.find(address);
  if (pool === undefined || at === undefined) return { ...found, state: 'outside' };
  return { ...found, ...(await slotAt(deps, pool, { pool: pool.definition.id, ...at })) };
}

async function slotAt(
  deps: Dependencies,
  pool: KnownPool,
  key: SlotKey,
): Promise<Omit<AddressResult, 'address' | 'vrf'>> {
  const { store } = deps;
  const { definition, space } = pool;
  const [slots, block] = await Promise.all([
    store.leases.readBlock(key),
    definition.affinity === 'node' ? store.blocks.read(key) : undefined,
  ]);
  const where = {
    pool: definition.name,
    slot: slotToWire(key),
    ...(block?.owner ? { blockOf: block.owner.node } : {}),
  };
  const slot = slots.get(key.slot);
  const [lease] = slot ? rowsIn(pool, key.block, new Map([[key.slot, slot]]), deps.now()) : [];
  if (lease) return { ...where, state: lease.state, lease };
  const ordinal = key.block * BigInt(space.blockSize) + BigInt(key.slot);
  const keeper = definition.reservations.find(({ name }) => covers(space.reservedFor(name), ordinal));
  if (keeper) return { ...where, state: 'reserved', reservation: keeper.name };
  return { ...where, state: canBeHad(pool, key) ? 'free' : 'unusable' };
}

/** Where blocks belong to nodes nobody asks for an address, and partial slots are nobody's. */
const canBeHad = ({ definition, space }: KnownPool, { block, slot }: SlotKey): boolean =>
  definition.affinity === 'node' ? space.isUsable(block, slot) : space.isRequestable(block, slot);
