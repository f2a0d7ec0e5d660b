import { describe, expect, it } from 'vitest';
import type { HeartbeatRequest } from '../../../../core/contract/heartbeat.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { heartbeat, readNode } from '../../../../functions/use-cases/nodes/heartbeat.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { counted } from '../../intercepted.ts';
import { add, addOf, callOf, operatorsPool, proposal, refusalOf, START, world } from '../../world.ts';

const blue = { vrf: 'default', name: 'blue' };

/** Node i-1 has leased in a pool of two blocks. */
async function leased() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 8, blockSize: 4 });
  const lease = async (container: number, boot: string) =>
    (
      await add(
        here.environment(),
        'i-1',
        addOf(container, { pool: blue, boot, proposal: proposal(pool, 0, container) }),
      )
    ).incarnation;
  await lease(1, 'boot-1');
  const say = (request: Partial<HeartbeatRequest> = {}, node = 'i-1') =>
    heartbeat(here.environment(), callOf(node), { boot: 'boot-1', ...request });
  const read = () => readNode(here.environment(), 'i-1');
  const die = () =>
    declareDeath(here.environment(), callOf('user/ann'), {
      node: 'i-1',
      reason: 'its power supply burned',
      alsoIfAlive: true,
    });
  return { here, pool, lease, say, read, die };
}

describe('a node that says that it is up', () => {
  it('is shown with the time, its name and its agent’s version, which stay until it says others', async () => {
    const { here, pool, say, read } = await leased();
    const node = {
      node: 'i-1',
      alive: true,
      incarnation: 1,
      boot: 'boot-1',
      heartbeatAt: new Date(START).toISOString(),
      blocks: ['0', '1'].map((block) => ({ pool: pool.id, block, name: 'blue', vrf: 'default' })),
    };
    expect(await read()).toEqual(node);
    here.clock.now += 60_000;
    expect(await say({ name: 'ip-10-0-0-1', version: '1.2.3' })).toEqual({ node: 'i-1', declaredDead: false });
    const said = { ...node, name: 'ip-10-0-0-1', version: '1.2.3' };
    expect(await read()).toEqual({ ...said, heartbeatAt: new Date(START + 60_000).toISOString() });
    here.clock.now += 60_000;
    await say({ version: '1.2.4' });
    expect(await read()).toEqual({ ...said, version: '1.2.4', heartbeatAt: new Date(START + 120_000).toISOString() });
  });

  it('costs a read of what proves that it lives, and a write into the list', async () => {
    const { here } = await leased();
    const { store, requests } = counted(here.store);
    await heartbeat(here.environment({ store }), callOf('i-1'), { boot: 'boot-1', name: 'n', version: '1' });
    expect(requests).toEqual(['readNode', 'noteHeartbeat']);
  });

  it('and never leased anything stays unknown', async () => {
    const { here, say } = await leased();
    expect(await say({}, 'i-2')).toEqual({ node: 'i-2', declaredDead: false });
    expect(await here.store.nodes.readNode('i-2')).toBeUndefined();
    expect(await here.store.nodes.readHeartbeat('i-2')).toBeUndefined();
    expect(await refusalOf(readNode(here.environment(), 'i-2'))).toMatchObject({
      code: 'node.unknown',
      message: expect.stringContaining('Node i-2'),
    });
  });

  it('in a boot in which it did not lease yet begins no life, and leaves the last one as it is', async () => {
    const { here, say, read } = await leased();
    const before = await read();
    here.clock.now += 60_000;
    expect(await say({ boot: 'boot-2', name: 'another' })).toEqual({ node: 'i-1', declaredDead: false });
    expect(await read()).toEqual(before);
  });

  it('is told that its life was declared over, and which one, until it begins the next by a lease', async () => {
    const { here, lease, say, read, die } = await leased();
    await die();
    const before = await read();
    expect(before).toMatchObject({ alive: false, incarnation: 1 });
    here.clock.now += 60_000;
    for (const _ of ['once', 'again']) expect(await say()).toEqual({ node: 'i-1', declaredDead: true, incarnation: 1 });
    expect(await read()).toEqual(before);
    expect(await lease(2, 'boot-1')).toBe(2);
    expect(await say()).toEqual({ node: 'i-1', declaredDead: false });
    expect(await read()).toMatchObject({ alive: true, incarnation: 2, boot: 'boot-1' });
  });

  it('in its next boot has nothing to do with the death of the last', async () => {
    const { say, die } = await leased();
    await die();
    expect(await say({ boot: 'boot-2' })).toEqual({ node: 'i-1', declaredDead: false });
  });

  it('late, in a boot that is over, changes nothing of the present one', async () => {
    const { here, lease, say, read } = await leased();
    await lease(2, 'boot-2');
    await say({ boot: 'boot-2', name: 'now' });
    const before = await read();
    here.clock.now += 60_000;
    expect(await say({ boot: 'boot-1', name: 'then' })).toEqual({ node: 'i-1', declaredDead: false });
    expect(await read()).toEqual(before);
  });

  it('does not stand in the way of its reclaim: being heard of is no evidence', async () => {
    const { here, say, die } = await leased();
    await die();
    await say();
    expect(await reclaim(here.environment())).toMatchObject({ nodes: [{ node: 'i-1', incarnation: 1, freed: 1 }] });
  });
});

it('A node is shown with the blocks in which it may hold leases, in their order', async () => {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 400, blockSize: 4 });
  for (const [n, block] of [40, 0].entries())
    await add(here.environment(), 'i-1', addOf(n, { pool: blue, incarnation: 1, proposal: proposal(pool, block, 0) }));
  const { blocks } = await readNode(here.environment(), 'i-1');
  const wanted = [...Array(16).keys(), ...Array.from({ length: 16 }, (_, n) => 32 + n)].map((n) => n.toString(16));
  expect(blocks.map(({ block }) => block)).toEqual(wanted);
});
