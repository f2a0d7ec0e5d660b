import { describe, expect, it } from 'vitest';
import { allocate } from '../../../../functions/use-cases/add/allocate.ts';
import {
  add,
  addOf,
  attachmentOf,
  callOf,
  del,
  delOf,
  nonceOf,
  operatorsPool,
  proposal,
  refusalOf,
  START,
  world,
} from '../../world.ts';

describe('ADD', () => {
  it('gives the slot that the node proposed, and says all that the node needs for the next one', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 10, blockSize: 4 });
    const proposed = proposal(pool, 1, 2);
    const named = { vrf: 'default', name: 'blue' };
    const pod = { namespace: 'shop', name: 'web-0', uid: 'u-1' };
    expect(await add(here.environment(), 'i-1', addOf(1, { pool: named, proposal: proposed, pod }))).toEqual({
      slot: proposed,
      chosenBy: 'named',
      addresses: [{ address: '10.1.1.6/16', gateway: '10.1.0.1' }],
      node: 'i-1',
      incarnation: 1,
      blocks: ['0', '1', '2'].map((block) => ({ block, generation: 1 })),
      pool,
    });
    const held = (await here.store.leases.readBlock({ pool: pool.id, block: 1n })).get(2);
    expect(held).toEqual({
      held: true,
      generation: 1,
      reusableAt: 0,
      holding: { attachment: attachmentOf(1), nonce: nonceOf(1), node: 'i-1', incarnation: 1, heldAt: START, pod },
    });
  });

  it('joins the block before it holds a slot there, and only then', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 80, blockSize: 2 });
    const { blocks } = await add(
      here.environment(),
      'i-1',
      addOf(1, { pool: { vrf: 'default', name: 'blue' }, proposal: proposal(pool, 20, 0) }),
    );
    const names = blocks.map(({ block }) => block);
    expect(names).toEqual(Array.from({ length: 16 }, (_, index) => (16 + index).toString(16)));
    expect((await here.store.nodes.readNode('i-1'))?.joinedBlocks).toEqual(
      new Set(names.map((block) => `${pool.id}:${block}`)),
    );
  });

  it('finds another slot where the proposed one is taken, and tells which are', async () => {
    const here = world();
    const first = await add(here.environment(), 'i-1', addOf(1));
    const second = await add(here.environment(), 'i-2', addOf(2, { proposal: first.slot }));
    expect(second.slot.block).toBe(first.slot.block);
    expect(second.slot.slot).not.toBe(first.slot.slot);
    expect(second.taken).toEqual([{ block: first.slot.block, slots: [first.slot.slot] }]);
  });

  it.each([
    ['of a pool that is not there', { pool: 'e'.repeat(16), block: '0', slot: 0 }],
    ['beyond the pool’s end', { pool: '000000000000000f', block: 'ffff', slot: 0 }],
    ['beyond its block', { pool: '0000000000000000', block: '0', slot: 64 }],
    ['beyond the last block’s end', { pool: '0000000000000000', block: '3', slot: 49 }],
  ])('takes a proposal %s for a hint lost', async (_, proposed) => {
    const here = world();
    await add(here.environment(), 'i-1', addOf(1));
    const { addresses } = await add(here.environment(), 'i-1', addOf(2, { proposal: proposed }));
    expect(addresses[0]?.address).toMatch(/^10\.244\.1\.\d+\/16$/);
  });

  it('takes a proposed gateway for a hint lost', async () => {
    const here = world();
    const request = addOf(1, { pool: { vrf: 'default', name: 'blue', ranges: [[{ subnet: '10.0.0.0/29' }]] } });
    const { slot } = await add(here.environment(), 'i-1', request);
    const again = { ...request, nonce: nonceOf(2), proposal: { ...slot, slot: 0 } };
    expect((await add(here.environment(), 'i-1', again)).addresses[0]?.address).not.toBe('10.0.0.1/29');
  });

  it('uses no other pool than the configuration’s, whatever the proposal says', async () => {
    const here = world();
    const green = await operatorsPool(here, { addresses: 9, blockSize: 4, name: 'green' });
    const { pool } = await add(here.environment(), 'i-1', addOf(1, { proposal: proposal(green, 0, 0) }));
    expect(pool.name).toBe('blue');
    expect((await here.store.leases.readBlock({ pool: green.id, block: 0n })).size).toBe(0);
  });
});

