/** What the reclaim costs, when it looks again, and that it ends in time, however many nodes died. */
import { describe, expect, it } from 'vitest';
import type { DeathKey, Sweep } from '../../../../core/protocol/node.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { counted, intercepted } from '../../intercepted.ts';
import { slowStore, timeFrom } from '../../slow-store.ts';
import { add, addOf, callOf, operatorsPool, proposal, START, type World, world } from '../../world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** As the schedule has it. */
const RUN = 5 * MINUTE;
const named = { vrf: 'default', name: 'blue' };

/** Nodes that leased and are declared dead. */
async function deadNodes(here: World, ids: readonly string[]) {
  const pool = await operatorsPool(here, { addresses: 4096, blockSize: 16 });
  const warm = here.environment();
  for (const [index, id] of ids.entries()) {
    const request = addOf(index, { pool: named, proposal: proposal(pool, index >> 4, index & 15) });
    await add(warm, id, request);
  }
  for (const id of ids)
    await declareDeath(warm, callOf('user/ann'), { node: id, reason: 'a rack burned', alsoIfAlive: true });
  const held = async () => {
    let count = 0;
    for (let block = 0n; block < 256n; block += 1n)
      for (const state of (await here.store.leases.readBlock({ pool: pool.id, block })).values())
        if (state.held) count += 1;
    return count;
  };
  return { pool, held };
}
const nodesNamed = (count: number) => Array.from({ length: count }, (_, index) => `i-${index}`);
const everyDeath = async (here: World) => (await here.store.nodes.listDeaths({ limit: 2000 })).deaths;

describe('a death', () => {
  it('is looked at at once, after 5 minutes, an hour, a day and 7 days, and then no more', async () => {
    const here = world();
    await deadNodes(here, ['i-1']);
    const looks: number[] = [];
    const store = intercepted(here.store, (name, _, proceed) => {
      if (name === 'recordSweep') looks.push(here.clock.now - START);
      return proceed();
    });
    for (; here.clock.now < START + 30 * DAY; here.clock.now += RUN) await reclaim(here.environment({ store }));
    expect(looks).toEqual([0, 5 * MINUTE, HOUR, DAY, 7 * DAY]);
  });

  it('that is concluded costs nothing: a run with 1,000 of them makes two requests', async () => {
    const here = world();
    await deadNodes(here, nodesNamed(1000));
    for (const days of [0, 7, 9, 17]) {
      here.clock.now = START + days * DAY;
      await reclaim(here.environment());
    }
    const { store, requests } = counted(here.store);
    const found: number[] = [];
    const watched = intercepted(store, async (name, _, proceed) => {
      const answer = await proceed();
      if (name === 'listDeaths') found.push((answer as { deaths: unknown[] }).deaths.length);
      return answer;
    });
    here.clock.now += RUN;
    expect(await reclaim(here.environment({ store: watched }))).toEqual({ nodes: [], waiting: 0 });
    expect([requests, found]).toEqual([['readConcluded', 'listDeaths'], [0]]);
  });

  it('that is not due yet costs the reading of the list alone', async () => {
    const here = world();
    await deadNodes(here, nodesNamed(1000));
    await reclaim(here.environment());
    here.clock.now += MINUTE;
    const { store, requests } = counted(here.store);
    await reclaim(here.environment({ store }));
    expect(requests).toEqual(['readConcluded', 'adoptDeaths', 'listDeaths']);
  });

  it('whose declaration was interrupted before the mark is looked for once it is repeated, however late', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 16, blockSize: 4 });
    await add(here.environment(), 'i-1', addOf(1, { pool: named, proposal: proposal(pool, 0, 0) }));
    const store = intercepted(here.store, (name, _, proceed) => {
      if (name === 'markDead') throw new Error('the function was stopped here');
      return proceed();
    });
    const request = { node: 'i-1', reason: 'it burned', alsoIfAlive: true };
    await expect(declareDeath(here.environment({ store }), callOf('user/ann'), request)).rejects.toThrow('stopped');
    for (; here.clock.now < START + 40 * DAY; here.clock.now += 12 * HOUR)
      expect((await reclaim(here.environment())).nodes).toEqual([]);
    await declareDeath(here.environment(), callOf('user/ann'), request);
    expect((await reclaim(here.environment())).nodes).toEqual([{ node: 'i-1', incarnation: 1, freed: 1 }]);
  });

  it('of a later life of the node is another one, and is looked for as such', async () => {
    const here = world();
    const { pool } = await deadNodes(here, ['i-1']);
    await reclaim(here.environment());
    here.clock.now += 30 * DAY;
    await add(here.environment(), 'i-1', addOf(7, { pool: named, boot: 'boot-2', proposal: proposal(pool, 3, 0) }));
    await declareDeath(here.environment(), callOf('user/ann'), {
      node: 'i-1',
      reason: 'it burned again',
      alsoIfAlive: true,
    });
    const { nodes } = await reclaim(here.environment());
    expect(nodes).toContainEqual({ node: 'i-1', incarnation: 2, freed: 1 });
    expect((await everyDeath(here)).map(({ incarnation }) => incarnation)).toEqual([2, 1]);
  });
});

