import { describe, expect, it } from 'vitest';
import type { BlockKey } from '../../../../core/protocol/slot-ref.ts';
import { blockFromText } from '../../../../core/protocol/slot-ref.ts';
import { fenceBlock, resumeFence } from '../../../../functions/use-cases/blocks/fence-block.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { endingAt } from '../../../store/ending.ts';
import { counted, intercepted } from '../../intercepted.ts';
import { OwnerNode, ownedPool } from '../../owned-pool.ts';
import { add, COOLDOWN_MS, callOf, refusalOf, START, type World, world } from '../../world.ts';

/** A node with a block in which it leases `leases` addresses. */
async function owned({ leases = 2, blockSize = 4, blocks = 8 } = {}) {
  const here = world();
  /** Remembers whose the block was. */
  const warm = here.environment();
  const pool = await ownedPool(here, { blocks, blockSize });
  const node = new OwnerNode('i-1', pool);
  for (let container = 0; container < leases; container += 1) await node.add(warm, container);
  const block = blockFromText(node.blocks[0]?.block ?? '');
  const key = { pool: pool.id, block };
  const slots = () => here.store.leases.readBlock(key);
  const state = () => here.store.blocks.read(key);
  const declare = () =>
    declareDeath(here.environment(), callOf('user/ann'), {
      node: 'i-1',
      reason: 'its power supply burned',
      alsoIfAlive: true,
    });
  return { here, warm, node, key, slots, state, declare };
}

async function freeAll(here: World, key: BlockKey): Promise<void> {
  for (const [slot, { holding }] of await here.store.leases.readBlock(key))
    if (holding) await here.store.leases.release({ ...key, slot }, { ...holding.attachment, ...holding }, endingAt(0));
}

describe('a fence by its owner', () => {
  it('stops where a lease is held, and the owner keeps the block, one generation later', async () => {
    const { here, key, slots, state } = await owned();
    const before = await slots();
    const { store, requests } = counted(here.store);
    const fenced = await fenceBlock(here.environment({ store }), key, { generation: 1, forced: false });
    expect(fenced).toEqual({ outcome: 'kept', freed: 0 });
    expect(requests).toEqual(['fence', 'readPool', 'readBlock', 'abort']);
    expect(await slots()).toEqual(before);
    expect(await state()).toMatchObject({ state: 'claimed', generation: 2, owner: { node: 'i-1' } });
  });

  it('stops where a request that came late held a slot while it went through them', async () => {
    const { here, warm, node, key, state } = await owned({ leases: 1 });
    await freeAll(here, key);
    const late = node.request(9, 0);
    let once = false;
    const store = intercepted(here.store, async (name, _, proceed) => {
      if (name === 'advance' && !once) {
        once = true;
        expect((await add(warm, 'i-1', late)).slot.block).toBe(key.block.toString(16));
      }
      return proceed();
    });
    const { outcome } = await fenceBlock(here.environment({ store }), key, { generation: 1, forced: false });
    expect(outcome).toBe('kept');
    expect(await state()).toMatchObject({ state: 'claimed', generation: 2 });
  });

  it('frees an empty block, after which no late request of its owner holds a slot there', async () => {
    const { here, warm, node, key, state } = await owned({ leases: 1, blocks: 1 });
    await freeAll(here, key);
    const late = node.request(2, 3);
    const { outcome } = await fenceBlock(here.environment(), key, { generation: 1, forced: false });
    expect(outcome).toBe('released');
    expect(await state()).toEqual({ state: 'free', generation: 2, forced: false });
    const other = new OwnerNode('i-2', node.pool);
    await other.add(here.environment(), 3);
    // The environment still remembers, and rightly, whose generation 1 was.
    expect((await refusalOf(add(warm, 'i-1', late))).code).toBe('pool.exhausted');
    expect([...(await here.store.leases.readBlock(key)).values()].filter(({ held }) => held)).toHaveLength(1);
  });

  it('leaves a block alone that has moved on', async () => {
    const { here, key, state } = await owned();
    const before = await state();
    expect((await fenceBlock(here.environment(), key, { generation: 2, forced: true })).outcome).toBe('moved');
    expect(await state()).toEqual(before);
  });
});

