/** Requests to the store, one by one: the budget of the design is a count, and a regression of it fails here. */
import { describe, expect, it } from 'vitest';
import type { Dependencies } from '../../../functions/use-cases/dependencies.ts';
import { counted } from '../intercepted.ts';
import { OwnerNode, ownedPool } from '../owned-pool.ts';
import { add, addOf, attachmentOf, del, delOf, nonceOf, operatorsPool, proposal, type World, world } from '../world.ts';

const named = { vrf: 'default', name: 'blue' };

/** An environment whose requests are counted. */
function counting(here: World): {
  deps: Dependencies;
  requestsOf: (work: () => Promise<unknown>) => Promise<string[]>;
} {
  const { store, requests } = counted(here.store);
  const requestsOf = async (work: () => Promise<unknown>) => {
    requests.length = 0;
    await work();
    return [...requests];
  };
  return { deps: here.environment({ store }), requestsOf };
}

/** A pool, and an environment that has seen node i-1 lease in its block 0. */
async function warm() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 2000, blockSize: 64 });
  const { deps, requestsOf } = counting(here);
  await add(deps, 'i-1', addOf(1, { pool: named, proposal: proposal(pool, 0, 1) }));
  const next = (container: number, slot: number) =>
    addOf(container, { pool: named, incarnation: 1, proposal: proposal(pool, 0, slot) });
  return { here, pool, deps, requestsOf, next };
}

describe('an ADD costs', () => {
  it('one conditional write where the environment is warm and the proposal is good', async () => {
    const { deps, requestsOf, next } = await warm();
    expect(await requestsOf(() => add(deps, 'i-1', next(2, 2)))).toEqual(['hold']);
  });

  it('the same with the ranges written in the configuration', async () => {
    const here = world();
    const { deps, requestsOf } = counting(here);
    const { slot } = await add(deps, 'i-1', addOf(1));
    const hint = { ...slot, slot: slot.slot === 0 ? 1 : 0 };
    expect(await requestsOf(() => add(deps, 'i-1', addOf(2, { incarnation: 1, proposal: hint })))).toEqual(['hold']);
  });

  it('the same for a repeat after a lost answer', async () => {
    const { deps, requestsOf, next } = await warm();
    await add(deps, 'i-1', next(2, 2));
    expect(await requestsOf(() => add(deps, 'i-1', next(2, 2)))).toEqual(['hold']);
  });

  it('three requests where the proposed slot is taken', async () => {
    const { here, deps, requestsOf, next } = await warm();
    await add(here.environment(), 'i-2', next(9, 2));
    expect(await requestsOf(() => add(deps, 'i-1', next(2, 2)))).toEqual(['hold', 'readBlock', 'hold']);
  });

  it('two reads more, once, where the environment has seen neither pool nor node', async () => {
    const { here, next } = await warm();
    const { deps, requestsOf } = counting(here);
    expect(await requestsOf(() => add(deps, 'i-1', next(2, 2)))).toEqual(['readPool', 'readNode', 'hold']);
    expect(await requestsOf(() => add(deps, 'i-1', next(3, 3)))).toEqual(['hold']);
  });

  it('one read more, once, where the environment has seen the pool but not the node', async () => {
    const { here, deps, requestsOf, next } = await warm();
    await add(here.environment(), 'i-2', next(9, 9));
    expect(await requestsOf(() => add(deps, 'i-2', next(2, 2)))).toEqual(['readNode', 'hold']);
  });

  it('one write more for the first of a node’s life in a block, and two for the first of a node, which is listed', async () => {
    const { pool, deps, requestsOf } = await warm();
    const fresh = addOf(2, { pool: named, proposal: proposal(pool, 0, 2) });
    expect(await requestsOf(() => add(deps, 'i-2', fresh))).toEqual(['join', 'noteListed', 'join', 'hold']);
    const far = addOf(3, { pool: named, incarnation: 1, proposal: proposal(pool, 20, 2) });
    // And once for the pool that anybody joins there.
    expect(await requestsOf(() => add(deps, 'i-2', far))).toEqual(['noteJoined', 'join', 'hold']);
    const next = addOf(4, { pool: named, incarnation: 1, proposal: proposal(pool, 21, 2) });
    expect(await requestsOf(() => add(deps, 'i-1', next))).toEqual(['join', 'hold']);
  });

  it('one read of the registry where the node does not know the pool’s id, and one of the block where it proposes nothing', async () => {
    const { deps, requestsOf } = await warm();
    const requests = await requestsOf(() => add(deps, 'i-2', addOf(2, { pool: named })));
    expect(requests).toEqual(['readRegistry', 'join', 'noteListed', 'join', 'readBlock', 'hold']);
  });

  it('a second attempt: the node, its blocks of the pool, and the write of an address if there is none yet', async () => {
    const { deps, requestsOf, next } = await warm();
    const again = { ...next(1, 1), attempt: 2 };
    expect(await requestsOf(() => add(deps, 'i-1', again))).toEqual([
      'readNode',
      ...Array<string>(16).fill('readBlock'),
    ]);
    const first = { ...next(2, 2), attempt: 2 };
    expect(await requestsOf(() => add(deps, 'i-1', first))).toEqual([
      'readNode',
      ...Array<string>(16).fill('readBlock'),
      'hold',
    ]);
  });
});

