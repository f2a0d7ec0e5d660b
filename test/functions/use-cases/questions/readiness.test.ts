import { describe, expect, it } from 'vitest';
import type { PoolPolicy } from '../../../../core/contract/pool.ts';
import { LessorError } from '../../../../core/contract/problems.ts';
import type { ReadinessRequest } from '../../../../core/contract/questions.ts';
import type { PoolState } from '../../../../core/store.ts';
import { countChanges } from '../../../../functions/use-cases/changes/count-changes.ts';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { deletePool } from '../../../../functions/use-cases/pools/delete-pool.ts';
import { readiness } from '../../../../functions/use-cases/questions/readiness.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { counted, intercepted } from '../../intercepted.ts';
import { leaseStream } from '../../lease-stream.ts';
import { add, addOf, callOf, del, delOf, operatorsPool, RANGES, refusalOf, type World, world } from '../../world.ts';

const named = (name: string): ReadinessRequest => ({ pool: { vrf: 'default', name } });
const inline = (name = 'blue', ranges: ReadinessRequest['pool']['ranges'] = RANGES): ReadinessRequest => ({
  pool: { vrf: 'default', name, ranges },
});
const among = (...names: string[]): ReadinessRequest => ({ pool: { vrf: 'default', name: 'network', names } });
const ready = (deps: Dependencies, request: ReadinessRequest, cluster?: string) =>
  readiness(deps, { ...callOf('i-1'), cluster }, request);

async function poolOf(
  here: World,
  name: string,
  policy: Partial<PoolPolicy> = {},
  { addresses = 4, state = 'active' }: { addresses?: number; state?: PoolState['state'] } = {},
) {
  const pool = await operatorsPool(here, { addresses, blockSize: 4, name });
  const before = await here.store.pools.readPool(pool.id);
  if (before === undefined) throw new Error('no pool');
  await here.store.pools.changePool({ ...before, state, definition: { ...pool, ...policy }, version: 2 });
  return pool;
}

/** A deployment whose leases are counted when `count` is called. */
function counting() {
  const { store, changes } = leaseStream(memoryStore());
  const here = world(store);
  let told = 0;
  const count = async () => {
    const news = changes.slice(told);
    told = changes.length;
    await countChanges(here.environment(), 'shard', news);
  };
  return { here, count };
}
async function fill(here: World, name: string, from = 0, leases = 4, over = {}) {
  for (let n = from; n < from + leases; n += 1)
    await add(here.environment(), 'i-1', addOf(n, { pool: { vrf: 'default', name }, ...over }));
}

/** Everything that a node's question could have changed. */
const stored = async ({ store }: World) => [
  await store.pools.readRegistry('default'),
  await store.nodes.readNode('i-1'),
  await store.nodes.readHeartbeat('i-1'),
];
const writes =
  /^(hold|release|sweep|advance|evict|write|create|change|open|claim|takeUp|fence|join|begin|note|mark|add)/;

