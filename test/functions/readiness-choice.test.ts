import { describe, expect, it } from 'vitest';
import type { PoolDefinition } from '../../core/contract/messages.ts';
import { readiness } from '../../functions/use-cases/readiness.ts';
import { add, addOf, callOf, operatorsPool, RANGES, type World, world } from './world.ts';

async function poolNamed(here: World, name: string, policy: Partial<PoolDefinition>): Promise<PoolDefinition> {
  const pool = await operatorsPool(here, { addresses: 4, blockSize: 4, name });
  const state = await here.store.pools.readPool(pool.id);
  if (state) await here.store.pools.changePool({ ...state, definition: { ...pool, ...policy }, version: 2 });
  return pool;
}

/** The counter says that so many are held. */
const counted = ({ store }: World, { id }: PoolDefinition, held: number) =>
  store.counters.add({ pool: id }, { shard: 's', first: '1', last: '1', held, changes: held, now: 0 });

const unnamed = { pool: { vrf: 'default', name: 'blue', names: [] } };

describe('readiness where the service chooses the pool', () => {
  it('is there while a pool for some namespace may have room, though the default pool is full', async () => {
    const here = world();
    await counted(here, await poolNamed(here, 'common', { default: true }), 4);
    const shop = await poolNamed(here, 'shop', { namespaces: ['shop'] });
    expect(await readiness(here.environment(), callOf('i-1'), unnamed)).toEqual({ ready: true });
    await counted(here, shop, 4);
    const { ready, code, detail } = await readiness(here.environment(), callOf('i-1'), unnamed);
    expect([ready, code]).toEqual([false, 'pool.exhausted']);
    expect(detail).toContain('common');
    expect(detail).toContain('shop');
  });

  it('is not there where no pool is for any pod of this node', async () => {
    const here = world();
    expect(await readiness(here.environment(), callOf('i-1'), unnamed)).toMatchObject({
      ready: false,
      code: 'pool.unmatched',
    });
    await poolNamed(here, 'shop', { namespaces: ['shop'], clusters: ['other'] });
    await poolNamed(here, 'gpu', { namespaces: ['shop'], nodeLabels: { kind: 'gpu' } });
    const answer = await readiness(here.environment(), callOf('i-1'), unnamed);
    expect(answer).toMatchObject({ ready: false, code: 'pool.unmatched' });
    const labelled = { ...unnamed, labels: { kind: 'gpu' } };
    expect(await readiness(here.environment(), callOf('i-1'), labelled)).toEqual({ ready: true });
  });
});

describe('readiness', () => {
  it('makes no pool of ranges, not even in place of one that this environment still remembers', async () => {
    const here = world();
    const deps = here.environment();
    const { pool } = await add(deps, 'i-1', addOf(1));
    const ask = () => readiness(deps, callOf('i-1'), { pool: { vrf: 'default', name: 'blue', ranges: RANGES } });
    expect(await ask()).toEqual({ ready: true });
    const registry = await here.store.pools.readRegistry('default');
    await here.store.pools.writeRegistry({ ...registry, version: registry.version + 1, pools: [] });
    deps.memory.pools.delete(pool.id);
    const state = await here.store.pools.readPool(pool.id);
    if (state) await here.store.pools.changePool({ ...state, state: 'closing', version: 2 });
    deps.memory.registries.set('default', { pools: registry.pools, seenAt: here.clock.now });
    expect(await ask()).toEqual({ ready: true });
    expect((await here.store.pools.readRegistry('default')).pools).toEqual([]);
  });
});
