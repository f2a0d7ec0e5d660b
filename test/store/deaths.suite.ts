import { expect, it } from 'vitest';
import type { DeathRecord } from '../../core/protocol/node.ts';
import type { Store } from '../../core/store.ts';
import { death, deathsOf, newId } from './refusals.ts';

export function deathsSuite(open: () => Store): void {
  it('have a record each, with what was freed by all its sweeps', async () => {
    const store = open();
    const id = newId();
    const { declaredAt } = death(id, 1);
    const key = { node: id, declaredAt };
    expect(await store.nodes.readDeath(key)).toBeUndefined();
    expect(await store.nodes.recordDeath(death(id, 1))).toBe(true);
    expect(await deathsOf(store, id)).toEqual([death(id, 1)]);
    expect(await store.nodes.recordSweep(key, { freed: 3, retryAt: 7000 })).toBe(true);
    expect(await store.nodes.recordSweep(key, { freed: 0, sweptAt: 7500 })).toBe(true);
    expect(await store.nodes.recordSweep(key, { freed: 2, sweptAt: 8000 })).toBe(true);
    const swept = { ...death(id, 1), freed: 5, sweptAt: 8000, retryAt: 7000 };
    expect(await store.nodes.readDeath(key)).toEqual(swept);
    expect(await store.nodes.recordDeath(death(id, 2))).toBe(true);
    expect(await deathsOf(store, id)).toEqual([death(id, 2), swept]);
  });

  it('are withdrawn where they ended no life, and are kept all the same', async () => {
    const store = open();
    const id = newId();
    const key = { node: id, declaredAt: death(id, 1).declaredAt };
    expect(await store.nodes.withdrawDeath(key)).toBe(false);
    await store.nodes.recordDeath(death(id, 1));
    expect([await store.nodes.withdrawDeath(key), await store.nodes.withdrawDeath(key)]).toEqual([true, true]);
    expect(await deathsOf(store, id)).toEqual([{ ...death(id, 1), withdrawn: true }]);
  });

  it('are listed, the latest first, a page at a time', async () => {
    const { nodes } = open();
    const at = 1_000_000_000_000;
    const [a, b, c] = [1, 2, 2].map((later, index) => ({
      ...death(`${newId()}-${index}/x`),
      declaredAt: at + later,
    }));
    for (const one of [b, a, c]) await nodes.recordDeath(one as DeathRecord);
    const first = await nodes.listDeaths({ limit: 2, since: at });
    expect(first.deaths.map(({ declaredAt }) => declaredAt)).toEqual([at + 2, at + 2]);
    const { nextCursor: cursor } = first;
    expect(await nodes.listDeaths({ limit: 2, since: at, cursor })).toEqual({ deaths: [a] });
    expect(await nodes.listDeaths({ limit: 2, since: at + 2 })).toEqual({ deaths: first.deaths });
  });

  it('are found by their node, which knows when its last one was declared', async () => {
    const { nodes } = open();
    const id = newId();
    await nodes.join(id, ['p:0'], 'b1', 1);
    expect((await nodes.readNode(id))?.diedAt).toBeUndefined();
    await nodes.markDead(id, 1, 5000);
    expect(await nodes.readNode(id)).toMatchObject({ alive: false, diedAt: 5000 });
  });
}
