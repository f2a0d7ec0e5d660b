import { describe, expect, it } from 'vitest';
import { blockFromText } from '../../../../core/protocol/slot-ref.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { listBlocks } from '../../../../functions/use-cases/questions/list-blocks.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { counted } from '../../intercepted.ts';
import { named, OwnerNode, ownedPool } from '../../owned-pool.ts';
import { add, callOf, del, refusalOf, world } from '../../world.ts';

async function green(policy: Parameters<typeof ownedPool>[1] = { blocks: 64 }) {
  const here = world();
  const pool = await ownedPool(here, policy);
  const key = (block: string) => ({ pool: pool.id, block: blockFromText(block) });
  return { here, pool, key, node: (id: string) => new OwnerNode(id, pool) };
}

/** As `green`, and node i-1 has leased once. */
async function leasedOnce(policy?: Parameters<typeof green>[0]) {
  const { node, ...others } = await green(policy);
  const one = node('i-1');
  const { slot } = await one.add(others.here.environment(), 1);
  return { ...others, one, slot };
}

const distinct = (values: readonly unknown[]) => new Set(values.map((value) => JSON.stringify(value))).size;

describe('the first ADD of a node', () => {
  it('claims a block, which is in the node’s set before, and leases in it', async () => {
    const { here, key, node } = await green();
    const { store, requests } = counted(here.store);
    const one = node('i-1');
    const { slot, blocks, incarnation } = await one.add(here.environment({ store }), 1);
    expect(requests).toEqual(['readRegistry', 'readPool', 'join', 'noteListed', 'join', 'claim', 'hold']);
    expect(blocks).toEqual([{ block: slot.block, generation: 1 }]);
    expect(await here.store.blocks.read(key(slot.block))).toEqual({
      state: 'claimed',
      generation: 1,
      forced: false,
      owner: { node: 'i-1', incarnation, boot: 'boot-1', journal: one.journalId },
    });
    expect((await here.store.nodes.readNode('i-1'))?.joinedBlocks).toContain(`${slot.pool}:${slot.block}`);
  });

  it('shares its block with the node’s other ADDs of the same moment', async () => {
    const { here, pool, node } = await green({ blocks: 64, blockSize: 64 });
    const one = node('i-1');
    const requests = Array.from({ length: 30 }, (_, container) => one.request(container));
    const answers = await Promise.all(requests.map((request) => add(here.environment(), 'i-1', request)));
    expect(distinct(answers.map(({ slot }) => slot))).toBe(30);
    expect(distinct(answers.map(({ slot }) => slot.block))).toBe(1);
    expect(
      (await listBlocks(here.environment(), callOf('user/ann'), { ...named, cursor: undefined })).blocks,
    ).toHaveLength(1);
    expect(pool.affinity).toBe('node');
  });

  it('is one lease when it is doubled', async () => {
    const { here, node } = await green();
    const request = node('i-1').request(1);
    const [first, second] = await Promise.all([
      add(here.environment(), 'i-1', request),
      add(here.environment(), 'i-1', request),
    ]);
    expect(first.slot).toEqual(second.slot);
  });
});

describe('a node with a block', () => {
  it('claims another one where the first is full, up to the pool’s maximum, and is told which limit it has reached', async () => {
    const { here, node } = await green({ blocks: 64, maxBlocksPerNode: 2 });
    const one = node('i-1');
    const answers = [];
    for (let container = 0; container < 8; container += 1) answers.push(await one.add(here.environment(), container));
    expect(distinct(answers.map(({ slot }) => slot))).toBe(8);
    expect(distinct(answers.map(({ slot }) => slot.block))).toBe(2);
    const refused = await refusalOf(one.add(here.environment(), 9));
    expect(refused).toMatchObject({ code: 'pool.exhausted', facts: { limit: 'node' } });
    expect(refused.message).toContain('maxBlocksPerNode 2');
    expect((await node('i-2').add(here.environment(), 10)).slot.block).not.toBe(answers[0]?.slot.block);
  });

  it('is told when the first of its cooling addresses can be had', async () => {
    const { here, node } = await green({ blocks: 64, maxBlocksPerNode: 1 });
    const one = node('i-1');
    const answers = [];
    for (let container = 0; container < 4; container += 1) {
      const request = one.request(container);
      const answer = await add(here.environment(), 'i-1', request);
      one.learn(answer);
      answers.push({ request, answer });
    }
    const [first] = answers;
    if (first === undefined) throw new Error('no answer');
    const { attachment, nonce } = first.request;
    await del(here.environment(), 'i-1', { attachment, nonce, slot: first.answer.slot, acknowledged: true });
    const refused = await refusalOf(one.add(here.environment(), 9));
    expect(refused).toMatchObject({ code: 'pool.cooling', facts: { freeAt: '2026-01-01T00:00:30.000Z' } });
    here.clock.now += 30_000;
    expect((await one.add(here.environment(), 9)).slot).toEqual(first.answer.slot);
  });

  it('keeps the lease of a first try when the second comes, in whichever of its blocks', async () => {
    const { here, node } = await green();
    const one = node('i-1');
    for (let container = 0; container < 6; container += 1) await one.add(here.environment(), container);
    const request = one.request(7);
    const first = await add(here.environment(), 'i-1', request);
    expect((await add(here.environment(), 'i-1', { ...request, attempt: 2 })).slot).toEqual(first.slot);
  });

  it('may not lease in the block of another, whatever it proposes', async () => {
    const { here, node } = await green();
    const [one, two] = [node('i-1'), node('i-2')];
    await one.add(here.environment(), 1);
    two.blocks = one.blocks;
    const { slot, blocks } = await two.add(here.environment(), 2, 3);
    expect(slot.block).not.toBe(one.blocks[0]?.block);
    expect(blocks.map(({ block }) => block)).toEqual([slot.block]);
  });
});

