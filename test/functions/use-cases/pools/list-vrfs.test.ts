/** Which VRFs there are: each that has pools, whoever made them. */
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { poolInput } from '../../../../core/contract/pool.ts';
import { recount } from '../../../../functions/use-cases/changes/recount.ts';
import { createPool } from '../../../../functions/use-cases/pools/create-pool.ts';
import { deletePool } from '../../../../functions/use-cases/pools/delete-pool.ts';
import { listVrfs } from '../../../../functions/use-cases/pools/list-vrfs.ts';
import { counted } from '../../intercepted.ts';
import { add, addOf, callOf, operatorsPool, RANGES, type World, world } from '../../world.ts';

const input = (vrf: string, name: string, octet = 1) =>
  z.parse(poolInput, { vrf, name, ranges: [[{ subnet: `10.${octet}.0.0/24` }]] });
const make = (here: World, vrf: string, name: string, octet?: number) =>
  createPool(here.environment(), input(vrf, name, octet), false);

async function found(here: World, limit = 100): Promise<(readonly [string, number])[]> {
  const rows: (readonly [string, number])[] = [];
  let cursor: string | undefined;
  do {
    const page = await listVrfs(here.environment(), callOf('user/ann'), { cursor, limit });
    expect(page.vrfs.length).toBeLessThanOrEqual(limit);
    rows.push(...page.vrfs.map(({ vrf, pools }) => [vrf, pools] as const));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return rows;
}

test('Each VRF with pools is listed with how many it has, in the order of the names, in pages of any length', async () => {
  const here = world();
  expect(await found(here)).toEqual([]);
  await make(here, 'red', 'a');
  await make(here, 'blue', 'a');
  await make(here, 'blue', 'b', 2);
  await add(here.environment(), 'i-1', addOf(1, { pool: { vrf: 'inline', name: 'a', ranges: RANGES } }));
  const all = [
    ['blue', 2],
    ['inline', 1],
    ['red', 1],
  ];
  expect(await found(here)).toEqual(all);
  expect(await found(here, 1)).toEqual(all);
});

test('More VRFs than one look brings are all found', async () => {
  const here = world();
  const names = Array.from({ length: 230 }, (_, n) => `v${String(n).padStart(3, '0')}`);
  for (const vrf of names) await make(here, vrf, 'a');
  expect((await found(here)).map(([vrf]) => vrf)).toEqual(names);
});

test('A VRF whose last pool is gone is listed no more, and is again with its next one', async () => {
  const here = world();
  await make(here, 'red', 'a');
  await deletePool(here.environment(), callOf('user/ann'), {
    vrf: 'red',
    name: 'a',
    dryRun: false,
    ifMatch: undefined,
  });
  expect(await found(here)).toEqual([]);
  await make(here, 'red', 'b');
  expect(await found(here)).toEqual([['red', 1]]);
});

test('A dry run notes nothing', async () => {
  const here = world();
  await createPool(here.environment(), input('red', 'a'), true);
  expect(await here.store.pools.readVrfs('', 10)).toEqual([]);
});

test('A VRF of an earlier version, which noted none, comes to be listed by the recount of its pools, or by a change of any', async () => {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 4, blockSize: 4 });
  expect(await found(here)).toEqual([]);
  await here.store.counters.add(
    { pool: pool.id },
    { shard: 's', first: '1', last: '1', held: 0, changes: 1, now: here.clock.now },
  );
  here.clock.now += 2 * 3_600_000;
  await recount(here.environment(), callOf('lessor'), async () => undefined);
  expect(await found(here)).toEqual([['default', 1]]);

  const other = world();
  await operatorsPool(other, { addresses: 4, blockSize: 4 });
  await make(other, 'default', 'second', 77);
  expect(await found(other)).toEqual([['default', 2]]);
});

test('An environment notes a VRF once', async () => {
  const here = world();
  const { store, requests } = counted(here.store);
  const deps = here.environment({ store });
  await createPool(deps, input('red', 'a'), false);
  await createPool(deps, input('red', 'b', 2), false);
  expect(requests.filter((name) => name === 'noteVrf')).toHaveLength(1);
});
