import { describe, expect, it } from 'vitest';
import type { SlotKey } from '../../../../core/protocol/slot-ref.ts';
import { declareDeath, listDeaths } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { counted, intercepted } from '../../intercepted.ts';
import {
  add,
  addOf,
  COOLDOWN_MS,
  callOf,
  nonceOf,
  operatorsPool,
  proposal,
  refusalOf,
  START,
  type World,
  world,
} from '../../world.ts';

const named = { vrf: 'default', name: 'blue' };
const DAY = 24 * 60 * 60 * 1000;
const declare = (here: World, node = 'i-1') =>
  declareDeath(here.environment(), callOf('user/ann'), { node, reason: 'its power supply burned', alsoIfAlive: true });

/** Two nodes with two leases each, in different blocks. */
async function cluster() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 80, blockSize: 2 });
  let container = 0;
  const lease = async (node: string, block: number, slot: number, incarnation?: number) => {
    container += 1;
    const request = addOf(container, {
      pool: named,
      proposal: proposal(pool, block, slot),
      ...(incarnation ? { incarnation } : {}),
    });
    return (await add(here.environment(), node, request)).slot;
  };
  await lease('i-1', 0, 0);
  await lease('i-2', 0, 1);
  await lease('i-1', 20, 0);
  await lease('i-2', 39, 1);
  const held = async () => {
    const all: string[] = [];
    for (let block = 0n; block < 40n; block += 1n)
      for (const [slot, state] of await here.store.leases.readBlock({ pool: pool.id, block }))
        if (state.held) all.push(`${state.holding?.node} in life ${state.holding?.incarnation}: ${block}/${slot}`);
    return all;
  };
  return { here, pool, lease, held };
}

