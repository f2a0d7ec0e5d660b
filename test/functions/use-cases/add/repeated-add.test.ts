/** An attachment that is added again while a late copy of an earlier try holds another slot under the same nonce. */
import { describe, expect, it } from 'vitest';
import type { PoolDefinition } from '../../../../core/contract/pool.ts';
import { slotFromWire } from '../../../../core/protocol/slot-ref.ts';
import { ownedPool } from '../../owned-pool.ts';
import { add, addOf, attachmentOf, nonceOf, operatorsPool, proposal, type World, world } from '../../world.ts';

const alsoHolds = (here: World, pool: PoolDefinition, block: number, slot: number, generation = 1) =>
  here.store.leases.hold(
    slotFromWire(proposal(pool, block, slot)),
    { attachment: attachmentOf(1), nonce: nonceOf(1), node: 'i-1', incarnation: 1, heldAt: here.clock.now },
    generation,
  );

describe('an ADD that is repeated is told the slot that it was told before', () => {
  it.each([
    ['a lower slot', 1],
    ['a higher slot', 3],
  ])('where a late copy holds %s of the block, and blocks are nobody’s', async (_, other) => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 16, blockSize: 4 });
    const request = addOf(1, { pool: { vrf: 'default', name: 'blue' }, proposal: proposal(pool, 1, 2) });
    const { slot } = await add(here.environment(), 'i-1', request);
    expect(slot).toEqual(proposal(pool, 1, 2));
    expect(await alsoHolds(here, pool, 1, other)).toEqual({ held: true });
    const again = await add(here.environment(), 'i-1', { ...request, attempt: 2, proposal: slot });
    expect(again.slot).toEqual(slot);
  });

  it('where a late copy holds one of any of its node’s blocks', async () => {
    const here = world();
    const pool = await ownedPool(here, { blocks: 4, blockSize: 2, maxBlocksPerNode: 4 });
    const of = { vrf: 'default', name: pool.name };
    const told = await add(here.environment(), 'i-1', addOf(1, { pool: of }));
    const others = [await add(here.environment(), 'i-1', addOf(2, { pool: of }))];
    others.push(await add(here.environment(), 'i-1', addOf(3, { pool: of })));
    const blocks = others[1]?.blocks ?? [];
    for (const { block, generation } of blocks)
      for (const slot of [0, 1]) await alsoHolds(here, pool, Number.parseInt(block, 16), slot, generation);
    const { incarnation } = told;
    const again = addOf(1, { pool: of, attempt: 2, incarnation, proposal: told.slot });
    expect((await add(here.environment(), 'i-1', again)).slot).toEqual(told.slot);
  });
});
