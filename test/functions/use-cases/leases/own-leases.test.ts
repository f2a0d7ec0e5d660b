import { describe, expect, it } from 'vitest';
import type { OwnLease } from '../../../../core/contract/nodes.ts';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { ownLeases } from '../../../../functions/use-cases/leases/own-leases.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { counted } from '../../intercepted.ts';
import { OwnerNode, ownedPool } from '../../owned-pool.ts';
import { add, addOf, callOf, del, delOf, nonceOf, operatorsPool, proposal, START, world } from '../../world.ts';

const blue = { vrf: 'default', name: 'blue' };

/** Every page of what `node` is told, each asked for with the cursor of the one before. */
async function pagesOf(deps: Dependencies, node: string) {
  const pages = [await ownLeases(deps, callOf(node), undefined)];
  for (let next = pages[0]?.nextCursor; next !== undefined; next = pages.at(-1)?.nextCursor)
    pages.push(await ownLeases(deps, callOf(node), next));
  return pages;
}
const containersOf = (leases: readonly OwnLease[]) => leases.map(({ attachment }) => attachment.containerId).sort();

describe('what the table says a node holds', () => {
  it('is nothing, without a life, for a node that never leased', async () => {
    expect(await ownLeases(world().environment(), callOf('i-1'), undefined)).toEqual({
      node: 'i-1',
      leases: [],
      blocks: [],
    });
  });

  it('has slot, attachment, nonce, life, time and pod of each lease', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 80, blockSize: 4 });
    const pod = { namespace: 'shop', name: 'web-0', uid: 'u-1' };
    const deps = here.environment();
    await add(deps, 'i-1', addOf(1, { pool: blue, pod, proposal: proposal(pool, 0, 1) }));
    here.clock.now += 5000;
    await add(deps, 'i-1', addOf(2, { pool: blue, incarnation: 1, proposal: proposal(pool, 10, 2) }));
    const { leases, ...node } = await ownLeases(here.environment(), callOf('i-1'), undefined);
    expect(node).toEqual({ node: 'i-1', incarnation: 1, boot: 'boot-1', firstOfBoot: 1, blocks: [] });
    const first = {
      slot: proposal(pool, 0, 1),
      attachment: addOf(1).attachment,
      nonce: nonceOf(1),
      incarnation: 1,
      heldAt: new Date(START).toISOString(),
    };
    const second = {
      ...first,
      slot: proposal(pool, 10, 2),
      attachment: addOf(2).attachment,
      nonce: nonceOf(2),
      heldAt: new Date(START + 5000).toISOString(),
    };
    expect(leases).toHaveLength(2);
    expect(leases).toEqual(expect.arrayContaining([{ ...first, pod }, second]));
  });

  it('is told 16 blocks at a time, each block once, to the last', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 400, blockSize: 4 });
    const deps = here.environment();
    const blocks = [0, 9, 16, 31, 40, 99];
    for (const [n, block] of blocks.entries())
      await add(deps, 'i-1', addOf(n, { pool: blue, incarnation: 1, proposal: proposal(pool, block, 1) }));
    const joinedBlocks = (await here.store.nodes.readNode('i-1'))?.joinedBlocks.size ?? 0;
    const { store, requests } = counted(here.store);
    const pages = await pagesOf(here.environment({ store }), 'i-1');
    expect(joinedBlocks).toBe(52);
    expect(pages).toHaveLength(4);
    expect(requests.filter((name) => name === 'readBlock')).toHaveLength(joinedBlocks);
    expect(containersOf(pages.flatMap(({ leases }) => leases))).toEqual(blocks.map((_, n) => `container-${n}`));
    const [{ nextCursor: _, leases: __, ...node } = { leases: [] }, ...rest] = pages;
    for (const page of rest) expect(page).toMatchObject(node);
  });

  it('ends with a page that is full, without a cursor to an empty one', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 64, blockSize: 4 });
    await add(here.environment(), 'i-1', addOf(1, { pool: blue, proposal: proposal(pool, 15, 1) }));
    const pages = await pagesOf(here.environment(), 'i-1');
    expect(pages.map(({ nextCursor }) => nextCursor)).toEqual([undefined]);
    const beyond = await ownLeases(here.environment(), callOf('i-1'), `${'z'.repeat(16)}:0`);
    expect(beyond).toEqual({ node: 'i-1', incarnation: 1, boot: 'boot-1', firstOfBoot: 1, leases: [], blocks: [] });
  });

  it('has every lease that was there all the time, though the node gets more blocks between two pages', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 400, blockSize: 4 });
    const deps = here.environment();
    for (const [n, block] of [16, 32].entries())
      await add(deps, 'i-1', addOf(n, { pool: blue, incarnation: 1, proposal: proposal(pool, block, 1) }));
    const first = await ownLeases(deps, callOf('i-1'), undefined);
    for (const [n, block] of [0, 48, 64].entries())
      await add(deps, 'i-1', addOf(n + 2, { pool: blue, incarnation: 1, proposal: proposal(pool, block, 1) }));
    const leases = [...first.leases];
    for (let next = first.nextCursor; next !== undefined; ) {
      const page = await ownLeases(deps, callOf('i-1'), next);
      leases.push(...page.leases);
      next = page.nextCursor;
    }
    expect(containersOf(leases)).toEqual(expect.arrayContaining(['container-0', 'container-1']));
    expect(new Set(leases.map(({ nonce }) => nonce)).size).toBe(leases.length);
  });

  it('has nothing of other nodes in the same blocks, and nothing that was released', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 8, blockSize: 4 });
    const deps = here.environment();
    for (let n = 0; n < 4; n += 1)
      await add(deps, n % 2 ? 'i-2' : 'i-1', addOf(n, { pool: blue, proposal: proposal(pool, 0, n) }));
    await del(deps, 'i-1', delOf(2));
    const held = async (node: string) => containersOf((await ownLeases(deps, callOf(node), undefined)).leases);
    expect(await held('i-1')).toEqual(['container-0']);
    expect(await held('i-2')).toEqual(['container-1', 'container-3']);
  });

  it('has leases of every network and pool', async () => {
    const here = world();
    const green = await ownedPool(here, { blocks: 8 });
    const node = new OwnerNode('i-1', green);
    await node.add(here.environment(), 1);
    const { id } = await operatorsPool(here, { addresses: 8, blockSize: 4 });
    await add(here.environment(), 'i-1', addOf(2, { pool: blue, incarnation: 1 }));
    const { leases } = await ownLeases(here.environment(), callOf('i-1'), undefined);
    const found = leases.map(({ slot, attachment }) => [slot.pool, attachment.network]);
    expect(found).toHaveLength(2);
    expect(found).toEqual(
      expect.arrayContaining([
        [green.id, 'green'],
        [id, 'blue'],
      ]),
    );
  });
});