describe('an ADD in a block that belongs to the node costs', () => {
  /** A node with a block, and an environment that has seen it. */
  async function warmOwner() {
    const here = world();
    const node = new OwnerNode('i-1', await ownedPool(here, { blocks: 64, blockSize: 64 }));
    const { deps, requestsOf } = counting(here);
    const { slot } = await node.add(deps, 0);
    const next = (container: number) => node.request(container, (slot.slot + container) % 64);
    return { here, node, deps, requestsOf, next };
  }

  it('one conditional write where the environment is warm', async () => {
    const { deps, requestsOf, next } = await warmOwner();
    const request = next(1);
    expect(await requestsOf(() => add(deps, 'i-1', request))).toEqual(['hold']);
    expect(await requestsOf(() => add(deps, 'i-1', request))).toEqual(['hold']);
  });

  it('one read more, once, where the environment has not seen the block', async () => {
    const { here, node, deps, next } = await warmOwner();
    const other = counting(here);
    other.deps.memory.pools.set(node.pool.id, deps.memory.pools.peek(node.pool.id) as never, here.clock.now);
    expect(await other.requestsOf(() => add(other.deps, 'i-1', next(1)))).toEqual(['read', 'hold']);
    expect(await other.requestsOf(() => add(other.deps, 'i-1', next(2)))).toEqual(['hold']);
  });

  it('five requests for the first of a node: it is listed, makes itself known, claims a block, holds a slot', async () => {
    const { here, node, deps, requestsOf } = await warmOwner();
    const fresh = new OwnerNode('i-2', node.pool);
    const hint = { pool: node.pool.id, block: '0', slot: 0 };
    const request = fresh.request(9, undefined, { proposal: hint });
    expect(await requestsOf(() => add(deps, 'i-2', request))).toEqual(['join', 'noteListed', 'join', 'claim', 'hold']);
    expect((await here.store.nodes.readNode('i-2'))?.joinedBlocks.size).toBe(2);
  });

  it('a read of the node, its blocks and their slots for a second attempt', async () => {
    const { deps, requestsOf, next } = await warmOwner();
    const request = next(1);
    await add(deps, 'i-1', request);
    const requests = await requestsOf(() => add(deps, 'i-1', { ...request, attempt: 2 }));
    expect(requests).toEqual(['readNode', 'read', 'read', 'readBlock']);
  });
});

describe('a DEL costs', () => {
  it('one conditional write where an answer acknowledged the slot', async () => {
    const { pool, deps, requestsOf } = await warm();
    const request = delOf(1, { slot: proposal(pool, 0, 1), acknowledged: true });
    expect(await requestsOf(() => del(deps, 'i-1', request))).toEqual(['release']);
    expect(await requestsOf(() => del(deps, 'i-1', request))).toEqual(['release']);
  });

  it('one read more, once, where the environment has not seen the pool', async () => {
    const { here, pool } = await warm();
    const { deps, requestsOf } = counting(here);
    const request = delOf(1, { slot: proposal(pool, 0, 1), acknowledged: true });
    expect(await requestsOf(() => del(deps, 'i-1', request))).toEqual(['readPool', 'release']);
    expect(await requestsOf(() => del(deps, 'i-1', request))).toEqual(['release']);
  });

  it('a read of the node and of each of its blocks where no answer acknowledged a slot', async () => {
    const { pool, deps, requestsOf } = await warm();
    const request = delOf(1, { slot: proposal(pool, 0, 1) });
    const reads = ['readNode', ...Array<string>(16).fill('readBlock')];
    expect(await requestsOf(() => del(deps, 'i-1', request))).toEqual(['release', ...reads]);
    const { nonce: _, ...lost } = delOf(1, { attachment: attachmentOf(2) });
    await add(
      deps,
      'i-1',
      addOf(2, { pool: named, incarnation: 1, proposal: proposal(pool, 0, 2), nonce: nonceOf(2) }),
    );
    expect(await requestsOf(() => del(deps, 'i-1', lost))).toEqual(reads);
  });
});

it('No request of ADD or DEL grows with the number of leases: a block that is full costs what an empty one does', async () => {
  const { pool, deps, requestsOf, next } = await warm();
  for (let slot = 2; slot < 62; slot += 1) await add(deps, 'i-1', next(slot, slot));
  expect(await requestsOf(() => add(deps, 'i-1', next(62, 62)))).toEqual(['hold']);
  expect(await requestsOf(() => add(deps, 'i-1', next(63, 5)))).toEqual(['hold', 'readBlock', 'hold']);
  expect(
    await requestsOf(() => del(deps, 'i-1', delOf(9, { slot: proposal(pool, 0, 9), acknowledged: true }))),
  ).toEqual(['release']);
});