describe('a run', () => {
  it('ends in time with 300 new deaths and 700 ms a request, 16 at once, and the next ones go on where it ended', async () => {
    const here = world();
    const { held } = await deadNodes(here, nodesNamed(300));
    const looked = new Map<string, number>();
    const swept = new Set<string>();
    let runs = 0;
    for (let waiting = 1; waiting > 0 && runs < 50; runs += 1) {
      const slow = slowStore(here, 700);
      const store = intercepted(slow.store, (name, [of, sweep], proceed) => {
        if (name === 'recordSweep' && (sweep as Sweep).sweptAt !== undefined) swept.add((of as DeathKey).node);
        // Meanwhile the first ones are due again.
        if (name === 'readNode' && !swept.has(`${of}`)) looked.set(`${of}`, (looked.get(`${of}`) ?? 0) + 1);
        return proceed();
      });
      const call = timeFrom(here, 30_000);
      ({ waiting } = await reclaim(here.environment({ store }), call));
      expect(slow.together()).toBe(16);
      expect(call.remainingMs()).toBeGreaterThan(2000);
    }
    expect(runs).toBeGreaterThan(1);
    expect(runs).toBeLessThan(50);
    expect(await held()).toBe(0);
    expect(looked.size).toBe(300);
    // Only those that were under way when the time was up are looked at twice.
    expect([...looked.values()].filter((times) => times > 1).length).toBeLessThanOrEqual(4 * runs);
    expect((await everyDeath(here)).reduce((sum, { freed }) => sum + freed, 0)).toBe(300);
  });

  it('begins with new deaths, then takes the longest due', async () => {
    const here = world();
    const { pool } = await deadNodes(here, ['i-a']);
    await reclaim(here.environment());
    here.clock.now += 10 * MINUTE;
    await add(here.environment(), 'i-b', addOf(49, { pool: named, proposal: proposal(pool, 8, 0) }));
    await declareDeath(here.environment(), callOf('user/ann'), { node: 'i-b', reason: 'it burned', alsoIfAlive: true });
    await reclaim(here.environment());
    here.clock.now += HOUR;
    await add(here.environment(), 'i-new', addOf(50, { pool: named, proposal: proposal(pool, 9, 0) }));
    await declareDeath(here.environment(), callOf('user/ann'), {
      node: 'i-new',
      reason: 'it burned',
      alsoIfAlive: true,
    });
    here.clock.now += HOUR;
    expect((await reclaim(here.environment())).nodes.map(({ node }) => node)).toEqual(['i-new', 'i-b', 'i-a']);
  });

  it('reclaims the others where one node fails, says so, and tries that one ever less often', async () => {
    const here = world();
    const { held } = await deadNodes(here, ['i-0', 'i-1', 'i-2']);
    let tries = 0;
    const store = intercepted(here.store, (name, [id], proceed) => {
      if (name !== 'readNode' || id !== 'i-1') return proceed();
      tries += 1;
      throw new Error('DynamoDB throttles');
    });
    await expect(reclaim(here.environment({ store }))).rejects.toThrow('throttles');
    expect([await held(), tries]).toEqual([1, 1]);
    for (; here.clock.now < START + DAY; here.clock.now += RUN)
      await reclaim(here.environment({ store })).catch(() => undefined);
    expect(tries).toBeLessThan(15);
    here.clock.now += DAY;
    expect((await reclaim(here.environment())).nodes).toContainEqual({ node: 'i-1', incarnation: 1, freed: 1 });
  });

  it('passes no death over that another run, or the declaration, is still writing', async () => {
    const here = world();
    const { held } = await deadNodes(here, nodesNamed(20));
    for (; here.clock.now < START + 9 * DAY; here.clock.now += 6 * HOUR)
      await Promise.all([reclaim(here.environment()), reclaim(here.environment())]);
    const deaths = await everyDeath(here);
    expect(deaths.filter(({ declaredAt, sweptAt = 0 }) => sweptAt < declaredAt + 7 * DAY)).toEqual([]);
    expect([await held(), deaths.reduce((sum, { freed }) => sum + freed, 0)]).toEqual([0, 20]);
  });
});
