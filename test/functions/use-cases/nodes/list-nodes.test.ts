import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { type ListNodesQuery, listNodesQuery, listNodesResult } from '../../../../core/contract/nodes.ts';
import type { Call } from '../../../../functions/use-cases/dependencies.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { heartbeat } from '../../../../functions/use-cases/nodes/heartbeat.ts';
import { listNodes } from '../../../../functions/use-cases/nodes/list-nodes.ts';
import { join } from '../../../../functions/use-cases/nodes/membership.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { add, addOf, callOf, START, type World, world } from '../../world.ts';

const LATER = START + 60_000;
const OWN = { partition: 'aws', id: '111122223333' };
const OTHER = { partition: 'aws', id: '999988887777' };

async function list(here: World, query: Partial<Record<keyof ListNodesQuery, string>> = {}, remainingMs = 10_000) {
  const parsed = z.parse(listNodesQuery, query);
  return z.parse(listNodesResult, await listNodes(here.environment(), { remainingMs: () => remainingMs }, parsed));
}

/** All pages; that of no page are more than `limit`. */
async function everyNode(here: World, query: Parameters<typeof list>[1] = {}, remainingMs = 10_000) {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(here, { ...query, ...(cursor === undefined ? {} : { cursor }) }, remainingMs);
    expect(page.nodes.length).toBeLessThanOrEqual(Number(query?.limit ?? 50));
    found.push(...page.nodes.map(({ node }) => node));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(new Set(found).size).toBe(found.length);
  return found.sort();
}

const lives = (here: World, call: Pick<Call, 'caller' | 'account' | 'cluster'>) =>
  join(here.environment(), call, [], 'boot-1');

describe('a node is listed', () => {
  it('before it has its first lease, with its account and the cluster of its role', async () => {
    const here = world();
    const seen: unknown[] = [];
    const { leases } = here.store;
    const store = {
      ...here.store,
      leases: {
        ...leases,
        hold: async (...args: Parameters<typeof leases.hold>) => {
          seen.push((await list(here)).nodes);
          return leases.hold(...args);
        },
      },
    };
    const { allocate } = await import('../../../../functions/use-cases/add/allocate.ts');
    await allocate(here.environment({ store }), { ...callOf('i-1'), account: OWN, cluster: 'prod' }, addOf(1));
    expect(seen).toEqual([
      [
        {
          node: 'i-1',
          account: '111122223333',
          partition: 'aws',
          cluster: 'prod',
          alive: true,
          incarnation: 1,
          lifeAt: new Date(START).toISOString(),
        },
      ],
    ]);
  });

  it('with what its agent says: name, version and Region, which prove nothing', async () => {
    const here = world();
    await lives(here, { caller: 'i-1' });
    here.clock.now = LATER;
    const said = { boot: 'boot-1', name: 'worker-1', version: '1.2.3', region: 'eu-central-1' };
    await heartbeat(here.environment(), { ...callOf('i-1'), account: OWN, cluster: 'prod' }, said);
    expect((await list(here)).nodes).toEqual([
      {
        node: 'i-1',
        ...{ account: '111122223333', partition: 'aws', cluster: 'prod', region: 'eu-central-1' },
        ...{ name: 'worker-1', version: '1.2.3', alive: true, incarnation: 1 },
        ...{ lifeAt: new Date(START).toISOString(), heartbeatAt: new Date(LATER).toISOString() },
      },
    ]);
  });

  it('with what EC2 said last, and since when EC2 knows it', async () => {
    const here = world();
    await lives(here, { caller: 'i-1' });
    await here.store.nodes.noteInstance('i-1', { state: 'running', region: 'us-east-1', at: START });
    await here.store.nodes.noteInstance('i-1', { state: 'stopped', region: 'us-east-1', at: LATER });
    expect((await list(here)).nodes).toMatchObject([
      {
        instance: { state: 'stopped', at: new Date(LATER).toISOString() },
        knownToEc2At: new Date(START).toISOString(),
      },
    ]);
  });

  it('by its next heartbeat where an earlier version made it', async () => {
    const here = world();
    await here.store.nodes.join('i-1', [], 'boot-1', START);
    expect((await list(here)).nodes).toEqual([]);
    await heartbeat(here.environment(), callOf('i-1'), { boot: 'boot-1' });
    expect((await list(here)).nodes).toMatchObject([{ node: 'i-1', alive: true, incarnation: 1 }]);
  });

  it('in its next life from before that begins, and leaves the list when its death is settled', async () => {
    const here = world();
    const die = () => declareDeath(here.environment(), callOf('user/ann'), { node: 'i-1', reason: 'gone' });
    await lives(here, { caller: 'i-1' });
    here.clock.now += 60 * 60_000;
    await die();
    await reclaim(here.environment());
    expect((await list(here)).nodes).toMatchObject([{ alive: false, incarnation: 1 }]);
    await lives(here, { caller: 'i-1' });
    expect((await list(here)).nodes).toMatchObject([{ alive: true, incarnation: 2 }]);
    here.clock.now += 8 * 24 * 60 * 60_000;
    await reclaim(here.environment());
    expect((await list(here)).nodes, 'the death of an earlier life is settled').toMatchObject([{ incarnation: 2 }]);
    await die();
    await reclaim(here.environment());
    here.clock.now += 8 * 24 * 60 * 60_000;
    await reclaim(here.environment());
    expect((await list(here)).nodes).toEqual([]);
  });
});

