import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PoolDefinition } from '../../../../core/contract/pool.ts';
import { blockSet } from '../../../../core/pools/block-set.ts';
import { stretchOf } from '../../../../core/protocol/block.ts';
import { blockOrder } from '../../../../functions/use-cases/add/block-order.ts';
import { chance } from '../../../budgets/cost-of-add.ts';
import { endingAt } from '../../../store/ending.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { intercepted } from '../../intercepted.ts';
import { add, addOf, attachmentOf, nonceOf, operatorsPool, refusalOf, START, type World, world } from '../../world.ts';

const named = { vrf: 'default', name: 'blue' };
const seed = fc.nat(2 ** 32 - 1);
const seeds = fc.record({ node: seed, request: seed });

describe('the order of blocks', () => {
  it('has every block of a pool once, the near ones first', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.uniqueArray(fc.nat(599), { maxLength: 5 }),
        seeds,
        (count, numbers, given) => {
          const blocks = blockSet([{ from: 7n, to: 6n + BigInt(count) }]);
          const near = numbers.filter((number) => number < count).map((number) => blocks.at(BigInt(number)));
          const order = [...blockOrder(blocks, near, given)];
          expect(order.slice(0, near.length)).toEqual(near);
          expect([...order].sort((a, b) => Number(a - b))).toEqual(
            Array.from({ length: count }, (_, index) => BigInt(index) + 7n),
          );
        },
      ),
    );
  });

  it('is the same for the same seeds, scattered for different ones, and costs nothing in an IPv6 /48', () => {
    const begin = (node: number, request: number) => {
      const order = blockOrder(blockSet([{ from: 0n, to: (1n << 74n) - 1n }]), [], { node, request });
      return Array.from({ length: 4 }, () => order.next().value as bigint);
    };
    expect(begin(7, 9)).toEqual(begin(7, 9));
    expect(new Set([...begin(7, 9), ...begin(70_000_000, 9)]).size).toBe(8);
    expect(begin(7, 9)).not.toEqual(begin(7, 2 ** 31));
  });

  it('has the blocks that a node joins together one after the other', () => {
    fc.assert(
      fc.property(seeds, (given) => {
        const order = [...blockOrder(blockSet([{ from: 0n, to: 127n }]), [], given)];
        for (let stretch = 0; stretch < 8; stretch += 1)
          expect(new Set(order.slice(16 * stretch, 16 * stretch + 16).map((block) => stretchOf(block))).size).toBe(1);
      }),
    );
  });
});

/** Holds the slots that `taken` names for another node; a number is when a slot that is free again can be had. */
async function occupy({ store }: World, { id, blockSize }: PoolDefinition, taken: readonly (boolean | number)[]) {
  const other = { attachment: attachmentOf('other'), nonce: nonceOf(999), node: 'i-9', incarnation: 1, heldAt: START };
  for (const [k, state] of taken.entries()) {
    if (state === false) continue;
    const key = { pool: id, block: BigInt(Math.floor(k / blockSize)), slot: k % blockSize };
    await store.leases.hold(key, other, 1);
    const owner = { containerId: 'container-other', ifname: 'eth0', node: 'i-9', nonce: nonceOf(999) };
    if (typeof state === 'number') await store.leases.release(key, owner, endingAt(START + state));
  }
}

