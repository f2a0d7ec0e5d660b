/** A node is declared dead, although it runs, while an ADD of it is under way: the answer is of the node's next life, and so are the blocks that it names. */
import { expect, it } from 'vitest';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { intercepted } from '../../intercepted.ts';
import { named, ownedPool } from '../../owned-pool.ts';
import { add, addOf, callOf, world } from '../../world.ts';

it('names no block of the life that is over, in which the node could live offline while others have it', async () => {
  const here = world();
  const pool = await ownedPool(here, { blocks: 16, blockSize: 2, maxBlocksPerNode: 4 });
  const first = await add(here.environment(), 'i-1', addOf(1, { pool: named }));
  const { incarnation } = first;
  await add(here.environment(), 'i-1', addOf(2, { pool: named, incarnation }));
  let isDeclared = false;
  const store = intercepted(here.store, async (name, _, proceed) => {
    if (name === 'join' && !isDeclared) {
      isDeclared = true;
      await declareDeath(here.environment(), callOf('user/ann'), { node: 'i-1', reason: 'silent', alsoIfAlive: true });
    }
    return proceed();
  });
  const told = await add(here.environment({ store }), 'i-1', addOf(3, { pool: named, incarnation }));
  expect([isDeclared, told.incarnation]).toEqual([true, incarnation + 1]);
  for (const { block, generation } of told.blocks)
    expect(await here.store.blocks.read({ pool: pool.id, block: BigInt(`0x${block}`) })).toMatchObject({
      ...{ state: 'claimed', generation },
      owner: { incarnation: told.incarnation },
    });
  expect(told.former).toEqual(first.blocks);
});