describe('the blocks that the table says are a node’s own', () => {
  it('are told with generation, boot and journal, and none once that life is over', async () => {
    const here = world();
    const green = await ownedPool(here, { blocks: 8 });
    const node = new OwnerNode('i-1', green);
    await node.add(here.environment(), 1);
    const own = async () => (await ownLeases(here.environment(), callOf('i-1'), undefined)).blocks;
    const [claimed] = node.blocks;
    expect(await own()).toEqual([{ ...claimed, pool: green.id, boot: 'boot-1', journal: node.journalId }]);
    await declareDeath(here.environment(), callOf('user/ann'), { node: 'i-1', reason: 'burned', alsoIfAlive: true });
    expect(await own()).toEqual([]);
  });

  it('are taken back to the end where a request that gave one back stopped, and the node has forgotten it with its disk', async () => {
    const here = world();
    const green = await ownedPool(here, { blocks: 2, leasing: 'delegated' });
    const node = new OwnerNode('i-1', green);
    const request = node.request(1);
    node.learn(await add(here.environment(), 'i-1', request));
    const [{ block = '', generation = 0 } = {}] = node.blocks;
    const key = { pool: green.id, block: BigInt(`0x${block}`) };
    await here.store.blocks.fence(key, generation, false);
    const looked = async (remainingMs: number) => {
      await ownLeases(here.environment(), { ...callOf('i-1'), remainingMs: () => remainingMs }, undefined);
      return (await here.store.blocks.read(key))?.state;
    };
    expect(await looked(1_000)).toBe('releasing');
    expect(await looked(20_000)).toBe('claimed');
    const { attachment, nonce } = request;
    await del(here.environment(), 'i-1', delOf(1, { attachment, nonce }));
    await here.store.blocks.fence(key, generation + 1, false);
    expect(await looked(20_000)).toBe('free');
  });

  it('are left to the reclaim where they are taken back by force: to look frees nothing', async () => {
    const here = world();
    const green = await ownedPool(here, { blocks: 2 });
    const node = new OwnerNode('i-1', green);
    await node.add(here.environment(), 1);
    const [{ block = '', generation = 0 } = {}] = node.blocks;
    const key = { pool: green.id, block: BigInt(`0x${block}`) };
    await here.store.blocks.fence(key, generation, true);
    const look = async () => containersOf((await ownLeases(here.environment(), callOf('i-1'), undefined)).leases);
    expect([await look(), await look()]).toEqual([['container-1'], ['container-1']]);
    expect((await here.store.blocks.read(key))?.state).toBe('releasing');
  });

  /** A node with a block of its own; another node has the next one. */
  async function owning() {
    const here = world();
    const green = await ownedPool(here, { blocks: 8 });
    await operatorsPool(here, { addresses: 8, blockSize: 4 });
    const [node, other] = [new OwnerNode('i-1', green), new OwnerNode('i-2', green)];
    await node.add(here.environment(), 1);
    await other.add(here.environment(), 2);
    const leaseIn = (boot: string, container: number) =>
      add(here.environment(), 'i-1', addOf(container, { pool: blue, boot }));
    const own = async () => (await ownLeases(here.environment(), callOf('i-1'), undefined)).blocks;
    const [claimed] = node.blocks;
    return { here, leaseIn, own, claimed: { ...claimed, pool: green.id, boot: 'boot-1', journal: node.journalId } };
  }

  it('are named with the boot that claimed them, also where a late request of another boot began a life since', async () => {
    const { leaseIn, own, claimed } = await owning();
    await leaseIn('boot-0', 3);
    expect(await own()).toEqual([claimed]);
  });

  it('are none of a life that was declared over, once the same boot is in the next one', async () => {
    const { here, leaseIn, own } = await owning();
    await declareDeath(here.environment(), callOf('user/ann'), { node: 'i-1', reason: 'burned', alsoIfAlive: true });
    await leaseIn('boot-1', 3);
    expect(await own()).toEqual([]);
  });

  it('cost no read of a block that is nobody’s', async () => {
    const here = world();
    await operatorsPool(here, { addresses: 64, blockSize: 4 });
    await add(here.environment(), 'i-1', addOf(1, { pool: blue }));
    const { store, requests } = counted(here.store);
    await ownLeases({ ...here.environment(), store }, callOf('i-1'), undefined);
    expect(new Set(requests)).toEqual(new Set(['readNode', 'readPool', 'readBlock']));
    expect(requests.filter((name) => name === 'readPool')).toHaveLength(1);
  });
});

