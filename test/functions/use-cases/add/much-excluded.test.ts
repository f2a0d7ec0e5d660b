/** Pools of which hardly anything is left to hand out: it is found by arithmetic, in the requests that a roomy pool takes. */
import { describe, expect, it } from 'vitest';
import type { PoolInput } from '../../../../core/contract/pool.ts';
import { LessorError } from '../../../../core/contract/problems.ts';
import { documentClient } from '../../../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../../../functions/store/dynamodb-store.ts';
import { usage } from '../../../../functions/use-cases/questions/usage.ts';
import { localTables, tables } from '../../../store/local-tables.ts';
import { counted } from '../../intercepted.ts';
import { change, create, remove } from '../../pool-requests.ts';
import { add, addOf, callOf, del, delOf, refusalOf, type World, world } from '../../world.ts';

const blue = { vrf: 'default', name: 'blue' };

type Excluding = Pick<PoolInput, 'affinity' | 'blockSize' | 'ranges' | 'exclude'> & {
  readonly left: readonly string[];
};
const v4 = (exclude: string[], left: string[], blockSize = 4) => ({
  ranges: [[{ subnet: '10.20.0.0/18' }]],
  exclude,
  left,
  blockSize,
});

/** Each with both affinities; `left` is all that can be handed out. */
const cases: [string, Omit<Excluding, 'affinity'>][] = [
  [
    'the last block but one of a /22',
    {
      ranges: [[{ subnet: '10.20.0.0/22' }]],
      exclude: ['10.20.0.0-10.20.3.247'],
      blockSize: 4,
      left: ['10.20.3.248', '10.20.3.249', '10.20.3.250', '10.20.3.251', '10.20.3.252', '10.20.3.253', '10.20.3.254'],
    },
  ],
  [
    'one block of 4,096',
    v4(['10.20.0.0-10.20.35.0', '10.20.35.5-10.20.63.255'], ['10.20.35.1', '10.20.35.2', '10.20.35.3', '10.20.35.4']),
  ],
  ['one address', v4(['10.20.0.0-10.20.61.6', '10.20.61.8-10.20.63.255'], ['10.20.61.7'])],
  ['the first and the last address', v4(['10.20.0.3-10.20.63.253'], ['10.20.0.2', '10.20.63.254'])],
  [
    'the last block of an IPv6 /64',
    {
      ranges: [[{ subnet: 'fd00::/64' }]],
      exclude: ['fd00::-fd00::ffff:ffff:ffff:fffd'],
      blockSize: 64,
      left: ['fd00::ffff:ffff:ffff:fffe', 'fd00::ffff:ffff:ffff:ffff'],
    },
  ],
  [
    'an address each in far parts of a /8',
    {
      ranges: [[{ subnet: '10.0.0.0/8' }]],
      exclude: ['10.0.0.0-10.99.0.4', '10.99.0.6-10.200.0.0', '10.200.0.2-10.255.255.255'],
      blockSize: 64,
      left: ['10.99.0.5', '10.200.0.1'],
    },
  ],
];

const both = cases.flatMap(([name, pool]) =>
  (['shared', 'node'] as const).map((affinity): [string, string, Excluding] => [name, affinity, { ...pool, affinity }]),
);

async function made({ left: _, ...pool }: Excluding) {
  const here = world();
  await create(here.environment(), pool);
  return here;
}

/** An ADD of another node each, in a new environment. */
async function adding(here: World, n: number) {
  const { store, requests } = counted(here.store);
  const node = `i-${n}`;
  const answer = await add(here.environment({ store }), node, addOf(n, { pool: blue }));
  return { address: answer.addresses[0]?.address.split('/')[0] ?? '', requests: [...requests] };
}

