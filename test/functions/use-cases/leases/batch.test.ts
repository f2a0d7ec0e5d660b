import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { type BatchItem, batchRequest } from '../../../../core/contract/batch.ts';
import { LessorError } from '../../../../core/contract/problems.ts';
import { blockFromText } from '../../../../core/protocol/slot-ref.ts';
import { batch } from '../../../../functions/use-cases/leases/batch.ts';
import { counted, intercepted } from '../../intercepted.ts';
import { named, OwnerNode, ownedPool } from '../../owned-pool.ts';
import { attachmentOf, callOf, del, refusalOf, world } from '../../world.ts';

/** A node with a block of its own, in which it holds one slot. */
async function owner(leasing: 'online' | 'delegated' = 'delegated') {
  const here = world();
  const pool = await ownedPool(here, { blocks: 8, blockSize: 32, cooldownSeconds: 30, leasing });
  const node = new OwnerNode('i-1', pool);
  const { slot } = await node.add(here.environment(), 0);
  const key = { pool: pool.id, block: blockFromText(slot.block) };
  const free = (number: number) => ({ ...slot, slot: (slot.slot + number) % 32 });
  const lived = (number: number) => ({
    attachment: attachmentOf(number, named.name),
    nonce: node.nextNonce(),
    slot: free(number),
  });
  const reportOf = (one: ReturnType<typeof lived>) => ({ ...one, boot: node.bootId, generation: 1 });
  const releaseOf = (one: ReturnType<typeof lived>) => ({ ...one, acknowledged: true });
  const refused: LessorError[] = [];
  const tell = (items: BatchItem[], deps = here.environment(), call = callOf('i-1')) =>
    batch(deps, call, { items }, (error) => refused.push(error));
  const slots = () => here.store.leases.readBlock(key);
  const held = async () => [...(await slots())].filter(([, { held: is }]) => is).map(([index]) => index);
  return { here, pool, node, slot, lived, reportOf, releaseOf, refused, tell, slots, held, free };
}

