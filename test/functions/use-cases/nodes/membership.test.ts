/** In which life a node leases, where it names one that others may have begun. */
import { expect, it } from 'vitest';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { join } from '../../../../functions/use-cases/nodes/membership.ts';
import { add, addOf, callOf, operatorsPool, world } from '../../world.ts';

it('A life that a late request of an earlier boot began is not the one that this boot waits for', async () => {
  const here = world();
  const { name } = await operatorsPool(here, { addresses: 16, blockSize: 16 });
  const asked = (n: number, over: object = {}) => addOf(n, { pool: { vrf: 'default', name }, ...over });
  expect((await add(here.environment(), 'i-1', asked(1))).incarnation).toBe(1);
  await declareDeath(here.environment(), callOf('ann'), { node: 'i-1', reason: 'a mistake', alsoIfAlive: true });
  expect((await join(here.environment(), callOf('i-1'), [], 'boot-0')).incarnation).toBe(2);
  const answer = await add(here.environment(), 'i-1', asked(2, { incarnation: 2 }));
  expect(answer.incarnation).toBe(3);
  expect(await here.store.nodes.readNode('i-1')).toMatchObject({ boot: 'boot-1', incarnation: 3 });
});
