import { describe, expect, it } from 'vitest';
import { whoHas } from '../../../../functions/use-cases/questions/who-has.ts';
import { counted } from '../../intercepted.ts';
import { manyPools, nameOf } from '../../many-pools.ts';
import { OwnerNode, ownedPool } from '../../owned-pool.ts';
import { add, addOf, world } from '../../world.ts';

describe('who has an address', () => {
  it.each([
    ['10.62.112.9', 1000 - 1],
    ['10.0.0.9', 0],
  ])('is told of 1,000 pools by three reads (%s)', async (text, n) => {
    const here = world();
    await manyPools(here, 1000);
    const { store, requests } = counted(here.store);
    expect(await whoHas(here.environment({ store }), { vrf: 'default', text })).toMatchObject({
      state: 'free',
      pool: nameOf(n),
    });
    expect(requests).toEqual(['readRegistry', 'readPool', 'readBlock']);
  });

  it('is told by one read where no pool has it', async () => {
    const here = world();
    await manyPools(here, 100);
    const { store, requests } = counted(here.store);
    expect(await whoHas(here.environment({ store }), { vrf: 'default', text: '192.0.2.1' })).toMatchObject({
      state: 'outside',
    });
    expect(requests).toEqual(['readRegistry']);
  });

  it('is told with the node whose block it lies in', async () => {
    const here = world();
    const node = new OwnerNode('i-1', await ownedPool(here, { blocks: 4 }));
    const { addresses } = await node.add(here.environment(), 1);
    const [text = ''] = (addresses[0]?.address ?? '').split('/');
    const { store, requests } = counted(here.store);
    expect(await whoHas(here.environment({ store }), { vrf: 'default', text })).toMatchObject({
      state: 'held',
      blockOf: 'i-1',
      lease: { node: 'i-1' },
    });
    expect([...requests].sort()).toEqual(['read', 'readBlock', 'readPool', 'readRegistry']);
  });

  it('is nobody while a growth to it has begun and is not there yet', async () => {
    const here = world();
    const { pool } = await add(here.environment(), 'i-1', addOf(1));
    const registry = await here.store.pools.readRegistry('default');
    const more = { subnet: '10.9.0.0/24', rangeStart: '10.9.0.1', rangeEnd: '10.9.0.254', gateway: '10.9.0.1' };
    const ranges = pool.ranges.map((set) => [...set, more]);
    const pools = registry.pools.map((entry) => ({ ...entry, ranges }));
    await here.store.pools.writeRegistry({ ...registry, version: registry.version + 1, pools });
    expect(await whoHas(here.environment(), { vrf: 'default', text: '10.9.0.7' })).toMatchObject({ state: 'outside' });
  });
});
