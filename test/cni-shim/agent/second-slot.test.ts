/** Copies of one ADD may meet in different slots. The journal knows the one that was answered; the other one is given back. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agentTimes } from '../../../cni-shim/agent/tell-service.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { AgentScene, MINUTE_MS, POOL } from './agent-scene.ts';

let scene: AgentScene;
beforeEach(async () => {
  scene = await AgentScene.begin();
});
afterEach(() => scene.node.remove());

/** A copy of the request that container a was added with holds the first free slot of the node's block. */
async function holdSecondSlot(): Promise<void> {
  const { attachment, nonce, acknowledged } = scene.node.entry('a') ?? {};
  if (attachment === undefined || nonce === undefined || acknowledged === undefined)
    throw new Error('nothing was kept');
  const key = { pool: POOL, block: blockFromText(acknowledged.slot.block) };
  const holding = { attachment, nonce, node: 'i-1', incarnation: 1, heldAt: scene.here.clock.now };
  for (let slot = 0; slot < 4; slot += 1)
    if ((await scene.here.store.leases.readSlot({ ...key, slot }))?.held !== true) {
      await scene.here.store.leases.hold({ ...key, slot }, holding, 1);
      return;
    }
}

describe('a second slot of one nonce', () => {
  test('is released when the table is compared, and the one that the container lives with stays', async () => {
    await holdSecondSlot();
    expect(await scene.held()).toEqual(['a', 'a', 'b']);
    await scene.roundsFor(agentTimes.reconcileMs + MINUTE_MS);
    expect(await scene.held()).toEqual(['a', 'b']);
    expect(await scene.figure('lessor_reconciled_total{reason="elsewhere"}')).toBe(1);
    const { slot } = scene.node.entry('a')?.acknowledged ?? {};
    const key = { pool: POOL, block: blockFromText(slot?.block ?? '0'), slot: slot?.slot ?? 0 };
    expect(await scene.here.store.leases.readSlot(key)).toMatchObject({ held: true });
  });

  test('is released when the table is compared after the container was deleted', async () => {
    await holdSecondSlot();
    await scene.call('DEL', 'a');
    await scene.roundsFor(agentTimes.reconcileMs + MINUTE_MS);
    expect(await scene.held()).toEqual(['b']);
  });

  test('is released by the DEL itself where the ADD was sent more than once', async () => {
    scene.service.fate = ({ path, body }) => (path === '/v1/leases' && body.attempt === 1 ? 'answer lost' : undefined);
    await scene.add('c');
    const { attachment, nonce, acknowledged } = scene.node.entry('c') ?? {};
    if (attachment === undefined || nonce === undefined || acknowledged === undefined)
      throw new Error('nothing was kept');
    const block = blockFromText(acknowledged.slot.block);
    const holding = { attachment, nonce, node: 'i-1', incarnation: 1, heldAt: scene.here.clock.now };
    for (let slot = 0; slot < 4; slot += 1)
      if ((await scene.here.store.leases.readSlot({ pool: POOL, block, slot }))?.held !== true)
        await scene.here.store.leases.hold({ pool: POOL, block, slot }, holding, 1);
    expect((await scene.held()).filter((one) => one === 'c').length).toBeGreaterThan(1);
    await scene.call('DEL', 'c');
    expect(await scene.held()).toEqual(['a', 'b']);
  });
});