describe('the lives that a node is told of', () => {
  /** A node with a lease in its first life. */
  async function leased() {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 64, blockSize: 4 });
    let containers = 0;
    const lease = async (boot: string) => {
      containers += 1;
      const asked = { pool: blue, boot, proposal: proposal(pool, containers, 1) };
      return (await add(here.environment(), 'i-1', addOf(containers, asked))).incarnation;
    };
    const told = async () => {
      const { leases, blocks: _, node: __, ...node } = await ownLeases(here.environment(), callOf('i-1'), undefined);
      return { ...node, lives: leases.map(({ incarnation }) => incarnation).sort() };
    };
    const die = () =>
      declareDeath(here.environment(), callOf('user/ann'), {
        node: 'i-1',
        reason: 'its power supply burned',
        alsoIfAlive: true,
      });
    await lease('boot-1');
    return { lease, told, die };
  }

  it('are all that leased, and a boot begins with its own', async () => {
    const { lease, told } = await leased();
    expect(await told()).toEqual({ incarnation: 1, boot: 'boot-1', firstOfBoot: 1, lives: [1] });
    await lease('boot-2');
    expect(await told()).toEqual({ incarnation: 2, boot: 'boot-2', firstOfBoot: 2, lives: [1, 2] });
    await lease('boot-3');
    expect(await told()).toEqual({ incarnation: 3, boot: 'boot-3', firstOfBoot: 3, lives: [1, 2, 3] });
  });

  it('of one boot go together where the node was declared dead wrongly: what the first leased may still run', async () => {
    const { lease, told, die } = await leased();
    await die();
    expect(await told()).toEqual({ incarnation: 1, boot: 'boot-1', firstOfBoot: 1, lives: [1] });
    await lease('boot-1');
    expect(await told()).toEqual({ incarnation: 2, boot: 'boot-1', firstOfBoot: 1, lives: [1, 2] });
    await die();
    await lease('boot-1');
    expect(await told()).toEqual({ incarnation: 3, boot: 'boot-1', firstOfBoot: 1, lives: [1, 2, 3] });
    await lease('boot-2');
    expect(await told()).toEqual({ incarnation: 4, boot: 'boot-2', firstOfBoot: 4, lives: [1, 2, 3, 4] });
  });

  it('of one boot go together where a late request of the boot before began a life between them', async () => {
    const { lease, told } = await leased();
    expect(await lease('boot-2')).toBe(2);
    expect(await lease('boot-1')).toBe(3);
    expect(await lease('boot-2')).toBe(4);
    expect(await told()).toEqual({ incarnation: 4, boot: 'boot-2', firstOfBoot: 2, lives: [1, 2, 3, 4] });
  });
});
