import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { RangeText } from '../../../../core/contract/pool.ts';
import { poolPolicy } from '../../../../core/contract/pool.ts';
import { entryOf } from '../../../../core/pools/registry.ts';
import { intercepted } from '../../intercepted.ts';
import { add, addOf, nonceOf, operatorsPool, RANGES, refusalOf, START, type World, world } from '../../world.ts';

const poolRequest = (name: string, ranges?: RangeText[][], vrf = 'default') => ({
  pool: ranges ? { vrf, name, ranges } : { vrf, name },
});
const registryOf = ({ store }: World, vrf = 'default') => store.pools.readRegistry(vrf);

describe('ranges written in a configuration', () => {
  it('become a pool on first use, with host-local’s defaults', async () => {
    const here = world();
    const { pool } = await add(here.environment(), 'i-1', addOf(1));
    expect(pool).toEqual({
      id: '0000000000000000',
      vrf: 'default',
      name: 'blue',
      affinity: 'shared',
      ranges: [
        [{ subnet: '10.244.0.0/16', rangeStart: '10.244.1.10', rangeEnd: '10.244.1.250', gateway: '10.244.0.1' }],
      ],
      blockSize: 64,
      ...z.parse(poolPolicy, {}),
      gateway: 'pool',
      createdAt: new Date(START).toISOString(),
    });
    const stored = { definition: pool, state: 'active', open: 4n, joinsNoted: true, version: 1 };
    expect(await here.store.pools.readPool(pool.id)).toEqual(stored);
    expect((await registryOf(here)).pools).toEqual([entryOf(pool, 'active')]);
  });

  it('mean the pool that is there, in whatever spelling', async () => {
    const here = world();
    const ranges = [[{ subnet: 'fd00::/64', rangeStart: 'fd00::10' }]];
    const other = [[{ subnet: 'FD00:0:0::/64', rangeStart: 'fd00:0::0010', gateway: 'fd00::1', rangeEnd: '' }]];
    const first = await add(here.environment(), 'i-1', addOf(1, poolRequest('blue', ranges)));
    const second = await add(here.environment(), 'i-2', addOf(2, poolRequest('blue', other)));
    expect(second.pool).toEqual(first.pool);
  });

  it('become one pool where 64 environments use them first at the same moment', async () => {
    const here = world();
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, index) => add(here.environment(), `i-${index}`, addOf(index))),
    );
    const { pools, version } = await registryOf(here);
    expect([pools.length, version]).toEqual([1, 1]);
    expect(new Set(results.map(({ pool }) => pool.id))).toEqual(new Set([pools[0]?.id]));
    expect(new Set(results.flatMap(({ addresses }) => addresses.map(({ address }) => address))).size).toBe(64);
  });

  it('are refused where the pool has others, and the refusal shows both', async () => {
    const here = world();
    await add(here.environment(), 'i-1', addOf(1));
    const other = [[{ subnet: '10.244.0.0/16', rangeStart: '10.244.1.11', rangeEnd: '10.244.1.250' }]];
    const refusal = await refusalOf(add(here.environment(), 'i-1', addOf(2, poolRequest('blue', other))));
    expect(refusal.code).toBe('pool.conflict');
    expect(refusal.message).toMatch(
      /^Pool blue in VRF default exists with other ranges: its ranges\[0\]\[0\]\.rangeStart is 10\.244\.1\.10, the configuration says 10\.244\.1\.11: use the pool's ranges/,
    );
  });

  it('are refused where a proposal names the pool but the ranges have changed', async () => {
    const here = world();
    const deps = here.environment();
    const { slot } = await add(deps, 'i-1', addOf(1));
    const refusal = await refusalOf(
      add(deps, 'i-1', addOf(2, { ...poolRequest('blue', [[{ subnet: '10.244.0.0/16' }]]), proposal: slot })),
    );
    expect(refusal.code).toBe('pool.conflict');
  });

  it('are refused where they overlap another pool, and the refusal names both with the ranges', async () => {
    const here = world();
    await add(here.environment(), 'i-1', addOf(1));
    const other = [[{ subnet: '10.9.0.0/24' }, { subnet: '10.244.0.0/16', rangeStart: '10.244.1.250' }]];
    const refusal = await refusalOf(add(here.environment(), 'i-1', addOf(2, poolRequest('green', other))));
    expect(refusal.code).toBe('pool.overlap');
    expect(refusal.message).toContain('Range 10.244.1.250-10.244.255.254 of pool green');
    expect(refusal.message).toContain('range 10.244.1.10-10.244.1.250 of pool blue in VRF default');
    expect((await registryOf(here)).pools).toHaveLength(1);
  });

  it('may be the same in another VRF', async () => {
    const here = world();
    const first = await add(here.environment(), 'i-1', addOf(1));
    const second = await add(here.environment(), 'i-1', addOf(2, poolRequest('blue', RANGES, 'lab')));
    expect(second.pool.id).not.toBe(first.pool.id);
    expect((await registryOf(here, 'lab')).pools).toHaveLength(1);
  });

  it('mean the pool of their own VRF, whichever pool a proposal names', async () => {
    const here = world();
    const { slot } = await add(here.environment(), 'i-1', addOf(1, poolRequest('blue', RANGES, 'lab')));
    const { pool } = await add(here.environment(), 'i-1', addOf(2, { ...poolRequest('blue', RANGES), proposal: slot }));
    expect(pool.vrf).toBe('default');
  });

  it('are refused where the deployment lets no node create pools, unless the pool is there already', async () => {
    const here = world(undefined, { inlinePools: false });
    const refusal = await refusalOf(add(here.environment(), 'i-1', addOf(1)));
    expect(refusal.code).toBe('pool.inline-forbidden');
    expect(refusal.message).toContain('inlinePools: true');
    const pool = await operatorsPool(here, { addresses: 5, blockSize: 64 });
    const ranges = pool.ranges.map((set) => [...set]);
    expect((await add(here.environment(), 'i-1', addOf(1, poolRequest('blue', ranges)))).pool).toEqual(pool);
  });

  it('are refused where they hold no address to hand out, and no pool keeps name and ranges for that', async () => {
    const here = world();
    const gatewayOnly = [[{ subnet: '172.24.0.0/24', rangeStart: '172.24.0.1', rangeEnd: '172.24.0.1' }]];
    const refusal = await refusalOf(add(here.environment(), 'i-1', addOf(1, poolRequest('typo', gatewayOnly))));
    expect(refusal).toMatchObject({
      code: 'request.invalid',
      message: expect.stringContaining('gateway (172.24.0.1)'),
    });
    expect((await registryOf(here)).pools).toEqual([]);
    await add(here.environment(), 'i-1', addOf(1, poolRequest('typo', [[{ subnet: '172.24.0.0/24' }]])));
  });

  it('are refused where they are wrong, and the refusal names pool, field and value', async () => {
    const here = world();
    const refusal = await refusalOf(
      add(here.environment(), 'i-1', addOf(1, poolRequest('blue', [[{ subnet: '10.0.0.1/24' }]]))),
    );
    expect(refusal.code).toBe('request.invalid');
    expect(refusal.message).toMatch(/^Pool blue: ranges\[0]\[0]\.subnet "10\.0\.0\.1\/24" has host bits set/);
    expect((await registryOf(here)).version).toBe(0);
  });
});