describe('a declared death', () => {
  it('takes the node’s blocks back, with 66 writes for 64 slots', async () => {
    const { here, node, slots, state, declare } = await owned({ leases: 10, blockSize: 64 });
    await declare();
    here.clock.now = START + 700;
    const { store, requests } = counted(here.store);
    expect((await reclaim(here.environment({ store }))).nodes).toEqual([{ node: 'i-1', incarnation: 1, freed: 10 }]);
    expect(await state()).toEqual({ state: 'free', generation: 2, forced: false });
    const after = [...(await slots()).values()];
    expect(after).toHaveLength(64);
    expect(after.filter(({ held, generation }) => held || generation !== 2)).toEqual([]);
    expect(after.filter(({ reusableAt }) => reusableAt === START + 700 + COOLDOWN_MS)).toHaveLength(10);
    const counts: Record<string, number> = {};
    for (const name of requests) counts[name] = (counts[name] ?? 0) + 1;
    expect(counts).toEqual({
      readConcluded: 1,
      adoptDeaths: 1,
      listDeaths: 1,
      noteConcluded: 1,
      readNode: 1,
      readPool: 1,
      // The block, and one of a probe that was not needed.
      read: 2,
      fence: 1,
      readBlock: 2,
      advance: 54,
      evict: 10,
      finish: 1,
      recordSweep: 1,
    });
    expect((await new OwnerNode('i-2', node.pool).add(here.environment(), 50)).incarnation).toBe(1);
  });

  it('takes nothing back of the node’s next life, and frees what the earlier one leased in a block that was taken over', async () => {
    const { here, node, slots, state, declare } = await owned();
    await declare();
    node.reboots();
    await node.add(here.environment(), 9);
    const before = await state();
    expect(before).toMatchObject({ generation: 2, owner: { incarnation: 2 } });
    expect((await reclaim(here.environment())).nodes).toMatchObject([{ freed: 2 }]);
    expect(await state()).toEqual(before);
    const held = [...(await slots()).values()].filter((slot) => slot.held);
    expect(held).toMatchObject([{ holding: { incarnation: 2 } }]);
  });

  it('goes on with what a stopped run left, wherever it was stopped', async () => {
    for (let survives = 0; survives < 12; survives += 1) {
      const { here, slots, state, declare } = await owned();
      await declare();
      let done = 0;
      const store = intercepted(here.store, (_, __, proceed) => {
        done += 1;
        if (done > survives) throw new Error('stopped here');
        return proceed();
      });
      await reclaim(here.environment({ store })).catch(() => undefined);
      await Promise.all([reclaim(here.environment()), reclaim(here.environment())]);
      expect(await state()).toEqual({ state: 'free', generation: 2, forced: false });
      expect([...(await slots()).values()].filter(({ held, generation }) => held || generation < 2)).toEqual([]);
    }
  });

  it('forces what the node itself had begun to give back, once that has stopped at a lease', async () => {
    const { here, key, state, declare } = await owned();
    await here.store.blocks.fence(key, 1, false);
    await declare();
    expect((await reclaim(here.environment())).nodes).toMatchObject([{ freed: 2 }]);
    expect(await state()).toMatchObject({ state: 'free', generation: 3 });
  });
});

it('A node that finds its block half given back goes on with that, and uses the block if it keeps it', async () => {
  const { here, node, key, state } = await owned({ leases: 2 });
  await here.store.blocks.fence(key, 1, false);
  const { slot, blocks } = await node.add(here.environment(), 9);
  expect(slot.block).toBe(key.block.toString(16));
  expect(blocks).toEqual([{ block: slot.block, generation: 2 }]);
  expect(await state()).toMatchObject({ state: 'claimed', generation: 2 });
});

it('A fence goes on in the mode of the item, whoever goes on: one by its owner never evicts', async () => {
  const { here, key, slots, state } = await owned();
  await here.store.blocks.fence(key, 1, false);
  const item = await state();
  if (item === undefined) throw new Error('no block');
  expect(await resumeFence(here.environment(), key, item)).toEqual({ outcome: 'kept', freed: 0 });
  expect([...(await slots()).values()].filter(({ held }) => held)).toHaveLength(2);
});