describe('a node is ready', () => {
  it.each<[string, ReadinessRequest]>([
    ['the pool that it names', named('blue')],
    ['one of the pools that it names', among('green', 'blue')],
    [
      'the ranges of a pool that is there',
      inline('blue', [[{ subnet: '10.1.0.0/16', rangeStart: '10.1.1.0', rangeEnd: '10.1.1.3', gateway: '10.1.0.1' }]]),
    ],
  ])('where %s has an address left, by reads alone', async (_, request) => {
    const here = world();
    await poolOf(here, 'blue');
    const before = await stored(here);
    const { store, requests } = counted(here.store);
    expect(await ready(here.environment({ store }), request)).toEqual({ ready: true });
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.filter((name) => writes.test(name))).toEqual([]);
    expect(await stored(here)).toEqual(before);
  });

  it('by one read of the counter, where the environment knows the pool', async () => {
    const here = world();
    await poolOf(here, 'blue');
    const { store, requests } = counted(here.store);
    const deps = here.environment({ store });
    await ready(deps, named('blue'));
    requests.length = 0;
    expect(await ready(deps, named('blue'))).toEqual({ ready: true });
    expect(requests).toEqual(['read']);
  });

  it('where its ranges would become a pool, which does not come to be', async () => {
    const here = world();
    const { store, requests } = counted(here.store);
    const deps = here.environment({ store });
    for (const _ of ['once', 'again']) expect(await ready(deps, inline())).toEqual({ ready: true });
    expect(requests.filter((name) => writes.test(name))).toEqual([]);
    expect((await here.store.pools.readRegistry('default')).pools).toEqual([]);
    expect(deps.memory.pools.setBefore(Number.POSITIVE_INFINITY)).toEqual([]);
    expect((await add(deps, 'i-1', addOf(1))).pool.name).toBe('blue');
  });

  it('where its ranges were a pool that this environment remembers, and that is deleted', async () => {
    const here = world();
    const deps = here.environment();
    const { pool, slot } = await add(here.environment(), 'i-1', addOf(1));
    await ready(deps, inline());
    const known = deps.memory.registries.get('default', here.clock.now);
    expect([...(known ?? [])].map(([, { id }]) => id)).toEqual([pool.id]);
    const change = { vrf: 'default', name: 'blue', ifMatch: undefined, dryRun: false };
    await del(here.environment(), 'i-1', delOf(1, { slot, acknowledged: true }));
    await deletePool(here.environment(), callOf('user/ann'), change);
    // It was read before the list was, and is read again before the list is.
    deps.memory.pools.delete(pool.id);
    expect(await ready(deps, inline())).toEqual({ ready: true });
    expect((await here.store.pools.readRegistry('default')).pools).toEqual([]);
  });

  it('until the counter says that each address is held', async () => {
    const { here, count } = counting();
    await poolOf(here, 'blue');
    await fill(here, 'blue');
    expect(await ready(here.environment(), named('blue'))).toEqual({ ready: true });
    await count();
    expect(await ready(here.environment(), named('blue'))).toEqual({
      ready: false,
      code: 'pool.exhausted',
      detail: 'Pool blue in VRF default (10.1.0.0/16) is exhausted: delete pods, or add ranges to the pool',
      remedy: 'delete pods, or add ranges to the pool',
    });
  });

  it('while only leases in a reservation fill what is left for all', async () => {
    const { here, count } = counting();
    const reservations = [{ name: 'db', addresses: ['10.1.1.0', '10.1.1.1'], namespace: 'db' }];
    await poolOf(here, 'blue', { reservations });
    await fill(here, 'blue', 0, 2, { pod: { namespace: 'db', name: 'db-0' } });
    await count();
    expect(await ready(here.environment(), named('blue'))).toEqual({ ready: true });
    await fill(here, 'blue', 2, 2);
    await count();
    expect(await ready(here.environment(), named('blue'))).toMatchObject({ code: 'pool.exhausted' });
  });

  it('while leases beyond the smaller range set are among those that are counted', async () => {
    const { here, count } = counting();
    const ranges = [[{ subnet: '10.0.0.0/29' }], [{ subnet: 'fd00::/64' }]];
    const asking = (n: number) => ({ pool: { vrf: 'default', name: 'blue', ranges }, addresses: [`fd00::beef:${n}`] });
    for (const n of [1, 2, 3, 4]) await add(here.environment(), 'i-1', addOf(n, asking(n)));
    await count();
    expect(await ready(here.environment(), inline('blue', ranges))).toEqual({ ready: true });
    await fill(here, 'blue', 5, 1);
  });
});