describe('the list of nodes', () => {
  async function many() {
    const here = world();
    const ids = Array.from({ length: 230 }, (_, n) => `i-${n}`).sort();
    for (const [n, caller] of ids.entries())
      await lives(here, { caller, account: n % 2 === 0 ? OWN : OTHER, cluster: n % 3 === 0 ? 'on-prem' : 'prod' });
    return { here, ids };
  }

  it('has each node once, in pages, however little time a request has', async () => {
    const { here, ids } = await many();
    expect(await everyNode(here)).toEqual(ids);
    expect(await everyNode(here, { limit: '7' })).toEqual(ids);
    expect(await everyNode(here, {}, 0)).toEqual(ids);
  });

  it('is asked for by cluster, account, Region, and for those alive or dead', async () => {
    const { here, ids } = await many();
    const [first = '', second = ''] = ids;
    const wanted = (fits: (n: number) => boolean) => ids.filter((_, n) => fits(n));
    expect(await everyNode(here, { cluster: 'on-prem', limit: '5' })).toEqual(wanted((n) => n % 3 === 0));
    expect(await everyNode(here, { account: OTHER.id })).toEqual(wanted((n) => n % 2 === 1));
    expect(await everyNode(here, { account: OTHER.id, cluster: 'prod' })).toEqual(
      wanted((n) => n % 2 === 1 && n % 3 !== 0),
    );
    await heartbeat(here.environment(), callOf(first), { boot: 'boot-1', region: 'eu-central-1' });
    expect(await everyNode(here, { region: 'eu-central-1' })).toEqual([first]);
    const said = { node: second, reason: 'gone', alsoIfAlive: true };
    await declareDeath(here.environment(), callOf('user/ann'), said);
    expect(await everyNode(here, { alive: 'false' })).toEqual([second]);
    expect(await everyNode(here, { alive: 'true' })).toEqual(ids.filter((id) => id !== second));
  });

  it('is spread over its parts, and a page of it costs a request a part at most', async () => {
    const { here } = await many();
    const parts = await Promise.all(
      Array.from({ length: 16 }, async (_, shard) => (await here.store.nodes.listNodes({ shard, limit: 999 })).nodes),
    );
    expect(Math.min(...parts.map((nodes) => nodes.length))).toBeGreaterThan(0);
    expect(Math.max(...parts.map((nodes) => nodes.length))).toBeLessThan(230 / 4);
  });
});

it('A warm ADD writes nothing into the list', async () => {
  const here = world();
  const warm = here.environment();
  const { incarnation, slot } = await add(warm, 'i-1', addOf(1));
  const before = await here.store.nodes.readListed('i-1');
  here.clock.now = LATER;
  await add(warm, 'i-1', addOf(2, { incarnation, proposal: { ...slot, slot: slot.slot + 1 } }));
  expect(await here.store.nodes.readListed('i-1')).toEqual(before);
});
