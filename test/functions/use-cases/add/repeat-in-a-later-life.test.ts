/**
 * A node is declared dead although it runs, while a request of it is under way. The request is repeated, and the repeat is
 * answered in the node's next life. Then the first one arrives: it must not put the lease back into the life that is over.
 */
import { describe, expect, it } from 'vitest';
import type { PoolDefinition } from '../../../../core/contract/pool.ts';
import type { Store } from '../../../../core/store.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { withoutCondition } from '../../../store/without-condition.ts';
import { heldBack } from '../../intercepted.ts';
import { OwnerNode, ownedPool } from '../../owned-pool.ts';
import { add, addOf, callOf, del, operatorsPool, proposal, type World, world } from '../../world.ts';

function late(here: World) {
  const { store, ...rest } = heldBack(here.store, 'hold');
  return { deps: here.environment({ store }), ...rest };
}

const declared = (here: World) =>
  declareDeath(here.environment(), callOf('user/ann'), { node: 'i-1', reason: 'was not heard of', alsoIfAlive: true });

async function holderOf(here: World, pool: PoolDefinition, block: bigint, slot: number) {
  const state = await here.store.leases.readSlot({ pool: pool.id, block, slot });
  return state?.held ? [state.holding?.nonce, state.holding?.incarnation] : undefined;
}

/** Blocks of nobody: who holds the slot at the end, and who should. */
async function reclaimedAfterAll(store?: Store) {
  const here = world(store);
  const pool = await operatorsPool(here, { addresses: 16, blockSize: 4 });
  const request = addOf(1, { pool: { vrf: 'default', name: 'blue' }, proposal: proposal(pool, 1, 2) });
  const slow = late(here);
  const first = add(slow.deps, 'i-1', request);
  await slow.isSent;
  await declared(here);
  const answer = await add(here.environment(), 'i-1', { ...request, attempt: 2 });
  expect([answer.slot, answer.incarnation]).toEqual([proposal(pool, 1, 2), 2]);
  slow.arrives();
  const tooLate = await first;
  await reclaim(here.environment());
  return { holder: await holderOf(here, pool, 1n, 2), wanted: [request.nonce, 2], slots: [tooLate.slot, answer.slot] };
}

describe('the late first try of an ADD whose repeat was answered in the node’s next life', () => {
  it('leaves the lease where the reclaim of the earlier life does not free it: blocks of nobody', async () => {
    const { holder, wanted } = await reclaimedAfterAll();
    expect(holder).toEqual(wanted);
  });

  it('holds no other slot beside it', async () => {
    const { slots } = await reclaimedAfterAll();
    expect(slots[0]).toEqual(slots[1]);
  });

  it('is found out in a store whose hold does not compare the life', async () => {
    const { holder } = await reclaimedAfterAll(memoryStore(withoutCondition('incarnationNotNewer', 'hold', 4)));
    expect(holder).toBeUndefined();
  });

  it('leaves the lease where the reclaim of the earlier life does not free it: blocks of nodes', async () => {
    const here = world();
    const pool = await ownedPool(here, { blocks: 1, blockSize: 4, cooldownSeconds: 0 });
    const node = new OwnerNode('i-1', pool);
    const { slot, nonce, attachment } = { ...(await node.add(here.environment(), 1)), ...node.request(1) };
    await del(here.environment(), 'i-1', { attachment, nonce, slot, acknowledged: false });
    const request = node.request(2, 3);
    const slow = late(here);
    const first = add(slow.deps, 'i-1', request);
    await slow.isSent;
    await declared(here);
    const generation = { block: slot.block, generation: 1, pool: pool.id };
    const repeat = { ...request, attempt: 2, formerBlocks: [generation] };
    const answer = await add(here.environment(), 'i-1', repeat);
    expect([answer.slot, answer.incarnation]).toEqual([{ pool: pool.id, block: slot.block, slot: 3 }, 2]);
    slow.arrives();
    await first;
    await reclaim(here.environment());
    expect(await holderOf(here, pool, BigInt(`0x${slot.block}`), 3)).toEqual([request.nonce, 2]);
  });
});