describe('a batch', () => {
  it('reports and releases, each with its own outcome, in their order', async () => {
    const { lived, reportOf, releaseOf, tell, held, slots, slot, free } = await owner();
    const [living, over] = [lived(1), lived(2)];
    const { items } = await tell([{ report: reportOf(living) }, { report: reportOf(over), release: releaseOf(over) }]);
    expect(items).toEqual([
      { reported: { incarnation: 1 } },
      { reported: { incarnation: 1 }, released: { released: [over.slot] } },
    ]);
    expect((await held()).sort()).toEqual([slot.slot, free(1).slot].sort());
    // It was in the table, so it is in the history, and cools.
    expect((await slots()).get(free(2).slot)).toMatchObject({ held: false, holding: { nonce: over.nonce } });
  });

  it('may be told again, and changes nothing', async () => {
    const { lived, reportOf, releaseOf, tell, held, here } = await owner();
    const [living, over] = [lived(1), lived(2)];
    const items = [{ report: reportOf(living) }, { report: reportOf(over), release: releaseOf(over) }];
    await tell(items);
    const before = await held();
    here.clock.now += 1_000;
    const again = await tell(items);
    expect(again.items.map(({ problem }) => problem)).toEqual([undefined, undefined]);
    expect(await held()).toEqual(before);
  });

  it('refuses what is another node’s, and carries out the others', async () => {
    const { lived, reportOf, refused, tell, node } = await owner();
    const [mine, stray] = [lived(1), lived(2)];
    const { items } = await tell([
      { report: { ...reportOf(stray), generation: 7 } },
      { report: reportOf(mine) },
      {
        release: {
          attachment: attachmentOf(9, named.name),
          nonce: node.nextNonce(),
          acknowledged: true,
          slot: stray.slot,
        },
      },
    ]);
    expect(items).toMatchObject([
      { problem: { code: 'lease.lost', detail: expect.stringContaining('generation 7') } },
      { reported: { incarnation: 1 } },
      { released: { released: [] } },
    ]);
    expect(refused.map(({ code }) => code)).toEqual(['lease.lost']);
  });

  it('is judged by who calls, as single requests are', async () => {
    const { lived, reportOf, tell, here } = await owner();
    const { items } = await tell([{ report: reportOf(lived(1)) }], here.environment(), callOf('i-2'));
    expect(items).toMatchObject([{ problem: { code: 'lease.lost' } }]);
  });

  it('releases although the report is refused, and not where nobody decided on it', async () => {
    const { here, lived, reportOf, releaseOf, tell, refused } = await owner();
    const over = lived(1);
    const item = { report: { ...reportOf(over), generation: 7 }, release: releaseOf(over) };
    const { items } = await tell([item]);
    expect(items).toEqual([{ refused: expect.objectContaining({ code: 'lease.lost' }), released: { released: [] } }]);
    expect(refused).toHaveLength(1);
    const failing = intercepted(here.store, async (name, _, work) => {
      if (name === 'hold') throw new Error('a fault');
      return work();
    });
    const told = await tell([{ report: reportOf(over), release: releaseOf(over) }, { release: releaseOf(lived(2)) }], {
      ...here.environment(),
      store: failing,
    });
    expect(told.items).toMatchObject([{ problem: { code: 'service.fault' } }, { released: { released: [] } }]);
    expect(told.items[0]).not.toHaveProperty('released');
  });

  it('says of what it does not get to that it is to be told again', async () => {
    const { lived, reportOf, tell, here, held } = await owner();
    const { items } = await tell([{ report: reportOf(lived(1)) }, { report: reportOf(lived(2)) }], here.environment(), {
      ...callOf('i-1'),
      remainingMs: () => 999,
    });
    expect(items).toMatchObject([{ problem: { code: 'service.busy' } }, { problem: { code: 'service.busy' } }]);
    expect(await held()).toHaveLength(1);
  });

  it('is refused as a whole where the database answers for none of them', async () => {
    const { here, lived, reportOf, tell } = await owner();
    const store = intercepted(here.store, async () => {
      throw new LessorError('service.unavailable', 'it does not answer');
    });
    const items = [1, 2].map((number) => ({ report: reportOf(lived(number)) }));
    await expect(tell(items, { ...here.environment(), store })).rejects.toMatchObject({ code: 'service.unavailable' });
  });

  it('refuses an item that says nothing', async () => {
    const { tell } = await owner();
    expect((await tell([{}])).items).toMatchObject([{ problem: { code: 'request.invalid' } }]);
  });

  it('has at most eight leases under way', async () => {
    const { lived, reportOf, tell, here } = await owner();
    let [running, most] = [0, 0];
    const store = intercepted(here.store, async (_, __, work) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((go) => setImmediate(go));
      return (work() as Promise<unknown>).finally(() => {
        running -= 1;
      });
    });
    const items = Array.from({ length: 25 }, (_, number) => ({ report: reportOf(lived(number + 1)) }));
    await tell(items, { ...here.environment(), store });
    expect(most).toBe(8);
  });

  it('makes one write a lease, where the environment knows pool and block', async () => {
    const { lived, reportOf, releaseOf, tell, here } = await owner();
    const deps = here.environment();
    await tell([{ report: reportOf(lived(1)) }], deps);
    const { store, requests } = counted(here.store);
    const some = Array.from({ length: 24 }, (_, number) => lived(number + 2));
    const warm = { ...deps, store };
    await tell(
      some.map((one) => ({ report: reportOf(one) })),
      warm,
    );
    expect(requests.splice(0)).toHaveLength(24);
    await tell(
      some.map((one) => ({ release: releaseOf(one) })),
      warm,
    );
    expect(requests).toHaveLength(24);
  });

  it.each([
    ['as it is', {}, 'delegated'],
    ['with a quota', { quota: 5 }, 'online'],
    ['with a quota of one namespace', { quotas: { shop: 5 } }, 'online'],
    ['that drains', { state: 'draining' }, 'online'],
    ['that is kept to another cluster', { clusters: ['west'] }, 'online'],
  ])('tells whether nodes may lease by themselves in the pool %s', async (_, change, leasing) => {
    const { here, pool, lived, reportOf, tell } = await owner();
    const state = await here.store.pools.readPool(pool.id);
    if (state === undefined) throw new Error('no pool');
    const { state: to = 'active', ...policy } = change as { state?: 'active' | 'draining' };
    const definition = { ...state.definition, ...policy };
    await here.store.pools.changePool({ ...state, state: to, definition, version: state.version + 1 }, 'token');
    const { items, pools } = await tell([{ report: reportOf(lived(1)) }]);
    expect(items).toEqual([{ reported: { incarnation: 1 } }]);
    expect(pools).toEqual([{ id: pool.id, leasing, tellWithinSeconds: 1, cooldownSeconds: 30, exclude: [] }]);
  });
});

