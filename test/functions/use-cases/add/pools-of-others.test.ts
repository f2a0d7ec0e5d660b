/** Whoever may create pods in one namespace writes annotations: what these tell of others, and what they cost. */
import { describe, expect, it } from 'vitest';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { explain } from '../../../../functions/use-cases/questions/explain.ts';
import { counted } from '../../intercepted.ts';
import { change, create } from '../../pool-requests.ts';
import { add, addOf, callOf, refusalOf, type World, world } from '../../world.ts';

const pod = { namespace: 'shop', name: 'web' };

async function cluster() {
  const here = world();
  const pool = (name: string, octet: number, more: object = {}) =>
    create(here.environment(), { name, ranges: [[{ subnet: `10.${octet}.0.0/24` }]], ...more });
  await pool('blue', 1);
  await pool('bank', 2, { namespaces: ['bank'] });
  await pool('plain', 3);
  await pool('old-bank', 4, { namespaces: ['bank'] });
  await pool('elsewhere', 5, { namespaces: ['shop'], clusters: ['other'] });
  await pool('gpu', 6, { namespaces: ['shop'], nodeLabels: { kind: 'gpu' } });
  await pool('old-shop', 7, { namespaces: ['shop'] });
  for (const name of ['old-bank', 'old-shop']) await change(here.environment(), { state: 'draining' }, { name });
  return here;
}
const naming = (deps: Dependencies, podPools: string[], container = 1) =>
  add(deps, 'i-1', addOf(container, { pool: { vrf: 'default', name: 'blue' }, podPools, pod }));

function counting(here: World) {
  const { store, requests } = counted(here.store);
  return {
    deps: here.environment({ store }),
    reads: () => requests.splice(0).filter((one) => one === 'readRegistry').length,
  };
}

describe('a pod that names a pool which it may not use', () => {
  it.each(['bank', 'plain', 'old-bank', 'elsewhere', 'gpu'])(
    'is told of %s what it is told of one that does not exist',
    async (name) => {
      const here = await cluster();
      const [there, none] = [
        await refusalOf(naming(here.environment(), [name])),
        await refusalOf(naming(here.environment(), ['none'])),
      ];
      const as = (error: typeof there) => ({
        ...error,
        stack: '',
        what: error.what.replaceAll(name, 'none'),
        message: error.message.replaceAll(name, 'none'),
      });
      expect(as(there)).toEqual(as(none));
      expect(there.what).toBe(
        `No pool of VRF default may be used for this pod (${name}: there is none of this name that the pod may use)`,
      );
    },
  );

  it('is told so in the order in which it names them, whichever of them are there', async () => {
    const here = await cluster();
    const { what } = await refusalOf(naming(here.environment(), ['bank', 'none', 'plain', 'nor-this']));
    const why = 'there is none of this name that the pod may use';
    expect(what).toContain(`(bank: ${why}; none: ${why}; plain: ${why}; nor-this: ${why})`);
  });

  it('is told that its own pool is drained', async () => {
    const here = await cluster();
    const { what } = await refusalOf(naming(here.environment(), ['old-shop']));
    expect(what).toContain('old-shop: it is draining');
  });

  it('is explained to an operator as it is', async () => {
    const here = await cluster();
    const podPools = ['bank', 'none'];
    const request = { vrf: 'default', pools: ['blue'], podPools, namespace: 'shop', labels: {} };
    const { pools } = await explain(here.environment(), callOf('user/ann'), request);
    expect(pools.slice(0, 1)).toMatchObject([{ pool: 'none', verdict: 'there is no such pool in VRF default' }]);
    expect(pools.find(({ pool }) => pool === 'bank')?.verdict).toBe(
      'passed over: it is for namespace bank, and the pod is of shop',
    );
  });
});

describe('a pod that names a pool which is full', () => {
  it('has the list read once a second, however often it is tried', async () => {
    const here = await cluster();
    await create(here.environment(), { name: 'tiny', ranges: [[{ subnet: '10.9.0.0/30' }]], namespaces: ['shop'] });
    const { deps, reads } = counting(here);
    await naming(deps, ['tiny'], 1);
    reads();
    for (let n = 2; n < 20; n += 1) expect((await refusalOf(naming(deps, ['tiny'], n))).code).toBe('pool.exhausted');
    expect(reads()).toBe(1);
    here.clock.now += 1_000;
    for (let n = 2; n < 20; n += 1) await refusalOf(naming(deps, ['tiny'], n));
    expect(reads()).toBe(1);
  });

  it('finds what it grew by within a second', async () => {
    const here = await cluster();
    await create(here.environment(), { name: 'tiny', ranges: [[{ subnet: '10.9.0.0/30' }]], namespaces: ['shop'] });
    const deps = here.environment();
    await naming(deps, ['tiny'], 1);
    await refusalOf(naming(deps, ['tiny'], 2));
    const ranges = [[{ subnet: '10.9.0.0/30' }, { subnet: '10.10.0.0/24' }]];
    await change(here.environment(), { ranges }, { name: 'tiny' });
    here.clock.now += 1_000;
    expect((await naming(deps, ['tiny'], 2)).addresses[0]?.address).toMatch(/^10\.10\./);
  });
});

describe('a pod that names a pool which is not there', () => {
  it('has the list read once a second, however often it is tried, and by whichever names', async () => {
    const here = await cluster();
    const { deps, reads } = counting(here);
    for (let n = 0; n < 20; n += 1) await refusalOf(naming(deps, [`none-${n}`]));
    expect(reads()).toBe(1);
    here.clock.now += 999;
    await refusalOf(naming(deps, ['none']));
    expect(reads()).toBe(0);
    here.clock.now += 1;
    for (let n = 0; n < 20; n += 1) await refusalOf(naming(deps, ['none']));
    expect(reads()).toBe(1);
  });

  it('finds it within a second once it is there', async () => {
    const here = await cluster();
    const deps = here.environment();
    await refusalOf(naming(deps, ['green']));
    await create(here.environment(), { name: 'green', ranges: [[{ subnet: '10.9.0.0/24' }]], namespaces: ['shop'] });
    await refusalOf(naming(deps, ['green']));
    here.clock.now += 1_000;
    expect((await naming(deps, ['green'])).pool.name).toBe('green');
  });

  it('takes nothing from those who name pools that are there', async () => {
    const here = await cluster();
    const { deps, reads } = counting(here);
    await refusalOf(naming(deps, ['none']));
    expect((await naming(deps, ['blue'])).pool.name).toBe('blue');
    expect(reads()).toBe(1);
  });
});
