/** What deaths cost, day after day, and that all of them are settled in the end. docs/reclaim.md has the figures of a month. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../core/store.ts';
import { sweepInstances } from '../../functions/use-cases/evidence/sweep-instances.ts';
import { reclaim } from '../../functions/use-cases/reclaim/reclaim.ts';
import { counted, intercepted } from '../functions/intercepted.ts';
import { slowStore, timeFrom } from '../functions/slow-store.ts';
import { world } from '../functions/world.ts';
import { BLOCK_SIZE, dyingNodes, LEASES_OF_NODE } from './dying-nodes.ts';
import { leasesOf, MS_A_REQUEST, monthOf } from './month.ts';

/** Each look reads the node and two shared blocks with their slots, and the block that was its own; and is noted. */
const A_LOOK = 5;
const LOOKS = 5;
/** A pass over each slot, the beginning and the end of the fence, two looks at what is left, and that the node is listed no more. */
const A_FENCE = BLOCK_SIZE + 4;
const OF_DEATH = LOOKS * A_LOOK + A_FENCE + LEASES_OF_NODE + 1;
/** How far deaths are settled, what earlier versions noted, a page of the deaths, and once a day that more are settled. */
const A_RUN = 4;

describe('40 deaths a day, half of them at once', () => {
  const deaths = { aDay: 40, days: 3, atOnce: 20 };

  it('cost so many requests each, and nothing once they are settled', async () => {
    const month = await monthOf(deaths);
    expect(month.left).toEqual({ held: 0, listed: 0, unsettled: 0 });
    expect([month.deaths, month.freed]).toEqual([120, leasesOf(deaths)]);
    const together = month.requests.reduce((sum, one) => sum + one, 0);
    expect(together).toBeLessThanOrEqual(120 * OF_DEATH + month.requests.length * A_RUN);
    expect([month.cutShort, month.latestFirst]).toEqual([0, 0]);
    expect(month.afterwards).toEqual(['readConcluded', 'listDeaths']);
  });

  it('are all settled where a run has time for 300 requests, and none of them has more than it began in time', async () => {
    const reserveMs = 5_000;
    const month = await monthOf(deaths, { timeMs: reserveMs + 300 * MS_A_REQUEST });
    expect(month.left).toEqual({ held: 0, listed: 0, unsettled: 0 });
    expect(month.freed).toBe(leasesOf(deaths));
    expect(month.cutShort).toBeGreaterThan(0);
    // What was under way is ended, and what was freed is noted.
    expect(month.largestRun).toBeLessThanOrEqual(300 + 2 * 16);
    // The others of that moment come first in the next runs.
    expect(month.latestFirst).toBeLessThanOrEqual(Math.ceil((20 * OF_DEATH) / 250));
  });
});

it.each([
  ['unlist', { listed: 4 }],
  ['sweep', { held: 8 }],
  ['recordSweep', { unsettled: 4 }],
] as const)('a store that passes over “%s” is found out by what is left', async (lost, left) => {
  const broken = (store: Store) => intercepted(store, async (name, _, proceed) => (name === lost ? true : proceed()));
  const month = await monthOf({ aDay: 4, days: 1, atOnce: 4 }, { broken });
  expect(month.left).toMatchObject(left);
});

it('nodes with blocks of their own are taken back by 16 requests at once, however many there are', async () => {
  const here = world();
  const nodes = await dyingNodes(here, 40);
  for (let n = 0; n < 40; n += 1) await nodes.die();
  const slow = slowStore(here, 5);
  await reclaim(here.environment({ store: slow.store }), timeFrom(here, 150_000));
  expect([slow.together(), await nodes.held()]).toEqual([16, 0]);
});

it('2,000 nodes of which none is dead cost a look the reading of their list, and the reclaim nothing', async () => {
  const here = world();
  const idOf = (n: number) => `i-${n.toString(16).padStart(17, '0')}`;
  for (let n = 0; n < 2_000; n += 1) await here.store.nodes.noteListed(idOf(n), { incarnation: 1 }, here.clock.now);
  await reclaim(here.environment());
  const { store, requests } = counted(here.store);
  const deps = {
    ...here.environment({ store }),
    own: { partition: 'aws', id: '123456789012', region: 'eu-central-1' },
    otherAccounts: [],
    instances: {
      lookUp: async (_: string, ids: readonly string[]) => ({
        is: 'answered' as const,
        states: new Map(ids.map((id) => [id, 'running' as const])),
      }),
    },
  };
  const asked: number[] = [];
  for (const work of [
    () => sweepInstances(deps, timeFrom(here, 60_000)),
    () => sweepInstances(deps, timeFrom(here, 60_000)),
    () => reclaim(deps),
  ]) {
    requests.length = 0;
    await work();
    asked.push(requests.length);
  }
  // At first what EC2 says of each is noted, which is done once a day.
  expect(asked).toEqual([2_016, 16, 3]);
});