describe('a pool of which all is excluded but', () => {
  it.each(both)('%s (affinity %s) gives all of it, and is exhausted then', async (_, affinity, pool) => {
    const here = await made(pool);
    const given: string[] = [];
    let refused: LessorError | undefined;
    for (let n = 0; refused === undefined; n += 1) {
      const outcome = await adding(here, n).catch((error: LessorError) => error);
      if (outcome instanceof LessorError) refused = outcome;
      else given.push(outcome.address);
    }
    expect(refused.code).toBe('pool.exhausted');
    expect(new Set(given).size).toBe(given.length);
    for (const address of given) expect(pool.left).toContain(address);
    // Where blocks belong to nodes, each block has one address for the node that claimed it.
    if (affinity === 'shared') expect(given).toHaveLength(pool.left.length);
  });

  it.each(both)('%s (affinity %s) costs a first ADD of a listed node six requests at most', async (_, __, pool) => {
    const here = await made(pool);
    const { address, requests: all } = await adding(here, 1);
    expect(pool.left).toContain(address);
    // A node that is new is refused by its first join, and listed.
    expect(all.join()).toContain('join,noteListed,join');
    const requests = all.slice(0, all.indexOf('join')).concat(all.slice(all.indexOf('join') + 2));
    expect(requests.length, requests.join()).toBeLessThanOrEqual(6);
  });

  it.each(both)('%s (affinity %s) is counted and deleted in proportion', async (_, affinity, pool) => {
    const here = await made(pool);
    await adding(here, 1);
    const { store, requests } = counted(here.store);
    const told = await usage(here.environment({ store }), callOf('user/ann'), { ...blue, by: undefined });
    expect(told).toMatchObject({ held: 1, capacity: String(pool.left.length) });
    if (affinity === 'shared') expect(requests.length).toBeLessThanOrEqual(4099);
  });

  it('one block in the middle takes nothing that is open in vain, and is deleted by few requests', async () => {
    const [, pool] = cases[1] as [string, Excluding];
    const here = await made({ ...pool, affinity: 'shared' });
    const deps = here.environment();
    await adding(here, 1);
    await del(deps, 'i-1', delOf(1));
    const { store, requests } = counted(here.store);
    expect(await remove(here.environment({ store }))).toMatchObject({ deleted: true, total: 1 });
    expect(requests.length).toBeLessThanOrEqual(24);
  });
});

describe('exclusions that are changed', () => {
  it('let what lies before the first block be used, and be deleted', async () => {
    const [, pool] = cases[2] as [string, Excluding];
    const here = await made({ ...pool, affinity: 'shared' });
    const deps = here.environment();
    await change(deps, { exclude: ['10.20.0.3-10.20.61.6', '10.20.61.8-10.20.63.255'] });
    const given = [await adding(here, 1), await adding(here, 2)].map(({ address }) => address);
    expect(given.sort()).toEqual(['10.20.0.2', '10.20.61.7']);
    expect((await refusalOf(adding(here, 3))).code).toBe('pool.exhausted');
    expect((await refusalOf(remove(deps))).facts).toMatchObject({ leases: 2 });
  });

  it('keep what was leased before countable where its block is wholly excluded by now', async () => {
    const here = world();
    const deps = here.environment();
    await create(deps, { ranges: [[{ subnet: '10.1.0.0/24' }]], blockSize: 4 });
    const { address } = await adding(here, 1);
    const isLow = Number(address.split('.').at(-1)) < 128;
    await change(deps, { exclude: [isLow ? '10.1.0.0/25' : '10.1.0.128/25'] });
    const capacity = isLow ? '127' : '126';
    const told = await usage(deps, callOf('user/ann'), { ...blue, by: undefined });
    expect(told).toMatchObject({ held: 1, capacity, free: capacity });
    expect(Number((await adding(here, 2)).address.split('.').at(-1)) < 128).toBe(!isLow);
  });

  it('that would open more blocks than can be passed over are refused, with what to do instead', async () => {
    const here = world();
    const deps = here.environment();
    const ranges = [[{ subnet: 'fd00::/64' }]];
    const between = ['fd00::1:0-fd00::ffff:ffff:ffff:0'];
    const refusal = await refusalOf(create(deps, { ranges, exclude: between }));
    expect(refusal).toMatchObject({
      code: 'request.invalid',
      message: expect.stringContaining('several ranges in the set'),
    });
    await create(deps, { ranges, exclude: ['fd00::-fd00::ffff:ffff:ffff:0'] });
    expect((await refusalOf(change(deps, { exclude: [] }))).message).toContain('several ranges in the set');
    expect(await change(deps, { state: 'draining' })).toMatchObject({ pool: { state: 'draining' } });
  });
});

it('In DynamoDB the last block of an IPv6 /64 is used, and deleted, as well', async () => {
  const local = await localTables();
  try {
    const here = world(dynamodbStore(documentClient(), tables));
    const deps = here.environment();
    for (const [name, affinity, prefix] of [
      ['blue', 'shared', 'fd00::'],
      ['green', 'node', 'fd01::'],
    ] as const) {
      const exclude = [`${prefix}-${prefix}ffff:ffff:ffff:fffd`];
      await create(deps, { name, affinity, ranges: [[{ subnet: `${prefix}/64` }]], exclude });
      const answer = await add(here.environment(), 'i-1', addOf(1, { pool: { vrf: 'default', name } }));
      expect(answer.addresses[0]?.address).toMatch(/:ffff:ffff:ffff:fff[ef]\/64$/);
    }
    await del(here.environment(), 'i-1', delOf(1));
    expect(await remove(here.environment())).toMatchObject({ deleted: true, total: 1 });
  } finally {
    await local.stop();
  }
});
