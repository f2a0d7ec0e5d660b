/** The dry run of a declaration of death. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { declareDeathResult } from '../../../../core/contract/nodes.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { foreseeDeath } from '../../../../functions/use-cases/questions/foresee-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { counted } from '../../intercepted.ts';
import { OwnerNode, ownedPool } from '../../owned-pool.ts';
import { add, addOf, callOf, operatorsPool, proposal, refusalOf, START, world } from '../../world.ts';

const named = { vrf: 'default', name: 'blue' };
const READS = /^(read|listDeaths)/;
const request = { node: 'i-1', reason: 'it burned' };

/** Node i-1 has three leases in two blocks of a shared pool, i-2 one beside them. */
async function shared() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 80, blockSize: 4 });
  const lease = (container: number, node: string, block: number, slot: number) =>
    add(here.environment(), node, addOf(container, { pool: named, proposal: proposal(pool, block, slot) }));
  await lease(1, 'i-1', 0, 0);
  await lease(2, 'i-1', 0, 1);
  await lease(3, 'i-2', 0, 2);
  await lease(4, 'i-1', 17, 0);
  const { store, requests } = counted(here.store);
  const foresee = (call = callOf('user/ann')) => foreseeDeath(here.environment({ store }), call, request);
  return { here, foresee, requests };
}

describe('a dry run of a declaration', () => {
  it('tells what would be freed, and changes nothing', async () => {
    const { here, foresee, requests } = await shared();
    const before = [await here.store.nodes.readNode('i-1'), await here.store.nodes.listDeaths({ limit: 9 })];
    const foreseen = await foresee();
    expect(z.parse(declareDeathResult, foreseen)).toEqual(foreseen);
    expect(foreseen).toMatchObject({
      ...{ node: 'i-1', incarnation: 1, reason: 'it burned', declaredBy: 'user/ann', freed: 0, dryRun: true },
      effects: [
        'life 1 of node i-1 is declared over: make certain that nothing of it runs any more',
        `it was last heard of at ${new Date(START).toISOString()}`,
        'so shortly after that the declaration is refused, unless you insist (alsoIfAlive: true, or --also-if-alive)',
        'the reclaim frees 3 leases and takes back 0 blocks, in pool blue of VRF default',
      ],
      wouldFree: {
        leases: 3,
        blocks: [
          { pool: 'blue', vrf: 'default', block: '0', leases: 2, owned: false },
          { pool: 'blue', vrf: 'default', block: '11', leases: 1, owned: false },
        ],
        complete: true,
      },
    });
    expect(requests.filter((name) => !READS.test(name))).toEqual([]);
    expect([await here.store.nodes.readNode('i-1'), await here.store.nodes.listDeaths({ limit: 9 })]).toEqual(before);
    expect((await reclaim(here.environment())).nodes).toEqual([]);
  });

  it('tells what the reclaim then frees', async () => {
    const { here, foresee } = await shared();
    const { wouldFree } = await foresee();
    await declareDeath(here.environment(), callOf('user/ann'), { ...request, alsoIfAlive: true });
    expect((await reclaim(here.environment())).nodes).toEqual([
      { node: 'i-1', incarnation: 1, freed: wouldFree?.leases },
    ]);
  });

  it('names the blocks that are taken back', async () => {
    const here = world();
    const pool = await ownedPool(here, { blocks: 4 });
    const node = new OwnerNode('i-1', pool);
    for (const container of [1, 2, 3])
      await node.add(here.environment(), container, container === 1 ? undefined : container);
    const { wouldFree } = await foreseeDeath(here.environment(), callOf('user/ann'), request);
    const [block] = node.blocks;
    expect(wouldFree).toEqual({
      leases: 3,
      blocks: [{ pool: 'green', vrf: 'default', block: block?.block, leases: 3, owned: true }],
      complete: true,
    });
  });

  it('says so where the life is over already', async () => {
    const { here, foresee } = await shared();
    const death = await declareDeath(here.environment(), callOf('user/bob'), {
      node: 'i-1',
      reason: 'its disk',
      alsoIfAlive: true,
    });
    here.clock.now += 60_000;
    await reclaim(here.environment());
    expect(await foresee()).toMatchObject({
      ...death,
      freed: 3,
      effects: [
        'life 1 of node i-1 was declared over already, at 2026-01-01T00:00:00.000Z: nothing is changed',
        'the reclaim frees 0 leases and takes back 0 blocks',
      ],
      wouldFree: { leases: 0, blocks: [], complete: true },
    });
  });

  it('says how far it came where its time is up', async () => {
    const { foresee } = await shared();
    let turns = 0;
    const short = { caller: 'user/ann', remainingMs: () => (turns++ < 1 ? 10_000 : 0) };
    const { effects, wouldFree } = await foresee(short);
    expect(wouldFree?.complete).toBe(false);
    expect(effects?.at(-1)).toContain('frees at least ');
  });

  it('of a node that never was here is refused', async () => {
    const here = world();
    const refusal = await refusalOf(foreseeDeath(here.environment(), callOf('user/ann'), request));
    expect(refusal.code).toBe('node.unknown');
  });
});