describe('reclaim', () => {
  it('frees nothing where no death is declared', async () => {
    const { here, held } = await cluster();
    here.clock.now += 365 * DAY;
    expect(await reclaim(here.environment())).toEqual({ nodes: [], waiting: 0 });
    expect(await held()).toHaveLength(4);
  });

  it('frees what the dead node holds, wherever that is, and nothing of another’s', async () => {
    const { here, pool, held } = await cluster();
    await declare(here);
    here.clock.now = START + 700;
    expect((await reclaim(here.environment())).nodes).toEqual([{ node: 'i-1', incarnation: 1, freed: 2 }]);
    expect(await held()).toEqual(['i-2 in life 1: 0/1', 'i-2 in life 1: 39/1']);
    const state = (await here.store.leases.readBlock({ pool: pool.id, block: 20n })).get(0);
    expect(state?.reusableAt).toBe(START + 700 + COOLDOWN_MS);
    expect(await listDeaths(here.environment(), { limit: 50 })).toMatchObject({
      deaths: [{ node: 'i-1', freed: 2, sweptAt: '2026-01-01T00:00:00.700Z' }],
    });
  });

  it('frees nothing of the node’s next life', async () => {
    const { here, lease, held } = await cluster();
    await declare(here);
    await lease('i-1', 5, 0);
    await lease('i-1', 30, 0, 1);
    const { store, requests } = counted(here.store);
    expect((await reclaim(here.environment({ store }))).nodes).toEqual([{ node: 'i-1', incarnation: 1, freed: 2 }]);
    expect(requests.filter((name) => name === 'sweep')).toHaveLength(2);
    expect(await held()).toEqual([
      'i-2 in life 1: 0/1',
      'i-1 in life 2: 5/0',
      'i-1 in life 2: 30/0',
      'i-2 in life 1: 39/1',
    ]);
  });

  it('frees nothing that came to belong to the next life after it was read', async () => {
    const { here, held } = await cluster();
    await declare(here);
    const store = intercepted(here.store, async (name, [key], proceed) => {
      if (name !== 'sweep') return proceed();
      const slot = key as SlotKey;
      const holding = (await here.store.leases.readBlock(slot)).get(slot.slot)?.holding;
      if (holding) await here.store.leases.hold(slot, { ...holding, incarnation: 2 }, 1);
      return proceed();
    });
    expect((await reclaim(here.environment({ store }))).nodes).toMatchObject([{ freed: 0 }]);
    expect(await held()).toHaveLength(4);
  });

  it('frees nothing of a life that is not over, whatever a record says', async () => {
    const { here, held } = await cluster();
    const record = {
      node: 'i-1',
      incarnation: 2,
      reason: 'a mistake',
      declaredBy: 'user/ann',
      declaredAt: START,
      freed: 0,
    };
    await here.store.nodes.recordDeath(record);
    expect(await reclaim(here.environment())).toEqual({ nodes: [], waiting: 0 });
    expect(await held()).toHaveLength(4);
  });

  it('frees at its next run what a request of the dead life came to hold late', async () => {
    const { here, pool, held } = await cluster();
    const store = intercepted(here.store, async (name, _, proceed) => {
      if (name === 'hold') {
        await declare(here);
        await reclaim(here.environment());
      }
      return proceed();
    });
    const late = addOf(9, { pool: named, incarnation: 1, proposal: proposal(pool, 20, 1) });
    expect((await add(here.environment({ store }), 'i-1', late)).incarnation).toBe(1);
    expect(await held()).toContain('i-1 in life 1: 20/1');
    here.clock.now += DAY;
    expect((await reclaim(here.environment())).nodes).toEqual([{ node: 'i-1', incarnation: 1, freed: 1 }]);
    expect(await held()).toEqual(['i-2 in life 1: 0/1', 'i-2 in life 1: 39/1']);
    expect((await listDeaths(here.environment(), { limit: 50 })).deaths[0]?.freed).toBe(3);
  });

  it('may run twice at once', async () => {
    const { here, held } = await cluster();
    await declare(here);
    const reports = await Promise.all([reclaim(here.environment()), reclaim(here.environment())]);
    expect(reports.flatMap(({ nodes }) => nodes).reduce((sum, { freed }) => sum + freed, 0)).toBe(2);
    expect((await listDeaths(here.environment(), { limit: 50 })).deaths[0]?.freed).toBe(2);
    expect(await held()).toHaveLength(2);
  });

  it('frees nothing on a declaration that was interrupted before its mark, since the node may have started again', async () => {
    const { here, held } = await cluster();
    const store = intercepted(here.store, (name, _, proceed) => {
      if (name === 'markDead') throw new Error('the function was stopped here');
      return proceed();
    });
    const before = await held();
    const request = { node: 'i-1', reason: 'it burned', alsoIfAlive: true };
    await expect(declareDeath(here.environment({ store }), callOf('user/ann'), request)).rejects.toThrow('stopped');
    expect(await reclaim(here.environment())).toEqual({ nodes: [], waiting: 0 });
    expect((await here.store.nodes.readNode('i-1'))?.alive).toBe(true);
    expect(await held()).toEqual(before);

    await declareDeath(here.environment(), callOf('user/ann'), request);
    await reclaim(here.environment());
    expect((await here.store.nodes.readNode('i-1'))?.alive).toBe(false);
    expect(await held()).toHaveLength(2);
  });

  it('frees nothing of a node that started again before a delayed declaration reached it', async () => {
    const { here, held } = await cluster();
    const started: string[] = [];
    const store = intercepted(here.store, async (name, _, proceed) => {
      if (name === 'markDead') {
        const { incarnation } = await add(here.environment(), 'i-1', addOf(9, { pool: named, boot: 'boot-2' }));
        started.push(`life ${incarnation}`);
      }
      return proceed();
    });
    const request = { node: 'i-1', reason: 'it burned', alsoIfAlive: true };
    const declared = declareDeath(here.environment({ store }), callOf('user/ann'), request);
    expect((await refusalOf(declared)).code).toBe('node.alive');
    expect(started).toEqual(['life 2']);
    expect((await here.store.nodes.readNode('i-1'))?.alive).toBe(true);
    await reclaim(here.environment());
    expect((await held()).filter((lease) => lease.startsWith('i-1 in life 2'))).toHaveLength(1);
  });

  it('soon spares what a node leases that was declared dead although it is up', async () => {
    const { here, pool, held } = await cluster();
    const warm = here.environment();
    const lease = async (container: number, slot: number) =>
      (await add(warm, 'i-1', addOf(container, { pool: named, incarnation: 1, proposal: proposal(pool, 20, slot) })))
        .incarnation;
    expect(await lease(8, 1)).toBe(1);
    await declare(here);
    here.clock.now += 31_000;
    expect(await lease(9, 0)).toBe(2);
    await reclaim(here.environment());
    expect((await held()).filter((held) => held.startsWith('i-1'))).toHaveLength(1);
  });

  it('spares a lease of the dead life that its owner, still there, asks for again before the sweep', async () => {
    const { here, pool, held } = await cluster();
    await declare(here);
    const again = addOf(1, { pool: named, attempt: 2, incarnation: 1, proposal: proposal(pool, 0, 0) });
    expect(await add(here.environment(), 'i-1', again)).toMatchObject({
      incarnation: 2,
      slot: { block: '0', slot: 0 },
    });
    await reclaim(here.environment());
    expect(await held()).toEqual(['i-1 in life 2: 0/0', 'i-2 in life 1: 0/1', 'i-2 in life 1: 39/1']);
  });

  it('goes on where a run was stopped', async () => {
    const { here, held } = await cluster();
    await declare(here);
    let sweeps = 0;
    const store = intercepted(here.store, (name, _, proceed) => {
      if (name === 'sweep' && ++sweeps === 2) throw new Error('the function was stopped here');
      return proceed();
    });
    await expect(reclaim(here.environment({ store }))).rejects.toThrow('stopped');
    expect(await held()).toHaveLength(3);
    here.clock.now += 5 * 60_000;
    expect((await reclaim(here.environment())).nodes).toEqual([{ node: 'i-1', incarnation: 1, freed: 1 }]);
    expect((await listDeaths(here.environment(), { limit: 50 })).deaths).toMatchObject([{ freed: 2 }]);
    expect(await held()).toHaveLength(2);
  });
});

