import { describe, expect, it } from 'vitest';
import { blockFromText } from '../../../../core/protocol/slot-ref.ts';
import { giveBack } from '../../../../functions/use-cases/blocks/give-back.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { join } from '../../../../functions/use-cases/nodes/membership.ts';
import { intercepted } from '../../intercepted.ts';
import { OwnerNode, ownedPool } from '../../owned-pool.ts';
import { add, callOf, del, world } from '../../world.ts';

/** A node whose one lease is released again. */
async function emptied() {
  const here = world();
  const pool = await ownedPool(here, { blocks: 8 });
  const node = new OwnerNode('i-1', pool);
  const request = node.request(1);
  const answer = await add(here.environment(), 'i-1', request);
  node.learn(answer);
  const { attachment, nonce } = request;
  await del(here.environment(), 'i-1', { attachment, nonce, slot: answer.slot, acknowledged: true });
  const returned = {
    pool: pool.id,
    block: answer.slot.block,
    generation: 1,
    boot: node.bootId,
    journal: node.journalId,
  };
  const key = { pool: pool.id, block: blockFromText(returned.block) };
  const state = () => here.store.blocks.read(key);
  const ask = (over: Partial<typeof returned> = {}, caller = 'i-1') =>
    giveBack(here.environment(), callOf(caller), { ...returned, ...over });
  return { here, node, returned, key, state, ask };
}

describe('a block that is given back', () => {
  it('is free for others, one generation later, and a repeat says the same', async () => {
    const { state, ask } = await emptied();
    expect(await ask()).toEqual({ outcome: 'released' });
    expect(await state()).toEqual({ state: 'free', generation: 2, forced: false });
    expect(await ask()).toEqual({ outcome: 'released' });
    expect(await state()).toMatchObject({ state: 'free', generation: 2 });
  });

  it('is kept where an address of it is held, and a repeat says the same', async () => {
    const { here, node, state, ask } = await emptied();
    const { slot } = await node.add(here.environment(), 2);
    expect(await ask()).toEqual({ outcome: 'kept', generation: 2 });
    expect(await ask()).toEqual({ outcome: 'kept', generation: 2 });
    expect(await state()).toMatchObject({ state: 'claimed', generation: 2 });
    node.blocks = [{ block: slot.block, generation: 2 }];
    expect((await node.add(here.environment(), 3, (slot.slot + 1) % 4)).slot.block).toBe(slot.block);
  });

  it.each<[string, (block: Awaited<ReturnType<typeof emptied>>) => Promise<unknown>]>([
    ['another node', ({ ask }) => ask({}, 'i-2')],
    ['another boot', ({ ask }) => ask({ boot: 'boot-2' })],
    ['another journal', ({ ask }) => ask({ journal: '1'.repeat(16) })],
    ['another generation', ({ ask }) => ask({ generation: 2 })],
  ])('stays whose it is where %s asks', async (_, tries) => {
    const here = await emptied();
    const before = await here.state();
    await tries(here);
    expect(await here.state()).toEqual(before);
  });

  it('stays with its next owner when a copy of the request comes late', async () => {
    const { here, node, returned, key, state, ask } = await emptied();
    await ask();
    const next = { node: 'i-1', incarnation: 1, boot: node.bootId, journal: node.journalId };
    await here.store.blocks.claim(key, next);
    const before = await state();
    expect(before).toMatchObject({ generation: 3 });
    await ask(returned);
    expect(await state()).toEqual(before);
  });

  it('is given back by the repeat of a request that was stopped', async () => {
    const { here, returned, state, ask } = await emptied();
    let done = 0;
    const store = intercepted(here.store, (_, __, proceed) => {
      done += 1;
      if (done > 5) throw new Error('stopped here');
      return proceed();
    });
    await giveBack(here.environment({ store }), callOf('i-1'), returned).catch(() => undefined);
    expect(await state()).toMatchObject({ state: 'releasing' });
    expect(await ask()).toEqual({ outcome: 'released' });
    expect(await state()).toEqual({ state: 'free', generation: 2, forced: false });
  });

  it('is not called kept while another copy of the request takes it back', async () => {
    const { here, returned, key, state } = await emptied();
    // The other copy begins the fence just before this one does, and stops there.
    const store = intercepted(here.store, async (name, _, proceed) => {
      if (name === 'fence') await here.store.blocks.fence(key, 1, false);
      return proceed();
    });
    const answer = await giveBack(here.environment({ store }), callOf('i-1'), returned);
    expect(answer).toEqual({ outcome: 'released' });
    expect(await state()).toEqual({ state: 'free', generation: 2, forced: false });
  });

  it('is kept without a generation where it was claimed in an earlier life, which takes it back', async () => {
    const { here, node, ask } = await emptied();
    await node.add(here.environment(), 2);
    const deps = here.environment();
    await declareDeath(deps, callOf('user/ann'), { node: 'i-1', reason: 'power cut', alsoIfAlive: true });
    await join(deps, callOf('i-1'), [], node.bootId);
    expect(await ask()).toEqual({ outcome: 'kept' });
  });
});