describe('ranges with exclusions', () => {
  const ranges = [[{ subnet: '10.9.0.0/29' }]];
  const asking = (n: number, exclude?: string[]) =>
    addOf(n, { pool: { vrf: 'default', name: 'blue', ranges, ...(exclude ? { exclude } : {}) } });
  const patched = async (here: World, exclude: string[]) => {
    const [entry] = (await registryOf(here)).pools;
    const pool = await here.store.pools.readPool(entry?.id ?? '');
    if (!pool) throw new Error('there is no pool');
    const changed = { ...pool, definition: { ...pool.definition, exclude }, version: pool.version + 1 };
    expect(await here.store.pools.changePool(changed)).toBe(true);
  };

  it('become a pool that never hands those out', async () => {
    const here = world();
    const exclude = ['10.9.0.2-10.9.0.3', '10.9.0.6/32'];
    const granted: string[] = [];
    for (const n of [1, 2]) {
      const { pool, addresses } = await add(here.environment(), 'i-1', asking(n, exclude));
      expect(pool.exclude).toEqual(['10.9.0.2-10.9.0.3', '10.9.0.6']);
      granted.push(...addresses.map(({ address }) => address));
    }
    expect(granted.sort()).toEqual(['10.9.0.4/29', '10.9.0.5/29']);
    expect((await refusalOf(add(here.environment(), 'i-1', asking(3, exclude)))).code).toBe('pool.exhausted');
  });

  it.each<[string, string[] | undefined]>([
    ['the same, spelt otherwise', ['10.9.0.4/31']],
    ['fewer', ['10.9.0.5']],
    ['none', undefined],
  ])('find it again where they are %s', async (_, exclude) => {
    const here = world();
    const { pool } = await add(here.environment(), 'i-1', asking(1, ['10.9.0.4-10.9.0.5']));
    expect((await add(here.environment(), 'i-1', asking(2, exclude))).pool).toEqual(pool);
  });

  it('are refused where the pool hands out what they exclude, until an operator excludes it', async () => {
    const here = world();
    const deps = here.environment();
    await add(deps, 'i-1', asking(1, ['10.9.0.4']));
    for (const environment of [deps, here.environment()])
      expect(await refusalOf(add(environment, 'i-1', asking(2, ['10.9.0.4', '10.9.0.5'])))).toMatchObject({
        code: 'pool.conflict',
        what: 'Pool blue in VRF default does not exclude 10.9.0.5, which the configuration excludes',
        remedy: "change the pool's exclude (PATCH /v1/pools/blue), or leave it out of the configuration",
      });
    await patched(here, ['10.9.0.4', '10.9.0.5', '10.9.0.6']);
    expect((await add(deps, 'i-1', asking(2, ['10.9.0.4', '10.9.0.5']))).pool.exclude).toHaveLength(3);
  });

  it.each([
    ['has host bits set', ['10.9.0.5/30']],
    ['holds no address of the pool', ['10.8.0.5']],
    ['no address is left', ['10.9.0.0/29']],
  ])('are refused where one %s', async (problem, exclude) => {
    const here = world();
    expect(await refusalOf(add(here.environment(), 'i-1', asking(1, exclude)))).toMatchObject({
      code: 'request.invalid',
      message: expect.stringContaining(problem),
    });
    expect((await registryOf(here)).pools).toEqual([]);
  });
});

