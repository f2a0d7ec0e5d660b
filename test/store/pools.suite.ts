/** What every store does with pools and with the lists of them. */
import { describe, expect, it } from 'vitest';
import { entryOf } from '../../core/pools/registry.ts';
import type { Store } from '../../core/store.ts';
import { definition, FAR, newId, registered, stateOf } from './refusals.ts';

export function poolsSuite(open: () => Store): void {
  describe('pools', () => {
    it('are kept as they were defined', async () => {
      const { pools } = open();
      const pool = stateOf(definition(newId()));
      const { id } = pool.definition;
      expect(await pools.readPool(id)).toBeUndefined();
      expect(await pools.createPool(pool)).toBe(true);
      expect(await pools.readPool(id)).toEqual(pool);
    });

    it('are in VRFs that are found in the order of their names, however often each was noted', async () => {
      const { pools } = open();
      const [a, b, c] = ['a', 'b', 'c'].map((name) => `vrf-${name}`) as [string, string, string];
      for (const vrf of [c, a, b, a]) await pools.noteVrf(vrf);
      expect(await pools.readVrfs('vrf-', 2)).toEqual([a, b]);
      expect(await pools.readVrfs(b, 2)).toEqual([c]);
      expect((await pools.readVrfs('', 1_000)).filter((vrf) => vrf.startsWith('vrf-'))).toEqual([a, b, c]);
    });

    it('change their policy and state, and open more blocks, each without touching the other', async () => {
      const { pools } = open();
      const pool = stateOf(definition(newId()));
      const { id } = pool.definition;
      await pools.createPool(pool);
      expect(await pools.openPool(id, 4n, 8n)).toBe(true);
      const patient = { ...pool.definition, cooldownSeconds: 600 };
      expect(await pools.changePool({ ...pool, definition: patient, version: 2 })).toBe(true);
      expect(await pools.readPool(id)).toEqual({ ...pool, definition: patient, open: 8n, version: 2 });
      expect(await pools.changePool({ ...pool, definition: patient, state: 'draining', version: 3 })).toBe(true);
      expect(await pools.readPool(id)).toMatchObject({ state: 'draining', open: 8n, version: 3 });
    });

    it('open blocks apart, wherever they lie, and keep them in order whatever else changes', async () => {
      const { pools } = open();
      const pool = stateOf(definition(newId()));
      const { id } = pool.definition;
      await pools.createPool(pool);
      const blocks = [FAR, 10n, FAR, 9n];
      for (const block of blocks) expect(await pools.openApart(id, block, 9)).toBe(true);
      expect(await pools.readPool(id)).toEqual({ ...pool, openApart: [9n, 10n, FAR] });
      expect(await pools.openPool(id, 4n, 16n)).toBe(true);
      expect(await pools.changePool({ ...pool, state: 'draining', version: 2 })).toBe(true);
      const drained = { ...pool, state: 'draining', open: 16n, openApart: [9n, 10n, FAR], version: 2 };
      expect(await pools.readPool(id)).toEqual(drained);
    });

    it('open each of the blocks that many open apart at once', async () => {
      const { pools } = open();
      const pool = stateOf(definition(newId()));
      await pools.createPool(pool);
      const blocks = Array.from({ length: 12 }, (_, k) => BigInt(100 + k));
      expect(await Promise.all(blocks.map((block) => pools.openApart(pool.definition.id, block, 12)))).not.toContain(
        false,
      );
      expect((await pools.readPool(pool.definition.id))?.openApart).toEqual(blocks);
    });

    it('begin behind what is excluded, with blocks beyond what a double counts', async () => {
      const { pools } = open();
      const first = (1n << 58n) - 4n;
      const pool = { ...stateOf(definition(newId())), first, open: first + 1n, joinsNoted: true as const };
      const { id } = pool.definition;
      await pools.createPool(pool);
      expect(await pools.readPool(id)).toEqual(pool);
      expect(await pools.openPool(id, first, first + 2n)).toBe(false);
      expect(await pools.openPool(id, first + 1n, first + 2n)).toBe(true);
      expect(await pools.changePool({ ...pool, first: first - 8n, version: 2 })).toBe(true);
      expect(await pools.readPool(id)).toEqual({ ...pool, first: first - 8n, open: first + 2n, version: 2 });
    });

    it('have the stretches noted that nodes join', async () => {
      const { pools } = open();
      const id = newId();
      expect(await pools.readJoined(id)).toEqual(new Set());
      for (const stretch of [3n, 1n << 54n, 3n]) await pools.noteJoined(id, stretch);
      expect(await pools.readJoined(id)).toEqual(new Set([3n, 1n << 54n]));
      expect(await pools.readJoined(newId())).toEqual(new Set());
    });

    it('open a block apart once, whoever asked for it', async () => {
      const { pools } = open();
      const pool = stateOf(definition(newId()));
      const { id } = pool.definition;
      await pools.createPool(pool);
      for (const _ of ['once', 'again']) expect(await pools.openApart(id, FAR, 1)).toBe(true);
      expect(await pools.openApart(id, 9n, 1)).toBe(false);
      expect((await pools.readPool(id))?.openApart).toEqual([FAR]);
    });

    it('open as many apart for some namespaces as they may, however many ask at once', async () => {
      const { pools } = open();
      const pool = stateOf(definition(newId()));
      const { id } = pool.definition;
      await pools.createPool(pool);
      const blocks = Array.from({ length: 12 }, (_, k) => BigInt(100 + k));
      const outcomes = await Promise.all(blocks.map((block) => pools.openApart(id, block, 99, { part: 'a', most: 8 })));
      expect(outcomes.filter(Boolean)).toHaveLength(8);
      const state = await pools.readPool(id);
      expect([state?.openApart?.length, state?.openedFor]).toEqual([8, new Map([['a', 8]])]);
    });

    it('count for whom blocks were opened apart, whatever else changes', async () => {
      const { pools } = open();
      const pool = stateOf(definition(newId()));
      const { id } = pool.definition;
      await pools.createPool(pool);
      expect(await pools.openApart(id, 8n, 9)).toBe(true);
      for (const [part, block] of [
        ['a', 9n],
        ['b', FAR],
        ['a', 10n],
      ] as const)
        expect(await pools.openApart(id, block, 9, { part, most: 2 })).toBe(true);
      expect(await pools.openApart(id, 11n, 9, { part: 'a', most: 2 })).toBe(false);
      expect(await pools.openApart(id, 11n, 4, { part: 'b', most: 2 })).toBe(false);
      expect(await pools.changePool({ ...pool, state: 'draining', version: 2 })).toBe(true);
      const openedFor = new Map([
        ['a', 2],
        ['b', 1],
      ]);
      const kept = { ...pool, state: 'draining', openApart: [8n, 9n, 10n, FAR], openedFor, version: 2 };
      expect(await pools.readPool(id)).toEqual(kept);
      expect(await pools.openApart(id, 11n, 9, { part: 'b', most: 2 })).toBe(false);
    });

    it('are listed by a registry that counts its changes', async () => {
      const { pools } = open();
      const vrf = newId();
      expect(await pools.readRegistry(vrf)).toEqual({ vrf, version: 0, pools: [] });
      const blue = registered(definition(newId()));
      expect(await pools.writeRegistry({ vrf, version: 1, pools: [blue] })).toBe(true);
      const two = { vrf, version: 2, pools: [blue, { ...registered(definition(newId())), name: 'green' }] };
      expect(await pools.writeRegistry(two)).toBe(true);
      expect(await pools.readRegistry(vrf)).toEqual(two);
      expect(await pools.readRegistry(newId())).toMatchObject({ version: 0, pools: [] });
    });

    it('are registered by one of many that write at once', async () => {
      const { pools } = open();
      const vrf = newId();
      const writes = Array.from({ length: 16 }, () => ({ vrf, version: 1, pools: [registered(definition(newId()))] }));
      const outcomes = await Promise.all(writes.map((write) => pools.writeRegistry(write)));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect(await pools.readRegistry(vrf)).toEqual(writes[outcomes.indexOf(true)]);
    });

    it('are listed with what ADDs choose by, in place of what an earlier version wrote', async () => {
      const { pools } = open();
      const vrf = newId();
      const blue = definition(newId());
      await pools.writeRegistry({ vrf, version: 1, pools: [registered(blue)] });
      const chosen = { ...blue, namespaces: ['shop'], nodeLabels: { rack: 'a' }, default: true, order: -5 };
      const listed = { vrf, version: 2, pools: [entryOf(chosen, 'draining'), entryOf(definition(newId()), 'active')] };
      expect(await pools.writeRegistry(listed)).toBe(true);
      expect(await pools.readRegistry(vrf)).toEqual(listed);
    });

    it('know a write again that comes twice, also where others wrote in between', async () => {
      const { pools } = open();
      const pool = stateOf(definition(newId()));
      for (const _ of ['once', 'again']) expect(await pools.createPool(pool, 'token-1')).toBe(true);
      const slow = { ...pool, definition: { ...pool.definition, cooldownSeconds: 600 }, version: 2 };
      for (const _ of ['once', 'again']) expect(await pools.changePool(slow, 'token-2')).toBe(true);
      const draining = { ...slow, state: 'draining', version: 3 } as const;
      expect(await pools.changePool(draining, 'token-3')).toBe(true);
      for (const late of [() => pools.createPool(pool, 'token-1'), () => pools.changePool(slow, 'token-2')])
        expect(await late()).toBe(true);
      expect(await pools.readPool(pool.definition.id)).toEqual(draining);
      const vrf = newId();
      const first = { vrf, version: 1, pools: [registered(pool.definition)] };
      const second = { vrf, version: 2, pools: [] };
      for (const _ of ['once', 'again']) expect(await pools.writeRegistry(first, 'token-1')).toBe(true);
      expect(await pools.writeRegistry(second, 'token-2')).toBe(true);
      expect(await pools.writeRegistry(first, 'token-1')).toBe(true);
      expect(await pools.readRegistry(vrf)).toEqual(second);
    });

    it('take no other write for it', async () => {
      const { pools } = open();
      const pool = stateOf(definition(newId()));
      await pools.createPool(pool, 'token-1');
      expect(await pools.createPool(pool, 'token-9')).toBe(false);
      await pools.changePool({ ...pool, version: 2 }, 'token-2');
      expect(await pools.changePool({ ...pool, version: 2 }, 'token-1')).toBe(false);
      const vrf = newId();
      await pools.writeRegistry({ vrf, version: 1, pools: [] }, 'token-1');
      expect(await pools.writeRegistry({ vrf, version: 1, pools: [] }, 'token-9')).toBe(false);
      expect(await pools.writeRegistry({ vrf, version: 1, pools: [] })).toBe(false);
    });

    it('take a write for another’s once more were made than are kept', async () => {
      const { pools } = open();
      const vrf = newId();
      for (let version = 1; version <= 17; version += 1)
        await pools.writeRegistry({ vrf, version, pools: [] }, `t${version}`);
      expect(await pools.writeRegistry({ vrf, version: 2, pools: [] }, 't2')).toBe(true);
      expect(await pools.writeRegistry({ vrf, version: 1, pools: [] }, 't1')).toBe(false);
    });

    it('open just so many blocks, whoever asked for it', async () => {
      const { pools } = open();
      const pool = stateOf(definition(newId()));
      const { id } = pool.definition;
      await pools.createPool(pool);
      for (const _ of ['once', 'again']) expect(await pools.openPool(id, 4n, 8n)).toBe(true);
      expect(await pools.readPool(id)).toMatchObject({ open: 8n });
    });

    it('are measured as they are written', () => {
      const { registryBytes } = open();
      const empty = registryBytes({ vrf: 'red', version: 1, pools: [] });
      expect(registryBytes({ vrf: 'red', version: 1, pools: [registered(definition(newId()))] })).toBeGreaterThan(
        empty,
      );
    });
  });
}
