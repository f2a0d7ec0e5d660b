import { describe, expect, it } from 'vitest';
import { change, create } from '../../pool-requests.ts';
import { world } from '../../world.ts';

describe('what a change comes to is said in words', () => {
  it('of addresses that are not handed out, or are again', async () => {
    const deps = world().environment();
    await create(deps, { exclude: ['10.1.0.8/29'] });
    const { effects } = await change(deps, { exclude: ['10.1.0.128/25'] });
    expect(effects.slice(0, 2)).toEqual(['10.1.0.8/29 is taken out of exclude', '10.1.0.128/25 is added to exclude']);
  });

  it('of clusters, and that all may or no other may', async () => {
    const deps = world().environment();
    await create(deps);
    const only = await change(deps, { clusters: ['blue', 'green'] });
    expect(only.effects).toEqual(['no other clusters may lease here than blue, green']);
    const other = await change(deps, { clusters: ['green', 'red'] });
    expect(other.effects).toEqual(['blue is taken out of clusters', 'red is added to clusters']);
    expect((await change(deps, { clusters: [] })).effects).toEqual(['every cluster may lease here']);
  });

  it('of namespaces', async () => {
    const deps = world().environment();
    await create(deps, { namespaces: ['shop'] });
    expect((await change(deps, { namespaces: ['web'] })).effects).toEqual([
      'shop is taken out of namespaces',
      'web is added to namespaces',
    ]);
    expect((await change(deps, { namespaces: [] })).effects).toEqual(['it is for no particular namespace any more']);
    expect((await change(deps, { namespaces: ['shop', 'web'] })).effects).toEqual([
      'where no pool is named it is for no other namespaces than shop, web',
    ]);
  });

  it('of reservations, each by its name', async () => {
    const deps = world().environment();
    const one = { name: 'database', addresses: ['10.1.0.32/28'], namespace: 'shop' };
    const other = { name: 'mail', addresses: ['10.1.0.64'], namespace: 'mail' };
    await create(deps, { affinity: 'shared', reservations: [one, other] });
    const wide = ['10.1.0.32/28', '10.1.0.80', '10.1.0.81', '10.1.0.82', '10.1.0.83', '10.1.0.84'];
    const { effects } = await change(deps, {
      reservations: [
        { ...one, addresses: wide, pod: 'db-0' },
        { ...other, name: 'post', addresses: ['10.1.0.65'] },
      ],
    });
    expect(effects).toEqual([
      'reservation mail is given up: 10.1.0.64 for the pods of namespace mail',
      'reservation database changes from 10.1.0.32/28 for the pods of namespace shop to 10.1.0.32/28, 10.1.0.80, 10.1.0.81, 10.1.0.82, 2 more for pod db-0 of namespace shop',
      'reservation post is made: 10.1.0.65 for the pods of namespace mail',
    ]);
  });

  it('of a list in another order, which is kept as it is given', async () => {
    const deps = world().environment();
    await create(deps, { exclude: ['10.1.0.8', '10.1.0.9'] });
    const { effects, pool } = await change(deps, { exclude: ['10.1.0.9', '10.1.0.8'] });
    expect([effects, pool.exclude]).toEqual([['the order of exclude changes'], ['10.1.0.9', '10.1.0.8']]);
  });

  it('of more than a person reads, how many they are', async () => {
    const deps = world().environment();
    await create(deps);
    const exclude = Array.from({ length: 40 }, (_, index) => `10.1.0.${2 * index + 9}`);
    const { effects } = await change(deps, { exclude });
    expect(effects).toHaveLength(16 + 2);
    expect(effects[16]).toBe('24 more of exclude change');
  });
});
