import { describe, expect, it } from 'vitest';
import { blockFromText } from '../../../../core/protocol/slot-ref.ts';
import { OwnerNode, ownedPool } from '../../owned-pool.ts';
import { world } from '../../world.ts';

/** A node that leases from its one block by itself, though the block has been another node's since. */
async function ownedAgain() {
  const here = world();
  const green = await ownedPool(here, { blocks: 1, leasing: 'delegated' });
  const deps = here.environment();
  const node = new OwnerNode('i-1', green);
  const { slot } = await node.add(deps, 1);
  const [first] = node.blocks;
  if (first === undefined) throw new Error('no block');
  const key = { pool: green.id, block: blockFromText(first.block), slot: slot.slot };
  const ending = { endedAt: here.clock.now, reusableAt: here.clock.now + 20_000 };
  await here.store.blocks.fence(key, first.generation, true);
  await here.store.leases.evict(key, first.generation + 1, ending);
  for (const other of [0, 1, 2, 3]) await here.store.leases.advance({ ...key, slot: other }, first.generation + 1);
  await here.store.blocks.finish(key, first.generation + 1);
  const leasesFrom = (generation: number) => [{ pool: green.id, block: first.block, generation }];
  const asked = (container: number, generation: number) =>
    node.add(deps, container, undefined, { leasesFrom: leasesFrom(generation) });
  return { first, cooling: key.slot, asked };
}

describe('a node that leases by itself', () => {
  it('is told what cools in a block that it had at an earlier generation, though it says that it leases there', async () => {
    const { first, cooling, asked } = await ownedAgain();
    const { taken, blocks } = await asked(2, first.generation);
    expect(blocks[0]?.generation).toBeGreaterThan(first.generation);
    expect(taken?.flatMap(({ slots }) => slots)).toContain(cooling);
  });
});
