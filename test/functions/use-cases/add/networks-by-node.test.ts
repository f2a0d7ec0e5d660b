/** One network with another subnet on each node, as flannel, kubenet and kindnet lay them out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AllocateRequest } from '../../../../core/contract/lease.ts';
import { nameAfter } from '../../../../core/pools/inline-name.ts';
import type { Store } from '../../../../core/store.ts';
import { deletePool } from '../../../../functions/use-cases/pools/delete-pool.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { counted } from '../../intercepted.ts';
import { change, create } from '../../pool-requests.ts';
import { blindRegistry, expectDisjoint } from '../../registry-claims.ts';
import { scheduled } from '../../scheduled.ts';
import { add, addOf, attachmentOf, callOf, del, delOf, refusalOf, type World, world } from '../../world.ts';

const subnetOf = (node: number) => [[{ subnet: `10.42.${node}.0/24` }]];
const onNode = (node: number, n: number, over: Partial<AllocateRequest> = {}) =>
  addOf(n, {
    attachment: attachmentOf(n, 'cbr0'),
    pool: { vrf: 'default', name: 'cbr0', ranges: subnetOf(node) },
    ...over,
  });
const names = async ({ store }: World) => (await store.pools.readRegistry('default')).pools.map(({ name }) => name);

describe('a network with another subnet on each node', () => {
  it('is a pool a node: the first has the network’s name, the others theirs after it and their ranges', async () => {
    const here = world();
    const first = await add(here.environment(), 'i-0', onNode(0, 1));
    const second = await add(here.environment(), 'i-1', onNode(1, 2));
    expect([first.pool.name, second.pool.name]).toEqual(['cbr0', nameAfter('cbr0', second.pool.ranges)]);
    expect(first.addresses[0]?.address).toMatch(/^10\.42\.0\.\d+\/24$/);
    expect(second.addresses[0]?.address).toMatch(/^10\.42\.1\.\d+\/24$/);
    const again = await add(here.environment(), 'i-1', onNode(1, 3));
    expect(again.pool).toEqual(second.pool);
    expect(await names(here)).toHaveLength(2);
  });

  it('costs a warm ADD one write on each of them, by the slot that the node proposes', async () => {
    const here = world();
    const { store, requests } = counted(here.store);
    const deps = here.environment({ store });
    for (const node of [0, 1]) {
      const { slot } = await add(deps, `i-${node}`, onNode(node, 10 * node));
      requests.length = 0;
      const proposal = { ...slot, slot: (slot.slot + 1) % 64 };
      await add(deps, `i-${node}`, onNode(node, 10 * node + 1, { proposal, incarnation: 1 }));
      expect(requests).toEqual(['hold']);
      // Without a proposal the list is read once more, which was read before the pool was made.
      await add(deps, `i-${node}`, onNode(node, 10 * node + 2, { incarnation: 1 }));
      requests.length = 0;
      await add(deps, `i-${node}`, onNode(node, 10 * node + 3, { incarnation: 1 }));
      expect(requests.filter((name) => name.endsWith('Registry') || name.endsWith('Pool'))).toEqual([]);
    }
  });

  it('finds what an earlier try holds, and frees it', async () => {
    const here = world();
    await add(here.environment(), 'i-0', onNode(0, 1));
    const held = await add(here.environment(), 'i-1', onNode(1, 2));
    const again = await add(here.environment(), 'i-1', onNode(1, 2, { attempt: 2 }));
    expect(again.slot).toEqual(held.slot);
    const released = await del(here.environment(), 'i-1', delOf(2, { attachment: attachmentOf(2, 'cbr0') }));
    expect(released.released).toHaveLength(1);
  });

  it('keeps to the pools that are there: an operator’s, and one that has grown', async () => {
    const here = world();
    const { pool } = await create(here.environment(), { name: 'cbr0', ranges: subnetOf(0) });
    expect((await add(here.environment(), 'i-0', onNode(0, 1))).pool.id).toBe(pool.id);
    const second = await add(here.environment(), 'i-1', onNode(1, 2));
    for (const [name, node] of [
      ['cbr0', 0],
      [second.pool.name, 1],
    ] as const) {
      const more = { subnet: `10.43.${node}.0/24` };
      await change(here.environment(), { ranges: [[...(subnetOf(node)[0] ?? []), more]] }, { name });
      expect((await add(here.environment(), `i-${node}`, onNode(node, 10 + node))).pool.name).toBe(name);
    }
    expect(await names(here)).toHaveLength(2);
  });

  it('gets its pool again where the network’s first one was deleted', async () => {
    const here = world();
    const { slot } = await add(here.environment(), 'i-0', onNode(0, 1));
    const second = await add(here.environment(), 'i-1', onNode(1, 2));
    await del(here.environment(), 'i-0', delOf(1, { attachment: attachmentOf(1, 'cbr0'), slot, acknowledged: true }));
    await deletePool(here.environment(), callOf('user/ann'), {
      vrf: 'default',
      name: 'cbr0',
      ifMatch: undefined,
      dryRun: false,
    });
    expect((await add(here.environment(), 'i-1', onNode(1, 3))).pool.id).toBe(second.pool.id);
    expect((await add(here.environment(), 'i-2', onNode(2, 4))).pool.name).toBe('cbr0');
  });

  it.each([
    ['pool.conflict', 'cbr0', /^Pool cbr0 in VRF default exists with other ranges: .*ranges that do not overlap it/],
    ['pool.overlap', 'other', /^Range 10\.42\.0\.129-10\.42\.0\.254 of pool other overlaps range 10\.42\.0\.1-/],
  ])('never overlaps another pool: %s for network %s', async (code, name, message) => {
    const here = world();
    await add(here.environment(), 'i-0', onNode(0, 1));
    const pool = { vrf: 'default', name, ranges: [[{ subnet: '10.42.0.128/25' }]] };
    const refusal = await refusalOf(add(here.environment(), 'i-1', addOf(2, { pool })));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toMatch(message);
  });

  it('makes none where the deployment lets no node create pools', async () => {
    const here = world(memoryStore(), { inlinePools: false });
    expect((await refusalOf(add(here.environment(), 'i-0', onNode(0, 1)))).code).toBe('pool.inline-forbidden');
    await create(here.environment(), { name: 'cbr0', ranges: subnetOf(0) });
    await add(here.environment(), 'i-0', onNode(0, 1));
    expect((await refusalOf(add(here.environment(), 'i-1', onNode(1, 2)))).code).toBe('pool.conflict');
  });

  it('whose name leaves no room for its ranges’ is refused with the remedy', async () => {
    const here = world();
    const name = 'n'.repeat(250);
    const of = (node: number, n: number) => onNode(node, n, { pool: { vrf: 'default', name, ranges: subnetOf(node) } });
    await add(here.environment(), 'i-0', of(0, 1));
    const refusal = await refusalOf(add(here.environment(), 'i-1', of(1, 2)));
    expect([refusal.code, refusal.remedy]).toEqual(['request.invalid', 'give the network a shorter name']);
  });
});

/** A pool for each subnet and no other, and each node is told of its own. */
const oneForEachSubnet = (open: () => Store) =>
  fc.asyncProperty(fc.array(fc.nat(2), { minLength: 2, maxLength: 6 }), fc.scheduler(), async (subnets, scheduler) => {
    const here = world(open());
    const store = scheduled(here.store, scheduler);
    const asked = subnets.map((node, n) => add(here.environment({ store }), `i-${n}`, onNode(node, n)));
    const answers = await scheduler.waitFor(Promise.all(asked));
    const { pools } = await here.store.pools.readRegistry('default');
    expectDisjoint(pools);
    expect(pools).toHaveLength(new Set(subnets).size);
    expect(pools.filter(({ name }) => name === 'cbr0')).toHaveLength(1);
    for (const [n, { pool }] of answers.entries()) {
      expect(pool.ranges[0]?.[0]?.subnet).toBe(`10.42.${subnets[n]}.0/24`);
      expect((await here.store.pools.readPool(pool.id))?.definition).toEqual(pool);
      expect(pools.find(({ id }) => id === pool.id)?.name).toBe(pool.name);
    }
  });

describe('nodes that start at the same moment', () => {
  it('make one pool of one subnet, and a pool of each other one, in whatever order their requests arrive', async () => {
    await fc.assert(
      oneForEachSubnet(() => memoryStore()),
      { numRuns: 100 },
    );
  });

  it('are found out if the list is written without a look at its version', async () => {
    expect((await fc.check(oneForEachSubnet(blindRegistry), { seed: 1, numRuns: 100 })).failed).toBe(true);
  });
});