describe('a pool all of whose blocks belong to nodes', () => {
  it('is exhausted for the next one', async () => {
    const { here, node } = await green({ blocks: 5 });
    const owners = [];
    for (let n = 0; n < 5; n += 1) owners.push((await node(`i-${n}`).add(here.environment(), n)).slot.block);
    expect(new Set(owners).size).toBe(5);
    const refused = await refusalOf(node('i-9').add(here.environment(), 9));
    expect(refused).toMatchObject({ code: 'pool.exhausted', facts: { limit: 'pool' } });
    expect(refused.message).toContain('each block belongs to a node');
  });

  it('opens more blocks before that', async () => {
    const { here, pool, node } = await green({ blocks: 4100, blockSize: 1 });
    const owner = { node: 'i-0', incarnation: 1, boot: 'b', journal: 'j' };
    for (let block = 0n; block < 4096n; block += 1n) await here.store.blocks.claim({ pool: pool.id, block }, owner);
    const { slot } = await node('i-1').add(here.environment(), 1);
    expect(blockFromText(slot.block)).toBeGreaterThanOrEqual(4096n);
    expect((await here.store.pools.readPool(pool.id))?.open).toBe(4100n);
  });
});

describe('a node that has booted again', () => {
  it('takes over the block that it names, one generation later', async () => {
    const { here, key, one, slot } = await leasedOnce();
    one.reboots();
    const after = await one.add(here.environment(), 2);
    expect(after).toMatchObject({ incarnation: 2, blocks: [{ block: slot.block, generation: 2 }], former: [] });
    expect(after.slot.block).toBe(slot.block);
    expect(after.slot.slot).not.toBe(slot.slot);
    expect(await here.store.blocks.read(key(slot.block))).toMatchObject({ owner: { boot: 'boot-2', incarnation: 2 } });
  });

  it('is told of it where its disk was lost, and takes it over with the next request that needs a block', async () => {
    const { here, one, slot } = await leasedOnce({ blocks: 64, blockSize: 1 });
    one.reboots();
    one.losesDisk();
    const after = await one.add(here.environment(), 2);
    expect(after.slot.block).not.toBe(slot.block);
    expect(after.former).toEqual([{ block: slot.block, generation: 1 }]);
    const later = await one.add(here.environment(), 3);
    expect(later.former).toEqual([]);
    expect(later.blocks).toContainEqual({ block: slot.block, generation: 2 });
  });

  it('is told of it by the refusal where nothing else is free', async () => {
    const { here, one, slot } = await leasedOnce({ blocks: 1 });
    one.reboots();
    one.losesDisk();
    const refused = await refusalOf(one.add(here.environment(), 2));
    expect(refused.facts).toMatchObject({ limit: 'pool', former: [`${slot.pool}:${slot.block}:1`] });
    one.former = [{ block: slot.block, generation: 1 }];
    expect((await one.add(here.environment(), 3)).blocks).toEqual([{ block: slot.block, generation: 2 }]);
  });

  it('loses nothing to a late copy of a request of its earlier boot', async () => {
    const { here, key, one, slot } = await leasedOnce();
    one.reboots();
    const late = one.request(2);
    await one.add(here.environment(), 3);
    one.reboots();
    await one.add(here.environment(), 4);
    const before = await here.store.blocks.read(key(slot.block));
    await add(here.environment(), 'i-1', late);
    expect(await here.store.blocks.read(key(slot.block))).toEqual(before);
    expect(before).toMatchObject({ generation: 3, owner: { boot: 'boot-3' } });
  });

  it('leaves a block of the same boot and another journal alone until it boots again', async () => {
    const { here, key, one, slot } = await leasedOnce();
    one.losesDisk();
    one.former = [{ block: slot.block, generation: 1 }];
    const after = await one.add(here.environment(), 2);
    expect(after.slot.block).not.toBe(slot.block);
    expect(after.former).toEqual([]);
    expect(await here.store.blocks.read(key(slot.block))).toMatchObject({ generation: 1 });
    one.reboots();
    expect((await one.add(here.environment(), 3)).former).toEqual([{ block: slot.block, generation: 1 }]);
  });
});