describe('a repeated ADD', () => {
  it('of the same proposal gets the same slot, from any environment', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 10, blockSize: 4 });
    const request = addOf(1, { pool: { vrf: 'default', name: 'blue' }, proposal: proposal(pool, 1, 1) });
    const first = await add(here.environment(), 'i-1', request);
    for (const attempt of [1, 2, 3]) {
      expect((await add(here.environment(), 'i-1', { ...request, attempt })).slot).toEqual(first.slot);
    }
  });

  it('finds its own lease before it looks at its proposal', async () => {
    const here = world();
    const { slot } = await add(here.environment(), 'i-1', addOf(1));
    const proposed = { ...slot, slot: slot.slot === 0 ? 1 : 0 };
    expect((await add(here.environment(), 'i-1', addOf(1, { attempt: 2, proposal: proposed }))).slot).toEqual(slot);
  });

  it('finds its own lease where its proposal is taken by another', async () => {
    const here = world();
    const mine = await add(here.environment(), 'i-1', addOf(1));
    const proposed = { ...mine.slot, slot: mine.slot.slot === 0 ? 1 : 0 };
    await add(here.environment(), 'i-2', addOf(2, { proposal: proposed }));
    expect((await add(here.environment(), 'i-1', addOf(1, { proposal: proposed }))).slot).toEqual(mine.slot);
  });

  it('finds a lease in a block that this environment did not know the node had joined', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 80, blockSize: 2 });
    const request = addOf(1, { pool: { vrf: 'default', name: 'blue' } });
    const warm = here.environment();
    await add(warm, 'i-1', {
      ...request,
      attachment: attachmentOf(9),
      nonce: nonceOf(9),
      proposal: proposal(pool, 0, 0),
    });
    const { slot } = await add(here.environment(), 'i-1', { ...request, proposal: proposal(pool, 20, 0) });
    const again = { ...request, attempt: 2, incarnation: 1, proposal: proposal(pool, 0, 1) };
    expect((await add(warm, 'i-1', again)).slot).toEqual(slot);
  });

  it('with a nonce of its own is another attachment', async () => {
    const here = world();
    const first = await add(here.environment(), 'i-1', addOf(1));
    const second = await add(
      here.environment(),
      'i-1',
      addOf(1, { nonce: nonceOf(77), attempt: 2, proposal: first.slot }),
    );
    expect(second.slot).not.toEqual(first.slot);
  });
});

describe('a pool of 241 addresses', () => {
  it('gives 241 different ones, is exhausted, and gives one again when a released one has cooled', async () => {
    const here = world();
    const deps = here.environment();
    const leased = [];
    for (let container = 1; container <= 241; container += 1) leased.push(await add(deps, 'i-1', addOf(container)));
    const addresses = leased.flatMap((result) => result.addresses.map(({ address }) => address));
    expect(new Set(addresses).size).toBe(241);

    const exhausted = await refusalOf(add(deps, 'i-1', addOf(242)));
    expect(exhausted.code).toBe('pool.exhausted');
    expect(exhausted.message).toMatch(/^Pool blue in VRF default \(10\.244\.0\.0\/16\) is exhausted: delete pods/);
    expect(exhausted.facts).toEqual({ pool: 'blue', vrf: 'default', capacity: '241', limit: 'pool' });

    await del(deps, 'i-1', delOf(7));
    const cooling = await refusalOf(add(deps, 'i-1', addOf(242)));
    expect(cooling.code).toBe('pool.cooling');
    expect(cooling.facts).toMatchObject({ freeAt: '2026-01-01T00:00:30.000Z' });
    expect(cooling.message).toContain('2026-01-01T00:00:30.000Z');

    here.clock.now = START + 29_999;
    expect((await refusalOf(add(deps, 'i-1', addOf(242)))).code).toBe('pool.cooling');
    here.clock.now = START + 30_000;
    expect((await add(deps, 'i-1', addOf(242))).addresses).toEqual(leased[6]?.addresses);
  });
});

it('ADD says that time ran out rather than that the pool is exhausted', async () => {
  const here = world();
  await operatorsPool(here, { addresses: 10, blockSize: 1 });
  const call = { ...callOf('i-1'), remainingMs: () => 500 };
  const refusal = await refusalOf(
    allocate(here.environment(), call, addOf(1, { pool: { vrf: 'default', name: 'blue' } })),
  );
  expect(refusal.code).toBe('service.busy');
  expect(refusal.message).toMatch(/ran out of time before every block was read: try again/);
});
