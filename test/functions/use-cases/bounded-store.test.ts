/** How much a use case has under way at once, however much there is of it. */
import { expect, it } from 'vitest';
import type { LeaseChange } from '../../../core/protocol/counter.ts';
import { fenceBlock } from '../../../functions/use-cases/blocks/fence-block.ts';
import { countChanges } from '../../../functions/use-cases/changes/count-changes.ts';
import { recount } from '../../../functions/use-cases/changes/recount.ts';
import { ownedPool } from '../owned-pool.ts';
import { slowStore } from '../slow-store.ts';
import { add, addOf, callOf, operatorsPool, proposal, world } from '../world.ts';

const AT_ONCE = 16;
const HOUR = 60 * 60 * 1000;

/** One lease in each of a pool's blocks, each of a namespace of its own. */
async function spreadPool(blocks: number) {
  const here = world();
  const pool = await operatorsPool(here, { addresses: blocks * 4, blockSize: 4 });
  const deps = here.environment();
  const named = { vrf: 'default', name: 'blue' };
  for (let n = 0; n < blocks; n += 1)
    await add(deps, `i-${n}`, addOf(n, { pool: named, proposal: proposal(pool, n, 1) }));
  const changes = Array.from(
    { length: blocks },
    (_, n): LeaseChange => ({ pool: pool.id, after: `ns-${n}`, sequence: String(n + 1) }),
  );
  return { here, changes };
}

it('a batch of 250 namespaces is counted some counters at a time', async () => {
  const { here, changes } = await spreadPool(250);
  const { store, requests, together } = slowStore(here, 5);
  await countChanges(here.environment({ store }), 's', changes);
  // Twenty of these names have room in the pool's own item.
  expect(requests).toHaveLength(231);
  expect(together()).toBe(AT_ONCE);
});

it('a recount reads a pool some blocks at a time', async () => {
  const { here, changes } = await spreadPool(100);
  await countChanges(here.environment(), 's', changes);
  here.clock.now += HOUR;
  const { store, requests, together } = slowStore(here, 5);
  const { recounted } = await recount(here.environment({ store }), callOf('lessor'), async () => {});
  expect(recounted).toBe(1);
  expect(requests.filter((name) => name === 'readBlock')).toHaveLength(100);
  expect(together()).toBe(AT_ONCE);
});

it('a block is given back some slots at a time', async () => {
  const here = world();
  const { id } = await ownedPool(here, { blocks: 4, blockSize: 64 });
  const key = { pool: id, block: 0n };
  await here.store.blocks.claim(key, { node: 'i-1', incarnation: 1, boot: 'boot-1', journal: 'a'.repeat(16) });
  const { store, requests, together } = slowStore(here, 5);
  const fenced = await fenceBlock(here.environment({ store }), key, { generation: 1, forced: false });
  expect(fenced.outcome).toBe('released');
  expect(requests.filter((name) => name === 'advance')).toHaveLength(64);
  expect(together()).toBe(AT_ONCE);
});
