/** Where a node leases by itself in a block that somebody else had, or an earlier boot of its own: what still cools there it is told. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { reconcile } from '../../../cni-shim/sync/reconcile.ts';
import { giveBack } from '../../../functions/use-cases/blocks/give-back.ts';
import { declareDeath } from '../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../functions/use-cases/reclaim/reclaim.ts';
import { counted } from '../../functions/intercepted.ts';
import { named, OwnerNode, ownedPool } from '../../functions/owned-pool.ts';
import { attachmentOf, callOf, del, type World, world } from '../../functions/world.ts';
import { Node } from '../in-process.ts';
import { api, servedNode } from '../served-node.ts';
import { type Service, serviceFor } from '../service.ts';

let here: World;
let node: Node;
let service: Service;
let other: OwnerNode;

const { add, remove, flushed, records, client } = servedNode(() => ({ here, node, service }));

beforeEach(async () => {
  here = world();
  const pool = await ownedPool(here, { blocks: 1, blockSize: 8, cooldownSeconds: 30, leasing: 'delegated' });
  other = new OwnerNode('i-2', pool);
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
});
afterEach(() => node.remove());

const slotOf = (name: string): number | undefined => {
  const { acknowledged, local } = node.entry(name) ?? {};
  return (acknowledged ?? local)?.slot.slot;
};

/** Slots that another node has released, in the only block, which it gave back at once. */
async function givenBack(): Promise<number[]> {
  const deps = here.environment();
  const released: number[] = [];
  for (const container of [1, 2, 3]) {
    const request = other.request(container);
    const { slot } = await other.add(deps, container, undefined, request);
    released.push(slot.slot);
    const { nonce } = request;
    await del(deps, other.id, { attachment: attachmentOf(container, named.name), nonce, slot, acknowledged: true });
  }
  const [{ block, generation } = { block: '', generation: 0 }] = other.blocks;
  const claim = { pool: other.pool.id, block, generation, boot: other.bootId, journal: other.journalId };
  expect(await giveBack(deps, callOf(other.id), claim)).toEqual({ outcome: 'released' });
  return released;
}

test('no container lives with an address that another node released, before it has cooled', async () => {
  const cooling = await givenBack();
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names) await add(name);
  const early = names.map(slotOf);
  expect(early.filter((slot) => slot !== undefined && cooling.includes(slot))).toEqual([]);
  expect(await flushed()).toMatchObject({ failures: [] });
  here.clock.now += 61_000;
  await add('f');
  expect(cooling).toContain(slotOf('f'));
  expect(node.entry('f')?.local).toBeDefined();
});

test('nor with one that the node released before it booted again', async () => {
  for (const name of ['a', 'b', 'c']) await add(name);
  const cooling = ['a', 'b', 'c'].map(slotOf);
  for (const name of ['a', 'b', 'c']) await remove(name);
  expect(await flushed()).toMatchObject({ released: 3, failures: [] });
  node.bootId = 'boot-2';
  const names = ['d', 'e', 'f', 'g', 'h'];
  for (const name of names) await add(name);
  expect(names.map(slotOf).filter((slot) => cooling.includes(slot))).toEqual([]);
  expect(names.filter((name) => node.entry(name)?.local !== undefined)).toHaveLength(4);
});

test('nor with one that another node released in a block that comes back by what is asserted in it', async () => {
  await add('a');
  const deps = here.environment();
  await declareDeath(deps, callOf('operator'), { node: 'i-1', reason: 'a mistake', alsoIfAlive: true });
  await reclaim(deps);
  const cooling = await givenBack();
  const compared = await reconcile({ api: client(), bootId: node.bootId, candidates: [records()] });
  expect(compared.heldAgain).toHaveLength(1);
  const names = ['b', 'c', 'd', 'e'];
  for (const name of names) await add(name);
  expect(names.map(slotOf).filter((slot) => cooling.includes(slot ?? -1))).toEqual([]);
  expect(names.filter((name) => node.entry(name)?.local !== undefined)).toHaveLength(3);
});

test('a block that nobody had costs no read for that, nor one of which the node says that it leases there', async () => {
  const { store, requests } = counted(here.store);
  service = serviceFor({ ...here.environment(), store }, 'i-1');
  await add('a');
  const reads = () => requests.filter((name) => name === 'readBlock').length;
  expect(reads()).toBe(0);
  here.clock.now += 10 * 60_000;
  await add('b');
  expect(reads()).toBe(0);
});