describe('a batch is refused', () => {
  const release = { attachment: attachmentOf(1, named.name), nonce: 'a'.repeat(32), acknowledged: true };
  it.each([
    ['of nothing', { items: [] }],
    ['of 26 leases', { items: Array(26).fill({ release }) }],
    ['that says what no service knows', { items: [{ release }], all: true }],
    ['of a lease that says so', { items: [{ release, held: true }] }],
    ['of a release that names no nonce', { items: [{ release: { ...release, nonce: undefined } }] }],
  ])('%s', (_, body) => {
    expect(z.safeParse(batchRequest, body).success).toBe(false);
    expect(z.safeParse(batchRequest, { items: Array(25).fill({ release }) }).success).toBe(true);
  });
});

describe('an ADD of a node that leases by itself', () => {
  it('is granted no slot that the service chooses in the node’s block, but one of another block', async () => {
    const { here, node, slot, pool } = await owner();
    const leasesFrom = node.blocks.map((block) => ({ ...block, pool: pool.id }));
    const granted = await node.add(here.environment(), 1, undefined, { leasesFrom });
    expect(granted.slot.block).not.toBe(slot.block);
  });

  it('is told when a slot of its own has cooled, where the pool has no other block', async () => {
    const here = world();
    const pool = await ownedPool(here, { blocks: 1, blockSize: 4, cooldownSeconds: 30, leasing: 'delegated' });
    const node = new OwnerNode('i-1', pool);
    const request = node.request(0);
    const { slot } = await node.add(here.environment(), 0, undefined, request);
    const { attachment, nonce } = request;
    await del(here.environment(), 'i-1', { attachment, nonce, slot, acknowledged: true });
    const leasesFrom = node.blocks.map((block) => ({ ...block, pool: pool.id }));
    const refused = await refusalOf(node.add(here.environment(), 1, undefined, { leasesFrom }));
    expect(refused.code).toBe('pool.cooling');
  });

  it('is granted the slot that it proposes there, and what an earlier try of it holds', async () => {
    const { here, node, slot, free, pool } = await owner();
    const leasesFrom = node.blocks.map((block) => ({ ...block, pool: pool.id }));
    const request = node.request(1, free(1).slot, { leasesFrom });
    const { slot: granted } = await node.add(here.environment(), 1, free(1).slot, { ...request });
    expect(granted).toEqual({ ...slot, slot: free(1).slot });
    const { proposal: _, generation: __, ...again } = request;
    const repeated = await node.add(here.environment(), 1, undefined, { ...again, attempt: 2 });
    expect(repeated.slot).toEqual(granted);
  });

  it('is chosen a slot in its own block where it does not say that it leases there', async () => {
    const { here, node, slot } = await owner();
    expect((await node.add(here.environment(), 1)).slot.block).toBe(slot.block);
  });
});