describe('a name without ranges', () => {
  it('means the pool of that name', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 5, blockSize: 4, name: 'green' });
    expect((await add(here.environment(), 'i-1', addOf(1, poolRequest('green')))).pool).toEqual(pool);
  });

  it('is refused where there is none', async () => {
    const refusal = await refusalOf(add(world().environment(), 'i-1', addOf(1, poolRequest('green'))));
    expect(refusal.code).toBe('pool.unknown');
    expect(refusal.message).toContain('VRF default has no pool green');
  });
});

describe('the registry', () => {
  it('is read again where another changed it meanwhile, and an overlap that came to be is found', async () => {
    const here = world();
    let others = 0;
    const store = intercepted(here.store, async (name, _, proceed) => {
      if (name === 'writeRegistry' && others++ === 0)
        await add(here.environment(), 'i-2', addOf(2, poolRequest('green', RANGES)));
      return proceed();
    });
    const refusal = await refusalOf(add(here.environment({ store }), 'i-1', addOf(1)));
    expect(refusal.code).toBe('pool.overlap');
    expect((await registryOf(here)).pools.map(({ name }) => name)).toEqual(['green']);
  });

  it('that never stands still is given up on, and the refusal asks to try again', async () => {
    const here = world();
    const store = intercepted(here.store, (name, _, proceed) =>
      name === 'writeRegistry' ? Promise.resolve(false) : proceed(),
    );
    const refusal = await refusalOf(add(here.environment({ store }), 'i-1', addOf(1, { nonce: nonceOf(1) })));
    expect([refusal.code, refusal.kind.retry]).toEqual(['service.busy', true]);
  });
});