describe('a declared death', () => {
  it('is answered with its record, and a repeat with the same', async () => {
    const { here } = await cluster();
    const record = {
      node: 'i-1',
      incarnation: 1,
      reason: 'its power supply burned',
      declaredBy: 'user/ann',
      declaredAt: '2026-01-01T00:00:00.000Z',
      freed: 0,
    };
    expect(await declare(here)).toEqual(record);
    here.clock.now += 5000;
    expect(
      await declareDeath(here.environment(), callOf('user/bob'), { node: 'i-1', reason: 'again', alsoIfAlive: true }),
    ).toEqual(record);
    expect(await listDeaths(here.environment(), { limit: 50 })).toEqual({ deaths: [record] });
  });

  it('of the node’s next life is another one', async () => {
    const { here, lease } = await cluster();
    await declare(here);
    await lease('i-1', 2, 0);
    expect((await declare(here)).incarnation).toBe(2);
  });

  it('of a node that never was here is refused', async () => {
    const { here } = await cluster();
    const refusal = await refusalOf(declare(here, 'i-77'));
    expect(refusal.code).toBe('node.unknown');
    expect(refusal.message).toContain('i-77');
  });

  it.each([undefined, 1])(
    'lets a node that comes back lease again, in its next life (it believes to be in %s)',
    async (life) => {
      const { here, pool } = await cluster();
      await declare(here);
      const believed = life === undefined ? {} : { incarnation: life };
      const request = addOf(50, { pool: named, nonce: nonceOf(50), proposal: proposal(pool, 0, 0), ...believed });
      expect((await add(here.environment(), 'i-1', request)).incarnation).toBe(2);
    },
  );
});