it('A block with a gateway of its own is a subnet that a route can lead to', async () => {
  const { here, node } = await green({ blocks: 64, blockSize: 8, gateway: 'block' });
  const one = node('i-1');
  const { addresses, slot } = await one.add(here.environment(), 1);
  const [row] = (await listBlocks(here.environment(), callOf('user/ann'), { ...named, cursor: undefined })).blocks;
  const first = Number(blockFromText(slot.block)) * 8;
  const text = (offset: number) => `10.1.${(first + offset) >> 8}.${(first + offset) & 255}`;
  expect(row).toMatchObject({ block: slot.block, prefixes: [`${text(0)}/29`], gateways: [text(1)], node: 'i-1' });
  expect(addresses).toEqual([{ address: `${text(slot.slot)}/29`, gateway: text(1) }]);
  const others = [];
  for (let container = 2; container <= 6; container += 1) others.push(await one.add(here.environment(), container));
  // Neither network and broadcast address nor the gateway.
  expect(others.slice(0, 4).map((other) => other.slot.block)).toEqual(Array(4).fill(slot.block));
  expect(others[4]?.slot.block).not.toBe(slot.block);
});

describe('the list of blocks', () => {
  it('says which node has which addresses, page by page', async () => {
    const { here, pool, node } = await green({ blocks: 4096, blockSize: 4 });
    await here.store.blocks.claim(
      { pool: pool.id, block: 2000n },
      { node: 'i-7', incarnation: 1, boot: 'b', journal: 'j' },
    );
    const { slot } = await node('i-1').add(here.environment(), 1);
    const rows = [];
    let cursor: string | undefined;
    do {
      const page = await listBlocks(here.environment(), callOf('user/ann'), { ...named, cursor });
      rows.push(...page.blocks);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(rows).toHaveLength(2);
    expect(rows.find(({ node }) => node === 'i-7')).toEqual({
      block: '7d0',
      prefixes: ['10.1.31.64-10.1.31.67'],
      state: 'claimed',
      generation: 1,
      node: 'i-7',
    });
    expect(rows.find(({ node }) => node === 'i-1')?.block).toBe(slot.block);
  });
});

describe('a first ADD of a boot that is repeated', () => {
  it('finds its lease in the block that the first try claimed', async () => {
    const { here, node } = await green({ blocks: 64, blockSize: 4 });
    const one = node('i-1');
    const requests = Array.from({ length: 3 }, (_, container) => one.request(container));
    const answers = [];
    for (const request of requests) answers.push(await add(here.environment(), 'i-1', request));
    for (const [index, request] of requests.entries()) {
      const again = await add(here.environment(), 'i-1', { ...request, attempt: 2 });
      expect(again.slot).toEqual(answers[index]?.slot);
    }
  });

  it('tells a node that booted again which blocks it had', async () => {
    const { here, one, slot } = await leasedOnce({ blocks: 64 });
    one.losesDisk();
    one.reboots();
    one.former = [];
    expect((await one.add(here.environment(), 2)).former).toEqual([{ block: slot.block, generation: 1 }]);
  });
});

describe('a declared death', () => {
  it('frees what the life held, though the node took its block over in the next one', async () => {
    const { here, node, pool } = await green({ blocks: 64 });
    const one = node('i-1');
    await one.add(here.environment(), 1);
    await declareDeath(here.environment(), callOf('user/ann'), {
      node: 'i-1',
      reason: 'its power supply burned',
      alsoIfAlive: true,
    });
    one.reboots();
    const { slot } = await one.add(here.environment(), 2);
    expect(await reclaim(here.environment())).toMatchObject({ nodes: [{ node: 'i-1', freed: 1 }] });
    const slots = await here.store.leases.readBlock({ pool: pool.id, block: blockFromText(slot.block) });
    expect([...slots].filter(([, { held }]) => held).map(([index]) => index)).toEqual([slot.slot]);
  });
});