describe('a node is not ready', () => {
  it.each<[string, ReadinessRequest, RegExp]>([
    ['pool.unknown', named('nowhere'), /VRF default has no pool nowhere/],
    ['pool.draining', named('draining'), /is being drained/],
    ['pool.draining', named('closing'), /is being deleted/],
    ['pool.forbidden', named('prod'), /kept to cluster production/],
    [
      'pool.unmatched',
      among('nowhere', 'draining', 'prod'),
      /nowhere: there is no such pool; .*draining: it is draining; .*prod: it is kept/,
    ],
    ['pool.conflict', inline('blue', [[{ subnet: '10.1.0.0/16' }]]), /exists with other ranges/],
    ['pool.overlap', inline('new', [[{ subnet: '10.1.0.0/16' }]]), /overlaps range .* of pool/],
    ['request.invalid', inline('new', [[{ subnet: '10.9.0.0/99' }]]), /10\.9\.0\.0\/99/],
  ])('%s', async (code, request, detail) => {
    const here = world();
    await poolOf(here, 'blue');
    await poolOf(here, 'draining', {}, { state: 'draining' });
    await poolOf(here, 'closing', {}, { state: 'closing' });
    await poolOf(here, 'prod', { clusters: ['production'] });
    const before = await stored(here);
    const told = await ready(here.environment(), request);
    const { remedy, ...rest } = told;
    expect(rest).toEqual({ ready: false, code, detail: expect.stringMatching(detail) });
    expect(told.detail?.endsWith(`: ${remedy}`)).toBe(code !== 'request.invalid');
    expect(await stored(here)).toEqual(before);
  });

  it('pool.inline-forbidden, where the deployment lets no node create pools', async () => {
    const here = world(memoryStore(), { inlinePools: false });
    const told = await ready(here.environment(), inline());
    expect(told).toMatchObject({ ready: false, code: 'pool.inline-forbidden' });
    expect((await here.store.pools.readRegistry('default')).pools).toEqual([]);
  });

  it('pool.exhausted with each pool’s reason, where all that it names are full', async () => {
    const { here, count } = counting();
    await poolOf(here, 'a');
    await poolOf(here, 'b');
    await fill(here, 'a');
    await count();
    expect(await ready(here.environment(), among('a', 'b'))).toEqual({ ready: true });
    await fill(here, 'b', 4);
    await count();
    const { code, detail } = await ready(here.environment(), among('a', 'b'));
    expect(code).toBe('pool.exhausted');
    expect(detail).toMatch(/Pool a in VRF default .*; Pool b in VRF default /);
  });

  it('but not told so, where the service cannot tell now', async () => {
    const here = world();
    const store = intercepted(here.store, async () => {
      throw new LessorError('service.unavailable', 'the table is away');
    });
    expect((await refusalOf(ready(here.environment({ store }), named('blue')))).code).toBe('service.unavailable');
  });
});

describe('where a configuration names no pool, a node', () => {
  it('is not ready in a VRF without a pool for any pod', async () => {
    const here = world();
    expect(await ready(here.environment(), among())).toMatchObject({ ready: false, code: 'pool.unmatched' });
    await poolOf(here, 'plain');
    await poolOf(here, 'idle', { default: true }, { state: 'draining' });
    await poolOf(here, 'gpu', { nodeLabels: { kind: 'gpu' } });
    await poolOf(here, 'prod', { default: true, clusters: ['production'] });
    const { code, detail } = await ready(here.environment(), among());
    expect(code).toBe('pool.unmatched');
    for (const name of ['plain', 'idle', 'gpu']) expect(detail).toContain(`${name}: it `);
    expect(detail).toContain('pools of other namespaces or clusters: 1');
  });

  it('is ready by its labels and its cluster', async () => {
    const here = world();
    await poolOf(here, 'gpu', { nodeLabels: { kind: 'gpu' } });
    expect(await ready(here.environment(), { ...among(), labels: { kind: 'gpu' } })).toEqual({ ready: true });
    const there = world();
    await poolOf(there, 'prod', { default: true, clusters: ['production'] });
    expect(await ready(there.environment(), among(), 'production')).toEqual({ ready: true });
    expect(await ready(there.environment(), among(), 'test')).toMatchObject({ code: 'pool.unmatched' });
  });

  it('is ready as long as pods of some namespace can be given an address', async () => {
    const { here, count } = counting();
    await poolOf(here, 'rest', { default: true });
    await poolOf(here, 'shop', { namespaces: ['shop'] });
    await fill(here, 'rest');
    await count();
    expect(await ready(here.environment(), among())).toEqual({ ready: true });
    await fill(here, 'shop', 4);
    await count();
    const { code, detail } = await ready(here.environment(), among());
    expect(code).toBe('pool.exhausted');
    expect(detail).toMatch(/Pool shop in VRF default/);
    expect(detail).toMatch(/Pool rest in VRF default/);
  });
});
