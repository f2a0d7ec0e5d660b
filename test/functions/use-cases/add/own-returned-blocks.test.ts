import { expect, test } from 'vitest';
import { giveBack } from '../../../../functions/use-cases/blocks/give-back.ts';
import { OwnerNode, ownedPool } from '../../owned-pool.ts';
import { add, callOf, del, world } from '../../world.ts';

test('a node that comes upon the blocks that it has just given back, which cool, goes on to one that does not', async () => {
  const here = world();
  const pool = await ownedPool(here, { blocks: 64, cooldownSeconds: 30 });
  const deps = here.environment();
  const node = new OwnerNode('i-1', pool);
  const given = new Set<string>();
  for (let container = 0; container < 20; container += 1) {
    const request = node.request(container);
    const answer = await add(deps, 'i-1', request);
    node.learn(answer);
    given.add(answer.slot.block);
    const { attachment, nonce } = request;
    await del(deps, 'i-1', { attachment, nonce, slot: answer.slot, acknowledged: true });
  }
  expect(given.size).toBe(5);
  for (const { block, generation } of node.blocks)
    await giveBack(deps, callOf('i-1'), {
      pool: pool.id,
      block,
      generation,
      boot: node.bootId,
      journal: node.journalId,
    });
  node.blocks = [];
  expect(given).not.toContain((await node.add(here.environment(), 99)).slot.block);
});