describe('the search for a free slot', () => {
  it('finds one wherever there is one, and where there is none says so, and when the first will be', async () => {
    const slot = fc.oneof(
      { weight: 8, arbitrary: fc.constant(true) },
      fc.integer({ min: -5, max: 90_000 }),
      fc.constant(false),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(slot, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(1, 2, 8),
        async (taken, blockSize) => {
          const here = world();
          const pool = await operatorsPool(here, { addresses: taken.length, blockSize });
          await occupy(here, pool, taken);
          const free = taken.flatMap((state, k) => (state === false || (state !== true && state <= 0) ? [k] : []));
          const cooling = taken.filter((state): state is number => typeof state === 'number' && state > 0);
          const wanted = add(here.environment(), 'i-1', addOf(1, { pool: named }));
          if (free.length > 0) {
            const { slot: found } = await wanted;
            expect(free).toContain(Number.parseInt(found.block, 16) * blockSize + found.slot);
            return;
          }
          const { code, facts } = await refusalOf(wanted);
          expect(code).toBe(cooling.length > 0 ? 'pool.cooling' : 'pool.exhausted');
          const freeAt = cooling.length > 0 ? new Date(START + Math.min(...cooling)).toISOString() : undefined;
          expect(facts.freeAt).toBe(freeAt);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('reads one block after the other, then more at a time the longer it takes, and each only once', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 60, blockSize: 1 });
    await occupy(here, pool, Array<boolean>(60).fill(true));
    const blocks: bigint[] = [];
    let under_way = 0;
    const rounds: number[] = [];
    const store = intercepted(here.store, async (name, args, proceed) => {
      if (name !== 'readBlock') return proceed();
      blocks.push((args[0] as { block: bigint }).block);
      under_way += 1;
      await new Promise(setImmediate);
      if (under_way > 0) rounds.push(under_way);
      under_way = 0;
      return proceed();
    });
    const { code } = await refusalOf(add(here.environment({ store }), 'i-1', addOf(1, { pool: named })));
    expect(code).toBe('pool.exhausted');
    expect(rounds).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 8, 16, 16, 12]);
    expect(new Set(blocks).size).toBe(60);
    expect(blocks).toHaveLength(60);
  });

  it('gives up where others take each free slot first, and asks to try again', async () => {
    const here = world();
    await operatorsPool(here, { addresses: 8, blockSize: 2 });
    const store = intercepted(here.store, (name, _, proceed) =>
      name === 'hold' ? Promise.resolve({ held: false, current: undefined }) : proceed(),
    );
    const refusal = await refusalOf(add(here.environment({ store }), 'i-1', addOf(1, { pool: named })));
    expect(refusal.code).toBe('service.busy');
    expect(refusal.kind.retry).toBe(true);
  });

  it('takes a slot that its proposal was refused for, if it became free meanwhile', async () => {
    const here = world(memoryStore());
    const pool = await operatorsPool(here, { addresses: 1, blockSize: 1 });
    let refused = false;
    const store = intercepted(here.store, async (name, _, proceed) => {
      if (name !== 'hold' || refused) return proceed();
      refused = true;
      return { held: false, current: undefined };
    });
    const hint = { pool: pool.id, block: '0', slot: 0 };
    expect((await add(here.environment({ store }), 'i-1', addOf(1, { pool: named, proposal: hint }))).slot).toEqual(
      hint,
    );
  });
});

it('is told of blocks only what can be had, and a repeat, which looks for its own lease, all of them', async () => {
  const asked: unknown[] = [];
  const store = intercepted(memoryStore(), (name, args, proceed) => {
    if (name === 'readBlock') asked.push(args[1]);
    return proceed();
  });
  const here = world(store);
  const pool = await operatorsPool(here, { addresses: 64, blockSize: 64 });
  await occupy(here, pool, [true, true]);
  const proposal = { pool: pool.id, block: '0', slot: 0 };
  await add(here.environment(), 'i-1', addOf(1, { pool: named, proposal }));
  expect(asked.splice(0)).toEqual([nonceOf(1)]);
  await add(here.environment(), 'i-1', addOf(1, { pool: named, proposal, attempt: 2 }));
  expect(asked[0]).toBeUndefined();
  expect(asked).not.toHaveLength(0);
});

it('looks first where most may have been freed, once all of a pool was seen full', async () => {
  const [blocks, blockSize, free] = [128, 4, 64];
  const unmetered = memoryStore();
  let reads = 0;
  const store = intercepted(unmetered, (name, _, proceed) => {
    if (name === 'readBlock') reads += 1;
    return proceed();
  });
  const here = world(unmetered);
  const pool = await operatorsPool(here, { addresses: blocks * blockSize, blockSize, cooldownSeconds: 0 });
  const deps = here.environment({ store });
  const random = chance(1);
  const others = Array.from({ length: blocks * blockSize }, (_, k) => k);
  await occupy(
    here,
    pool,
    others.map(() => true),
  );
  const by = { containerId: 'container-other', ifname: 'eth0', node: 'i-9', nonce: nonceOf(999) };
  const leaveOne = async () => {
    const [k = 0] = others.splice(random(others.length), 1);
    const key = { pool: pool.id, block: BigInt(Math.floor(k / blockSize)), slot: k % blockSize };
    await unmetered.leases.release(key, by, endingAt(0));
  };
  for (let n = 0; n < free; n += 1) await leaveOne();
  const ask = async (first: number, count: number) => {
    reads = 0;
    for (let n = first; n < first + count; n += 1) {
      await add(deps, 'i-1', addOf(n, { pool: named }));
      await leaveOne();
    }
    return reads / count;
  };
  // By then it has seen each block without a free slot.
  await ask(1, 192);
  expect(await ask(193, 192)).toBeLessThan(3);
});
