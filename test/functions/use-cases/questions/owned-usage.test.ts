/** Where blocks belong to nodes: what is free is not everybody's, so blocks and addresses are told apart. */
import { describe, expect, it } from 'vitest';
import { usage } from '../../../../functions/use-cases/questions/usage.ts';
import { OwnerNode } from '../../owned-pool.ts';
import { change, create } from '../../pool-requests.ts';
import { callOf, operatorsPool, refusalOf, world } from '../../world.ts';

const green = { vrf: 'default', name: 'green' };
const call = callOf('user/ann');

/** 8 blocks of 4 addresses, less network and gateway address and broadcast: 29. Node n has `leases[n]` leases. */
async function owned(leases: readonly number[], maxBlocksPerNode = 2) {
  const here = world();
  const deps = here.environment();
  const { pool } = await create(deps, {
    name: 'green',
    affinity: 'node',
    blockSize: 4,
    maxBlocksPerNode,
    ranges: [[{ subnet: '10.1.0.0/27', rangeStart: '10.1.0.1', rangeEnd: '10.1.0.30' }]],
  });
  const nodes = leases.map((_, n) => new OwnerNode(`i-${n}`, pool));
  for (const [n, count] of leases.entries())
    for (let lease = 0; lease < count; lease += 1) await nodes[n]?.add(deps, 100 * n + lease);
  const ask = (node?: string) => usage(here.environment(), call, { ...green, by: undefined, node });
  return { here, deps, pool, nodes, ask };
}

describe('the use of a pool whose blocks belong to nodes', () => {
  it('of which nobody has one: a new node gets what maxBlocksPerNode allows', async () => {
    const { ask } = await owned([]);
    expect(await ask()).toMatchObject({
      free: '29',
      blocks: { usable: '8', claimed: 0, free: '8' },
      freeIn: { claimedBlocks: '0', freeBlocks: '29' },
      newNode: { blocks: '2', addresses: '8' },
    });
  });

  it('of which each block is a node’s: much is free, and a new node gets none of it', async () => {
    const { ask } = await owned([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(await ask('i-0')).toMatchObject({
      held: 8,
      free: '21',
      claimedBlocks: 8,
      blocks: { usable: '8', claimed: 8, free: '0' },
      freeIn: { claimedBlocks: '21', freeBlocks: '0' },
      newNode: { blocks: '0', addresses: '0' },
      node: { node: 'i-0', ownBlocks: 1, blocks: '0' },
    });
  });

  it('tells of a node what is free in its own blocks, and what it may claim besides', async () => {
    const { ask } = await owned([3, 1]);
    const told = await ask('i-0');
    expect(told.node).toEqual({
      node: 'i-0',
      ownBlocks: told.node?.ownBlocks,
      ownFree: told.node?.ownFree,
      blocks: String(2 - (told.node?.ownBlocks ?? 0)),
      addresses: String((told.node?.ownFree ?? 0) + 4 * (2 - (told.node?.ownBlocks ?? 0))),
    });
    expect(await ask('i-9')).toMatchObject({ node: { ownBlocks: 0, ownFree: 0, blocks: '2', addresses: '8' } });
  });

  it('adds up, and leaves nothing to new nodes while the pool is drained', async () => {
    const { ask, deps } = await owned([2, 2, 1]);
    const { free = '', freeIn, newNode } = await ask();
    expect(Number(freeIn?.claimedBlocks) + Number(freeIn?.freeBlocks)).toBe(Number(free));
    expect(newNode?.addresses).toBe('8');
    await change(deps, { state: 'draining' }, { name: 'green' });
    expect(await ask('i-0')).toMatchObject({
      newNode: { blocks: '0', addresses: '0' },
      node: { blocks: '0', addresses: '0' },
    });
  });
});

it('The use of a shared pool is asked for without a node, and the counters know none', async () => {
  const here = world();
  await operatorsPool(here, { addresses: 11, blockSize: 4 });
  const blue = { vrf: 'default', name: 'blue', by: undefined, node: 'i-1' };
  expect((await refusalOf(usage(here.environment(), call, blue))).message).toContain('belong to no node');
  expect((await refusalOf(usage(here.environment(), call, { ...blue, cheap: true }))).message).toContain('counters');
  expect(await usage(here.environment(), call, { ...blue, node: undefined })).not.toHaveProperty('freeIn');
});
