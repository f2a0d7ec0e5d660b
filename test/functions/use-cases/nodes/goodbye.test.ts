/** A node's own word that its life is over. */
import { describe, expect, it } from 'vitest';
import type { GoodbyeRequest } from '../../../../core/contract/nodes.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { goodbye } from '../../../../functions/use-cases/nodes/goodbye.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { counted, intercepted } from '../../intercepted.ts';
import { add, addOf, callOf, operatorsPool, START, world } from '../../world.ts';

/** Node i-1 has leased in boot-1, its first life. */
async function leased() {
  const here = world();
  await operatorsPool(here, { addresses: 8, blockSize: 4 });
  const lease = async (container: number, boot = 'boot-1') =>
    (await add(here.environment(), 'i-1', addOf(container, { pool: { vrf: 'default', name: 'blue' }, boot })))
      .incarnation;
  await lease(1);
  const say = (request: Partial<GoodbyeRequest> = {}, node = 'i-1') =>
    goodbye(here.environment(), callOf(node), { boot: 'boot-1', incarnation: 1, ...request });
  const node = () => here.store.nodes.readNode('i-1');
  const deaths = async () => (await here.store.nodes.listDeaths({ limit: 9 })).deaths;
  const swept = () => reclaim(here.environment());
  return { here, lease, say, node, deaths, swept };
}

describe('a goodbye', () => {
  it('ends the life that it names, and what it held is freed as after a declaration', async () => {
    const { say, node, deaths, swept } = await leased();
    expect(await say()).toEqual({ ended: true });
    expect(await node()).toMatchObject({ alive: false, incarnation: 1 });
    expect(await deaths()).toEqual([
      { node: 'i-1', incarnation: 1, reason: 'said goodbye', declaredBy: 'i-1', declaredAt: START, freed: 0 },
    ]);
    expect(await swept()).toMatchObject({ nodes: [{ node: 'i-1', incarnation: 1, freed: 1 }] });
  });

  it('costs one read and three conditional writes', async () => {
    const { here } = await leased();
    const { store, requests } = counted(here.store);
    await goodbye(here.environment({ store }), callOf('i-1'), { boot: 'boot-1', incarnation: 1 });
    expect(requests).toEqual(['readNode', 'recordDeath', 'markDead', 'noteListedDead']);
  });

  it('that is repeated changes nothing', async () => {
    const { here, say, deaths } = await leased();
    await say();
    const before = await deaths();
    here.clock.now += 60_000;
    expect(await say()).toEqual({ ended: true });
    expect(await deaths()).toEqual(before);
  });

  it('goes on where it was interrupted between record and mark', async () => {
    const { here, say, node, swept } = await leased();
    const store = {
      ...here.store,
      nodes: { ...here.store.nodes, markDead: () => Promise.reject(new Error('killed')) },
    };
    const interrupted = goodbye(here.environment({ store }), callOf('i-1'), { boot: 'boot-1', incarnation: 1 });
    await expect(interrupted).rejects.toThrow('killed');
    expect(await swept()).toMatchObject({ nodes: [] });
    expect(await say()).toEqual({ ended: true });
    expect(await node()).toMatchObject({ alive: false });
  });

  it.each([
    ['another boot', { boot: 'boot-2' }],
    ['a life that is not yet', { incarnation: 2 }],
  ])('to %s changes nothing', async (_, request) => {
    const { say, node, deaths } = await leased();
    expect(await say(request)).toEqual({ ended: false });
    expect(await node()).toMatchObject({ alive: true, incarnation: 1 });
    expect(await deaths()).toEqual([]);
  });

  it('before whose mark a late request of an earlier boot begins another life has ended nothing, and says so', async () => {
    const { here, lease, node, swept } = await leased();
    expect(await lease(2, 'boot-2')).toBe(2);
    const store = intercepted(here.store, async (name, _, proceed) => {
      if (name === 'markDead') await lease(1, 'boot-1');
      return proceed();
    });
    const said = { boot: 'boot-2', incarnation: 2 };
    expect(await goodbye(here.environment({ store }), callOf('i-1'), said)).toEqual({ ended: false });
    expect(await node()).toMatchObject({ alive: true, incarnation: 3 });
    expect(await swept()).toMatchObject({ nodes: [] });
  });

  it('that comes late ends no later life', async () => {
    const { lease, say, node, swept } = await leased();
    await say();
    expect(await lease(2)).toBe(2);
    expect(await say()).toEqual({ ended: false });
    expect(await node()).toMatchObject({ alive: true, incarnation: 2 });
    expect(await swept()).toMatchObject({ nodes: [{ node: 'i-1', incarnation: 1, freed: 1 }] });
  });

  it('whose life ends between its read and its write ends no later one', async () => {
    const { here, lease, say, node } = await leased();
    const recordDeath: typeof here.store.nodes.recordDeath = async (record) => {
      await say();
      await lease(2);
      return here.store.nodes.recordDeath(record);
    };
    const store = { ...here.store, nodes: { ...here.store.nodes, recordDeath } };
    const late = goodbye(here.environment({ store }), callOf('i-1'), { boot: 'boot-1', incarnation: 1 });
    expect(await late).toEqual({ ended: true });
    expect(await node()).toMatchObject({ alive: true, incarnation: 2 });
  });

  it('leaves the record of an operator as it is', async () => {
    const { here, say, deaths } = await leased();
    await declareDeath(here.environment(), callOf('user/ann'), {
      node: 'i-1',
      reason: 'its power supply burned',
      alsoIfAlive: true,
    });
    expect(await say()).toEqual({ ended: true });
    expect(await deaths()).toMatchObject([{ declaredBy: 'user/ann' }]);
  });

  it('is of the caller only, and of a node that never leased nothing', async () => {
    const { say, node, deaths } = await leased();
    expect(await say({}, 'i-2')).toEqual({ ended: false });
    expect(await node()).toMatchObject({ alive: true });
    expect(await deaths()).toEqual([]);
  });
});
