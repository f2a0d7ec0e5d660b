/** A VRF of 5,000 pools costs an ADD what one of 5 does. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { AllocateRequest } from '../../../../core/contract/lease.ts';
import type { PoolDefinition, PoolPolicy } from '../../../../core/contract/pool.ts';
import { readiness } from '../../../../functions/use-cases/questions/readiness.ts';
import { counted } from '../../intercepted.ts';
import { manyPools, nameOf } from '../../many-pools.ts';
import { create } from '../../pool-requests.ts';
import { add, addOf, callOf, proposal, refusalOf, type World, world } from '../../world.ts';

const POOLS = 5000;
const requestFor = (n: number, names: string[], over: Partial<AllocateRequest> = {}) =>
  addOf(n, { pool: { vrf: 'default', name: 'network', names }, ...over });
const pod = (namespace: string) => ({ pod: { namespace, name: 'web-0' } });

let here: World;
let pools: PoolDefinition[];
/** One is for namespace shop, which pool 4321 comes before all others. */
const policyOf = (n: number): Partial<PoolPolicy> =>
  n === 4321
    ? { namespaces: ['shop'], order: -1 }
    : n % 100 === 7
      ? { namespaces: ['shop'] }
      : { nodeLabels: { rack: `${n}` } };

beforeAll(async () => {
  here = world();
  pools = await manyPools(here, POOLS, policyOf);
});

function counting() {
  const { store, requests } = counted(here.store);
  return { deps: here.environment({ store }), requests: () => requests.splice(0) };
}

describe(`with ${POOLS} pools an ADD`, () => {
  it.each<[string, string[], Partial<AllocateRequest>, number]>([
    ['that names pools', [nameOf(4000), nameOf(10)], {}, 4000],
    ['that names none', [], pod('shop'), 4321],
  ])(
    '%s reads the list and the pool that it tries, and once both are remembered nothing',
    async (_, names, over, n) => {
      const { deps, requests } = counting();
      const first = await add(deps, `i-${n}`, requestFor(2 * n, names, over));
      expect(first.pool.name).toBe(nameOf(n));
      const listed = ['join', 'noteListed', 'join'];
      expect(requests()).toEqual(['readRegistry', 'readPool', 'noteJoined', ...listed, 'readBlock', 'hold']);
      const block = Number.parseInt(first.slot.block, 16);
      const next = { ...over, incarnation: 1, proposal: proposal(first.pool, block, (first.slot.slot + 1) % 60) };
      await add(deps, `i-${n}`, requestFor(2 * n + 1, names, next));
      expect(requests()).toEqual(['hold']);
    },
  );

  it('that no pool is for is refused with some pools’ reasons, by the list alone', async () => {
    const { deps, requests } = counting();
    const refusal = await refusalOf(add(deps, 'i-1', requestFor(1, [], pod('bank'))));
    expect(refusal.code).toBe('pool.unmatched');
    expect(refusal.message).toMatch(/\(pools of other namespaces or clusters: 51; .* 4945 more pools\)/);
    expect(refusal.message.length).toBeLessThan(1500);
    expect(requests()).toEqual(['readRegistry']);
  });

  it('that names a pool which is not there is told so, by the list alone', async () => {
    const { deps, requests } = counting();
    expect((await refusalOf(add(deps, 'i-1', requestFor(1, ['nowhere'])))).message).toContain(
      'nowhere: there is no such pool',
    );
    expect(requests()).toEqual(['readRegistry']);
  });

  it('that is asked for beforehand costs the list, the pool and its counter', async () => {
    const { deps, requests } = counting();
    const pool = { vrf: 'default', name: 'network', names: [nameOf(1)] };
    expect(await readiness(deps, callOf('i-1'), { pool })).toEqual({ ready: true });
    expect(requests()).toEqual(['readRegistry', 'readPool', 'read']);
  });
});

it(`With ${POOLS} pools another is made by one read and one write of the list, and one that overlaps is found`, async () => {
  const { deps, requests } = counting();
  const free = [[{ subnet: '192.168.0.0/24' }]];
  expect((await create(deps, { name: 'another', ranges: free })).created).toBe(true);
  // That there is the VRF is noted once by each environment.
  expect(requests()).toEqual(['readRegistry', 'createPool', 'noteVrf', 'writeRegistry']);
  const [taken] = pools[3210]?.ranges[0] ?? [];
  const refusal = await refusalOf(create(deps, { name: 'third', ranges: [[{ subnet: taken?.subnet ?? '' }]] }));
  expect([refusal.code, refusal.facts.pool]).toEqual(['pool.overlap', nameOf(3210)]);
});
