/** What every store does; run over each of them. */
import { describe, expect, it } from 'vitest';
import type { Holding } from '../../core/protocol/lease.ts';
import { slotOperations } from '../../core/protocol/lease.ts';
import type { Store } from '../../core/store.ts';
import { beginningSuite } from './beginning.suite.ts';
import { blocksSuite } from './blocks.suite.ts';
import { counterRefusals, countersSuite } from './counters.suite.ts';
import { deathsSuite } from './deaths.suite.ts';
import { ENDED_AT, endingAt } from './ending.ts';
import { fillRefusals, fillsSuite } from './fills.suite.ts';
import { historySuite } from './history.suite.ts';
import { identitiesSuite, identityRefusals } from './identities.suite.ts';
import { listRefusals, nodeListSuite } from './node-list.suite.ts';
import { poolsSuite } from './pools.suite.ts';
import { definition, mine, newId, newSlot, others, owner, recordRefusals, stateOf, titled } from './refusals.ts';
import { expectRefused, slotRefusals } from './slot-refusals.ts';

/** What was mine in a block's first generation, and is free. */
const cooling = { held: false, generation: 1, ...endingAt(15_000), holding: mine };

export function storeSuite(open: () => Store): void {
  beginningSuite(open);
  describe('leases', () => {
    it('hold a slot that was never held, and keep who holds it', async () => {
      const { leases } = open();
      const key = newSlot();
      const holding: Holding = { ...mine, pod: { namespace: 'shop', name: 'web-0', uid: 'u-1' } };
      expect(await leases.hold(key, holding, 1)).toEqual({ held: true });
      expect(await leases.readBlock(key)).toEqual(
        new Map([[11, { held: true, generation: 1, reusableAt: 0, holding }]]),
      );
    });

    it('hold a slot again for the repeat of the same request', async () => {
      const { leases } = open();
      const key = newSlot();
      await leases.hold(key, mine, 1);
      const again = { ...mine, heldAt: mine.heldAt + 5, incarnation: 3 };
      expect(await leases.hold(key, again, 1)).toEqual({ held: true });
      expect((await leases.readBlock(key)).get(11)?.holding).toEqual(again);
    });

    it.each([true, false])('say what stands in the way of a hold (pod known: %s)', async (podKnown) => {
      const { leases } = open();
      const key = newSlot();
      const holding = podKnown ? { ...mine, pod: { namespace: 'shop', name: 'web-0' } } : mine;
      await leases.hold(key, holding, 4);
      const current = { held: true, generation: 4, reusableAt: 0, holding };
      expect(await leases.hold(key, others, 4)).toEqual({ held: false, current });
      await leases.release(key, owner, endingAt(15_000));
      expect(await leases.hold(key, { ...others, heldAt: 14_999 }, 4)).toEqual({
        held: false,
        current: { ...current, held: false, ...endingAt(15_000) },
      });
    });

    it('release for their owner, with a cooldown after which another may hold', async () => {
      const { leases } = open();
      const key = newSlot();
      await leases.hold(key, mine, 1);
      expect(await leases.release(key, owner, endingAt(15_000))).toEqual({ released: true });
      expect((await leases.readBlock(key)).get(11)).toEqual(cooling);
      const next = { ...others, heldAt: 15_000 };
      expect(await leases.hold(key, next, 1)).toEqual({ held: true });
      expect((await leases.readBlock(key)).get(11)).toEqual({
        held: true,
        generation: 1,
        reusableAt: 0,
        holding: next,
        // What history is complete by: a new holder leaves it as it is.
        endedAt: ENDED_AT,
      });
    });

    it('are kept for their pod while they cool, where the pool is sticky', async () => {
      const { leases } = open();
      const key = newSlot();
      const pod = { namespace: 'shop', name: 'web-0' };
      await leases.hold(key, { ...mine, pod }, 1);
      await leases.release(key, owner, endingAt(99_000));
      const next = { ...others, pod };
      expect(await leases.hold(key, next, 1)).toMatchObject({ held: false });
      expect(await leases.hold(key, { ...others, heldAt: 20_000 }, 1, true)).toMatchObject({ held: false });
      expect(await leases.hold(key, next, 1, true)).toEqual({ held: true });
    });

    it('go to a fence’s generation, from which on no older request holds them (I4)', async () => {
      const { leases } = open();
      const [never, free, taken] = [newSlot(), newSlot(), newSlot()];
      for (const key of [free, taken]) await leases.hold(key, mine, 3);
      await leases.release(free, owner, endingAt(15_000));
      expect(await leases.advance(never, 4)).toBe(true);
      expect(await leases.advance(free, 4)).toBe(true);
      expect(await leases.evict(taken, 4, endingAt(16_000))).toBe(true);
      expect((await leases.readBlock(never)).get(11)).toEqual({ held: false, generation: 4, reusableAt: 0 });
      const later = { held: false, generation: 4, holding: mine };
      expect((await leases.readBlock(free)).get(11)).toEqual({ ...later, ...endingAt(15_000) });
      expect((await leases.readBlock(taken)).get(11)).toEqual({ ...later, ...endingAt(16_000) });
      for (const key of [never, free, taken]) {
        expect(await leases.hold(key, { ...mine, heldAt: 20_000 }, 3)).toMatchObject({ held: false });
        expect(await leases.hold(key, { ...mine, heldAt: 20_000 }, 4)).toEqual({ held: true });
      }
    });

    it.each([2, 3])(
      'sweep what a node’s life 2 holds, on the evidence that its life %s is over',
      async (incarnation) => {
        const { leases } = open();
        const key = newSlot();
        await leases.hold(key, mine, 1);
        expect(await leases.sweep(key, { node: 'i-1', incarnation }, endingAt(15_000))).toBe(true);
        expect((await leases.readBlock(key)).get(11)).toEqual(cooling);
      },
    );

    it('give one of many that hold the same slot at once', async () => {
      const { leases } = open();
      const key = newSlot();
      const rivals = Array.from({ length: 16 }, (_, index) => ({ ...mine, nonce: `n${index}`, node: `i-${index}` }));
      const outcomes = await Promise.all(rivals.map((holding) => leases.hold(key, holding, 1)));
      const winner = rivals[outcomes.findIndex(({ held }) => held)];
      expect(outcomes.filter(({ held }) => held)).toHaveLength(1);
      for (const outcome of outcomes) if (!outcome.held) expect(outcome.current?.holding).toEqual(winner);
      expect((await leases.readBlock(key)).get(11)?.holding).toEqual(winner);
    });

    it('are read a block at a time, and no other block’s with it', async () => {
      const { leases } = open();
      const key = newSlot();
      const neighbours = [
        { ...key, slot: 0 },
        { ...key, slot: 63 },
        { ...key, slot: 4095 },
      ];
      for (const each of neighbours) await leases.hold(each, mine, 1);
      for (const other of [{ ...key, block: 1n }, { ...key, block: 0x10an }, { ...key, block: 160n }, newSlot()])
        await leases.hold(other, others, 1);
      expect([...(await leases.readBlock(key)).keys()].sort((a, b) => a - b)).toEqual([0, 63, 4095]);
      expect(await leases.readBlock({ ...key, block: 11n })).toEqual(new Map());
    });

    it('are read for one nonce: its own whole, of the others only whether they can be had', async () => {
      const { leases } = open();
      const key = newSlot();
      await leases.hold(key, mine, 1);
      await leases.hold({ ...key, slot: 12 }, others, 1);
      await leases.hold({ ...key, slot: 13 }, mine, 1);
      await leases.release({ ...key, slot: 13 }, owner, endingAt(15_000));
      const read = (nonce: string) => leases.readBlock(key, nonce);
      const held = { held: true, generation: 1, reusableAt: 0 };
      const { endedAt: _, ...cools } = { held: false, generation: 1, ...endingAt(15_000) };
      expect([...(await read(mine.nonce))]).toEqual([
        [11, { ...held, holding: mine }],
        [12, held],
        [13, cooling],
      ]);
      expect([...(await read('f'.repeat(32)))]).toEqual([
        [11, held],
        [12, held],
        [13, cools],
      ]);
    });

    it('are read one at a time, held or free, and none where nothing ever was', async () => {
      const { leases } = open();
      const key = newSlot();
      await leases.hold({ ...key, slot: 12 }, others, 1);
      expect(await leases.readSlot(key)).toBeUndefined();
      await leases.hold(key, mine, 3);
      expect(await leases.readSlot(key)).toEqual({ held: true, generation: 3, reusableAt: 0, holding: mine });
      await leases.release(key, owner, endingAt(15_000));
      const free = { held: false, generation: 3, ...endingAt(15_000), holding: mine };
      expect(await leases.readSlot(key)).toEqual(free);
    });

    it('lie in blocks of the largest pools as well', async () => {
      const { leases } = open();
      const key = { pool: newId(), block: (1n << 122n) - 1n, slot: 63 };
      await leases.hold(key, mine, 1);
      expect([...(await leases.readBlock(key)).keys()]).toEqual([63]);
    });

    it.each(titled(slotRefusals))('refuse without the condition of %s', (_, refusal) => expectRefused(open(), refusal));

    it('tell who has the slot where a release is refused', async () => {
      const { leases } = open();
      const key = newSlot();
      await leases.hold(key, mine, 3);
      const current = { held: true, generation: 3, reusableAt: 0, holding: mine };
      expect(await leases.release(key, { ...owner, node: 'i-2' }, endingAt(1))).toEqual({ released: false, current });
    });

    it('neither release nor sweep what never was held, and make no item of it', async () => {
      const { leases } = open();
      const key = newSlot();
      expect(await leases.release(key, owner, endingAt(1))).toEqual({ released: false, current: undefined });
      expect(await leases.sweep(key, { node: 'i-1', incarnation: 2 }, endingAt(1))).toBe(false);
      expect(await leases.readBlock(key)).toEqual(new Map());
    });

    it('are refused for each condition of each operation', () => {
      const wanted = Object.entries(slotOperations).flatMap(([operation, alternatives]) =>
        alternatives.flatMap((names, index) => names.map((name) => `${operation} ${index} ${name}`)),
      );
      const shown = slotRefusals.map(
        ({ operation, alternative, condition }) => `${operation} ${alternative} ${condition}`,
      );
      expect(new Set(shown)).toEqual(new Set(wanted));
    });
  });

  poolsSuite(open);

  blocksSuite(open);

  describe('nodes', () => {
    it('join blocks, more and more of them', async () => {
      const { nodes } = open();
      const id = newId();
      expect(await nodes.readNode(id)).toBeUndefined();
      const first = {
        id,
        alive: true,
        incarnation: 1,
        boot: 'b1',
        firstOfBoot: 1,
        earlier: [],
        joinedBlocks: new Set(['p:0', 'p:1']),
      };
      expect(await nodes.join(id, ['p:0', 'p:1'], 'b1', 1)).toEqual({ joined: true, node: first, before: new Set() });
      const more = { ...first, joinedBlocks: new Set(['p:0', 'p:1', 'q:a']) };
      expect(await nodes.join(id, ['p:1', 'q:a'], 'b1', 2)).toEqual({
        joined: true,
        node: more,
        before: first.joinedBlocks,
      });
      expect(await nodes.readNode(id)).toEqual(more);
    });

    it('make themselves known where they join nothing, and keep what they have joined', async () => {
      const { nodes } = open();
      const id = newId();
      expect(await nodes.join(id, [], 'b1', 0)).toMatchObject({
        joined: true,
        node: { incarnation: 1 },
        before: new Set(),
      });
      expect((await nodes.readNode(id))?.joinedBlocks).toEqual(new Set());
      await nodes.join(id, ['p:0'], 'b1', 1);
      expect(await nodes.join(id, [], 'b1', 2)).toMatchObject({ joined: true, before: new Set(['p:0']) });
      expect(await nodes.join(id, [], 'b2', 3)).toMatchObject({ joined: false });
    });

    it('die, are told so when they join, and come back in their next life with the blocks of the last', async () => {
      const { nodes } = open();
      const id = newId();
      await nodes.join(id, ['p:0'], 'b1', 1);
      expect(await nodes.markDead(id, 1, 2)).toBe(true);
      const dead = {
        id,
        alive: false,
        incarnation: 1,
        boot: 'b1',
        firstOfBoot: 1,
        earlier: [],
        joinedBlocks: new Set(['p:0']),
        diedAt: 2,
      };
      expect(await nodes.join(id, ['p:1'], 'b1', 3)).toEqual({ joined: false, node: dead, before: dead.joinedBlocks });
      const earlier = [
        { boot: 'b1', firstOfBoot: 1 },
        { boot: 'b0', firstOfBoot: 1 },
      ];
      expect(await nodes.beginLife(id, 1, { boot: 'b2', firstOfBoot: 2, earlier }, 4)).toBe(true);
      const next = { ...dead, alive: true, incarnation: 2, boot: 'b2', firstOfBoot: 2, earlier };
      expect(await nodes.readNode(id)).toEqual(next);
      expect((await nodes.join(id, ['p:1'], 'b2', 5)).node.joinedBlocks).toEqual(new Set(['p:0', 'p:1']));
    });

    it('come back in the same boot, whose first life is then an earlier one', async () => {
      const { nodes } = open();
      const id = newId();
      await nodes.join(id, ['p:0'], 'b1', 1);
      await nodes.markDead(id, 1, 2);
      expect(await nodes.beginLife(id, 1, { boot: 'b1', firstOfBoot: 1, earlier: [] }, 3)).toBe(true);
      expect(await nodes.readNode(id)).toMatchObject({ incarnation: 2, boot: 'b1', firstOfBoot: 1 });
    });

    it('are heard of by what they say, and by what they join', async () => {
      const { nodes } = open();
      const id = newId();
      expect(await nodes.readHeartbeat(id)).toBeUndefined();
      await nodes.join(id, ['p:0'], 'b1', 1);
      expect(await nodes.readHeartbeat(id)).toEqual({ heartbeatAt: 1 });
      await nodes.noteHeartbeat(id, { incarnation: 1, heartbeatAt: 5, name: 'ip-10-0-0-1', version: '1.0.0' });
      expect(await nodes.readHeartbeat(id)).toEqual({ heartbeatAt: 5, name: 'ip-10-0-0-1', version: '1.0.0' });
      await nodes.join(id, ['p:1'], 'b1', 6);
      expect(await nodes.readHeartbeat(id)).toEqual({ heartbeatAt: 6, name: 'ip-10-0-0-1', version: '1.0.0' });
      expect((await nodes.readNode(id))?.joinedBlocks).toEqual(new Set(['p:0', 'p:1']));
    });

    it('that are not listed yet are not made by a join, which says so: their first life has not begun', async () => {
      const { nodes } = open();
      const id = newId();
      expect(await nodes.join(id, ['p:0'], 'b1', 1, false)).toMatchObject({
        joined: false,
        node: { id, alive: false, incarnation: 0, joinedBlocks: new Set() },
      });
      expect(await nodes.readNode(id)).toBeUndefined();
      expect(await nodes.join(id, ['p:0'], 'b1', 1, true)).toMatchObject({ joined: true, node: { incarnation: 1 } });
      expect(await nodes.join(id, ['p:1'], 'b1', 2, false)).toMatchObject({ joined: true, node: { incarnation: 1 } });
    });

    it('that were never seen are not marked dead and begin no next life', async () => {
      const { nodes } = open();
      const id = newId();
      expect([
        await nodes.markDead(id, 1, 2),
        await nodes.beginLife(id, 1, { boot: 'b1', firstOfBoot: 1, earlier: [] }, 2),
      ]).toEqual([false, false]);
      expect(await nodes.readNode(id)).toBeUndefined();
    });
  });

  describe('the list of nodes', () => nodeListSuite(open));

  describe('deaths', () => deathsSuite(open));

  describe('counters', () => countersSuite(open));
  describe('levels of pools', () => fillsSuite(open));

  describe('identities', () => identitiesSuite(open));

  describe('history', () => historySuite(open));

  it.each(titled([...recordRefusals, ...listRefusals, ...counterRefusals, ...fillRefusals, ...identityRefusals]))(
    'refuses without %s',
    (_, refusal) => refusal.expectRefused(open()),
  );

  it('gives copies: what a caller does to what it gave or got changes nothing', async () => {
    const { leases, pools, nodes } = open();
    const key = newSlot();
    const given = { ...mine, attachment: { ...mine.attachment } };
    await leases.hold(key, given, 1);
    given.attachment.containerId = 'changed';
    const got = (await leases.readBlock(key)).get(11);
    Object.assign(got?.holding?.attachment ?? {}, { containerId: 'changed' });
    expect((await leases.readBlock(key)).get(11)?.holding).toEqual(mine);

    const pool = stateOf(definition(newId()));
    const { id: poolId } = pool.definition;
    await pools.createPool(pool);
    Object.assign((await pools.readPool(poolId))?.definition ?? {}, { name: 'changed' });
    expect((await pools.readPool(poolId))?.definition.name).toBe('blue');

    const id = newId();
    const { node } = await nodes.join(id, ['p:0'], 'b1', 1);
    (node.joinedBlocks as Set<string>).add('changed');
    expect((await nodes.readNode(id))?.joinedBlocks).toEqual(new Set(['p:0']));
  });
}
